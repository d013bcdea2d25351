"""Whether everything that a profile names is there and works, before a run.

A problem ends the run before it begins, since what is down, refused or unreadable would be laid to the service. A
remark takes a part of the profile out, so that nothing which depends on it is tried. Good tokens must be accepted here,
before anybody judges how bad ones are refused.
"""

import json
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from contract_tests.browser import Browser
from contract_tests.kit import App, json_of, private_key
from contract_tests.profiles import CLIENT, CREDENTIALS, AppEntry, Profile, connect, sign_in

TIMEOUT_S = 10
MOST_SKEW_S = 5  # of our clock: tokens that expired a minute ago, or not yet, are judged by it
PAUSES_S = (0, 1, 3)  # before a target that broke off is given up
FOREIGN = 401
NO_ID = "f" * 24
MISSING = "scope"  # what a refusal for want of a scope speaks of
# A call that each scope opens, and that changes nothing: what is checked after the scope fails, or finds nothing.
OPENS = {
    "accounts.users.bulk.write": ("POST", "/users/bulkupdate"),
    "spaces.chat.create": ("POST", f"/spaces/{NO_ID}/chats"),
    "spaces.chat.read": ("GET", f"/spaces/{NO_ID}/messages/byref"),
    "spaces.create": ("POST", "/spaces/invite"),
    "spaces.delete": ("DELETE", f"/spaces/{NO_ID}"),
    "spaces.direct.create": ("GET", f"/spaces/direct/user/{NO_ID}"),
    "spaces.invite.write": ("POST", f"/spaces/{NO_ID}/invite"),
    "spaces.list": ("GET", "/users/me/spaces?size=1"),
    "spaces.settings.read": ("GET", f"/spaces/{NO_ID}"),
    "spaces.settings.write": ("POST", f"/spaces/{NO_ID}"),
    "users.search": ("GET", "/users/me/colleagues?size=1"),
    "users.search.bulk": ("POST", "/users/me/colleaguesbulk"),
    "spaces.post.read": ("GET", f"/spaces/{NO_ID}/ideas"),
    "spaces.post.create": ("POST", f"/spaces/{NO_ID}/ideas"),
    "spaces.task.read": ("GET", f"/spaces/{NO_ID}/tasks"),
    "spaces.task.create": ("POST", f"/spaces/{NO_ID}/tasks"),
    "spaces.messages.write": ("PATCH", f"/messages/{NO_ID}"),
}
KEY_MEMBERS = ("iss", "sub", "kid", "private_key")


@dataclass
class Preflight:
    """What was found: problems, remarks, and the profile without what turned out not to work."""

    profile: Profile
    problems: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @contextmanager
    def asking(self, what: str) -> Iterator[None]:
        """Make a problem of whatever keeps the target from answering."""
        try:
            yield
        except httpx.HTTPError as error:
            self.problems.append(f"{what}: {_unreachable(error)}")


def check(profile: Profile, *, interactive: bool = False) -> Preflight:
    """Try everything that the profile names; what cannot be reached keeps the rest from being tried."""
    found = Preflight(profile)
    if interactive:
        try:
            Browser(profile.oauth_client.get("redirect_uri", ""), lambda _text: None, lambda _url: None).close()
        except (OSError, ValueError, OverflowError) as error:
            found.problems.append(f"oauth_client.redirect_uri: {error}")
    if profile.is_mock:
        with connect(profile, timeout=TIMEOUT_S) as http, found.asking(f"the control API {profile.control}"):
            if not isinstance(json_of(http.get(profile.control)), dict):
                found.problems.append(f"the control API {profile.control} does not answer as that of a mock")
        return found
    unset = sorted(name for name in profile.variables if not profile.environment.get(name))
    if unset:
        found.problems.append(f"these environment variables are not set: {', '.join(unset)}")
    keys = _keys(found)
    try:
        opened = connect(profile, timeout=TIMEOUT_S)
    except (OSError, ssl.SSLError) as error:
        found.problems.append(f"the ca_file {profile.ca_file} cannot be read: {error.strerror or type(error).__name__}")
        return found
    with opened as http:
        _reach(found, http)
        if not found.problems:
            _sign_people_in(found, http)
            found.profile = replace(profile, apps=_accepted(found, http, keys))
    return found


def silent(profile: Profile) -> str:
    """Return why a target that broke off does not answer any more, or nothing if it does."""
    for pause in PAUSES_S:
        time.sleep(pause)
        found = Preflight(profile)
        with connect(profile, timeout=TIMEOUT_S) as http:
            _ask(found, http, "api", "GET", f"{profile.urls['api']}/users/me")
        if not found.problems:
            return ""
    return found.problems[0]


def _reach(found: Preflight, http: httpx.Client) -> None:
    """Ask every URL for something that changes nothing, and compare the clocks."""
    urls = found.profile.urls
    _ask(found, http, "accounts", "POST", f"{urls['accounts']}/oauth2/access_token")
    skew = _ask(found, http, "api", "GET", f"{urls['api']}/users/me")
    if "socket" in urls:
        path = urls.get("socketio_path", "socket.io/").strip("/")
        _ask(found, http, "socket", "GET", f"{urls['socket']}/{path}/?EIO=3&transport=polling")
    if "web" in urls:
        _ask(found, http, "web", "GET", urls["web"])
    if abs(skew) > MOST_SKEW_S:
        found.problems.append(
            f"the clock of this machine is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} the target's: set "
            "it, since tokens are judged by it"
        )


def _ask(found: Preflight, http: httpx.Client, name: str, method: str, url: str) -> float:
    """Ask one URL; what does not answer as its part of the service does is a problem.

    Return how many seconds our clock is ahead of its Date.
    """
    what = f"urls.{name} ({urlsplit(url).scheme}://{urlsplit(url).netloc})"
    skew = 0.0
    with found.asking(what):
        answer = http.request(method, url)
        if "date" in answer.headers:
            half = 0.5  # the Date has no fraction
            skew = time.time() - parsedate_to_datetime(answer.headers["date"]).timestamp() - half
        if answer.is_server_error:
            found.problems.append(
                f"{what} answers {answer.status_code}: the service, or what stands before it, is down"
            )
        elif name != "web" and json_of(answer) is None and "html" in answer.headers.get("content-type", "html"):
            found.problems.append(
                f"{what} answers a page instead of JSON (status {answer.status_code}): is the URL right, or is there a "
                "login before it?"
            )
    return skew


def _unreachable(error: httpx.HTTPError) -> str:
    said = str(error) or type(error).__name__
    if "CERTIFICATE_VERIFY_FAILED" in said:
        why = said.partition("failed: ")[2].partition(" (_ssl")[0]
        return f"its certificate is not trusted ({why}); name its authority as ca_file"
    if isinstance(error, httpx.TimeoutException):
        return f"no answer within {TIMEOUT_S} s"
    return f"cannot be reached: {said}"


def _sign_people_in(found: Preflight, http: httpx.Client) -> None:
    """Sign everybody in, with the client if there is one; the token must be accepted."""
    profile, accounts = found.profile, dict[str, str]()
    for username, names in profile.people.items():
        who = f'people."{username}" ({names["username_env"]})'
        name = profile.environment[names["username_env"]].lower()
        if name in accounts:
            found.problems.append(f"{who} is the account of {accounts[name]} too: each part needs its own")
        accounts.setdefault(name, f'people."{username}"')
        with found.asking(who):
            answer = sign_in(profile, http, username, "email profile spaces" if profile.oauth_client else "")
            body = json_of(answer)
            if not answer.is_success or not isinstance(body, dict):
                if _code(answer) == "invalid_client":
                    variables = " and ".join(profile.oauth_client[f"{one}_env"] for one in CLIENT)
                    found.problems.append(f"oauth_client: the client is not accepted; look at {variables}")
                    return
                found.problems.append(
                    f"{who} cannot sign in ({answer.status_code} {_code(answer)}); "
                    f"look at {' and '.join(names[one] for one in CREDENTIALS)}"
                )
                continue
            # Whether the answer has its token is for the tests to judge.
            token = f"Bearer {body.get('access_token')}" if profile.oauth_client else f"jwt {body.get('token')}"
            me = http.get(f"{profile.urls['api']}/users/me", headers={"Authorization": token})
            if not token.endswith(" None") and me.status_code == FOREIGN:
                found.problems.append(f"{who} signs in, but the REST API refuses their token: status {me.status_code}")


def _keys(found: Preflight) -> dict[str, Mapping[str, str]]:
    """Read every key file, by the variable that names it."""
    keys: dict[str, Mapping[str, str]] = {}
    for company, apps in found.profile.apps.items():
        for variable in (app["key_file_env"] for app in apps):
            named = found.profile.environment.get(variable)
            if not named:
                continue  # which is told already
            what = f"apps.{company}: the key file of {variable}"
            try:
                key = json.loads((found.profile.folder / named).read_bytes())
                private_key({name: str(key[name]) for name in KEY_MEMBERS}["private_key"])
            except OSError as error:
                found.problems.append(f"{what} cannot be read: {error.strerror}")
            except (ValueError, TypeError, KeyError, AssertionError) as error:
                lacking = f": it lacks {error}" if isinstance(error, KeyError) else ""
                found.problems.append(f"{what} is no key file of a service app{lacking}")
            else:
                keys[variable] = key
    return keys


def _accepted(found: Preflight, http: httpx.Client, keys: Mapping[str, Mapping[str, str]]) -> dict[str, list[AppEntry]]:
    """Return the apps with the scopes that they really have; one that is not accepted at all is a problem."""
    working: dict[str, list[AppEntry]] = {}
    for company, apps in found.profile.apps.items():
        for entry in apps:
            app = App(keys[entry["key_file_env"]], audience=found.profile.audience)
            what, has = f"apps.{company} ({entry['key_file_env']})", list(entry["scopes"])
            with found.asking(what):
                tried = [one for one in has if one in OPENS]
                answers = [_call(found, http, app, *OPENS[one]) for one in tried[:1]]
                first = answers[0] if answers else _call(found, http, app, "GET", "/users/me")
                if first.status_code == FOREIGN and MISSING not in first.text.lower():
                    found.problems.append(
                        f"{what}: the target refuses the token of this app ({FOREIGN} {_code(first)}): is it active, "
                        "of this service, and is the audience right?"
                    )
                    continue
                answers += [_call(found, http, app, *OPENS[one]) for one in tried[1:]]
                for scope, answer in zip(tried, answers, strict=True):
                    if answer.status_code == httpx.codes.FORBIDDEN and MISSING in answer.text.lower():
                        has.remove(scope)
                        found.remarks.append(
                            f"{what} lacks the scope {scope} that the profile claims: what needs it is not tried"
                        )
            working.setdefault(company, []).append({**entry, "scopes": has})
    return working


def _call(found: Preflight, http: httpx.Client, app: App, method: str, path: str) -> httpx.Response:
    content: dict[str, Any] = {"json": []} if method in ("POST", "PATCH") else {}
    headers = {"Authorization": app.authorization}
    return http.request(method, f"{found.profile.urls['api']}{path}", headers=headers, **content)


def _code(answer: httpx.Response) -> str:
    """Return the code of a refusal, in the form of either surface."""
    body = json_of(answer)
    error = body.get("error", body.get("code")) if isinstance(body, dict) else ""
    return str(error.get("code", "") if isinstance(error, dict) else error or "without a code")
