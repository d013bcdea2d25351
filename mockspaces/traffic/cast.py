"""Who acts in a recording: people, OAuth clients and apps, as far as it shows them.

A person is known by what the service says of them: to themselves, or of the sender of something. Whose a credential is
follows from the answers that it got, from the claims of a JWT, or from the form that it was asked with.
"""

import base64
from collections.abc import Iterator
from typing import Any

import msgspec

from mockspaces.traffic import credentials
from mockspaces.traffic.exchanges import Exchange

LICENCE = "zangspaces_"  # begins the service type of a licence of the service
ADMIN = "IT_ADMIN_PERMISSION_GROUP"
MADE_BY = ("MSG-CHAT", "MSG-IDEA", "MSG-TASK")  # the sender is whoever calls


class Person(msgspec.Struct, kw_only=True):
    """What a recording shows of somebody."""

    username: str
    id: str = ""
    shown: dict[str, Any] = {}
    password: str = ""


class Cast:
    """Everybody of a recording."""

    def __init__(self) -> None:
        """Have seen nobody."""
        self.people: dict[str, Person] = {}
        self.owners: dict[str, str] = {}  # a credential, and the username whose it is
        self.clients: dict[str, str] = {}  # the id of an OAuth client, and its secret
        self.made: set[str] = set()  # who was made within the recording

    def see(self, exchange: Exchange) -> None:
        """Take in what one exchange shows."""
        scheme, token = credentials.sent(exchange.request)
        body = exchange.body if exchange.status < 400 else msgspec.UNSET  # noqa: PLR2004 - a refusal shows nobody
        if scheme == "basic":
            self._client(token)
        for person in people_in(body):
            known = self.people.setdefault(person["username"], Person(username=person["username"]))
            known.id = known.id or str(person.get("_id") or person.get("member"))
            known.shown = {**person, **known.shown}
        if exchange.row == "USERS-ME" and isinstance(body, dict) and is_person(body):
            self.people[body["username"]].shown = body
            self.owners.setdefault(token, body["username"])
        elif exchange.row in ("ACC-TOKEN", "ACC-JWT"):
            self._granted(exchange, body, token)
        elif exchange.row in MADE_BY:
            for person in people_in(body):
                self.owners.setdefault(token, person["username"])

        if exchange.row == "USERS-BULK" and isinstance(body, dict) and isinstance(body.get("data"), list):
            created = (one for one in body["data"] if isinstance(one, dict) and one.get("action") == "create")
            self.made.update(text(one.get("email")).lower() for one in created if one.get("success"))

    def there(self) -> list[Person]:
        """Return who was there when the recording began."""
        return [person for name, person in self.people.items() if name.lower() not in self.made]

    def employer(self, person: Person) -> str:
        """Return what stands for somebody's company, "" if they have none.

        It is what they were told of it, else that of others with an address like theirs, else their domain.
        """
        if "relation_graphs" in person.shown:
            return company_of(person)
        domain = person.username.rpartition("@")[2]
        like = [one for name, one in self.people.items() if name.rpartition("@")[2] == domain]
        return next(filter(None, map(company_of, like)), domain if len(like) > 1 else "")

    def _client(self, token: str) -> None:
        try:
            name, _, secret = base64.b64decode(token).decode().partition(":")
        except ValueError:
            return
        self.clients[name] = secret

    def _granted(self, exchange: Exchange, body: Any, token: str) -> None:
        form = dict(exchange.form)
        if form.get("client_id"):
            self.clients.setdefault(form["client_id"], form.get("client_secret", ""))
        if not isinstance(body, dict):
            return
        claims = credentials.token(str(body.get("id_token", "")))
        username = form.get("username") or (claims.claims.get("email") if claims else None)
        username = username or self.owners.get(form.get("refresh_token", "")) or self.owners.get(token)
        if not isinstance(username, str):
            return
        person = self.people.setdefault(username, Person(username=username))
        person.password = form.get("password", "") or person.password
        for name in ("access_token", "refresh_token", "token"):
            if body.get(name):
                self.owners[str(body[name])] = username


def is_person(value: Any) -> bool:
    """Whether this is a registered person, as the service shows one."""
    if not isinstance(value, dict) or value.get("aType", value.get("type", "user")) != "user":
        return False
    if value.get("memberType", "userId") != "userId":
        return False
    named = value.get("_id") if "memberType" not in value else value.get("member")
    return isinstance(named, str) and "@" in text(value.get("username")) and "displayname" in value


def people_in(value: Any) -> Iterator[dict[str, Any]]:
    """Yield the people that a value of JSON shows."""
    match value:
        case dict():
            if is_person(value):
                yield value
            for one in value.values():
                yield from people_in(one)
        case list():
            for one in value:
                yield from people_in(one)


def seed(person: Person) -> dict[str, Any]:
    """Return somebody as the control API takes them, without their company."""
    shown = person.shown
    told = shown.get("name")
    name: dict[str, Any] = told if isinstance(told, dict) else {}
    found: dict[str, Any] = {"username": person.username, "displayname": text(shown.get("displayname"))}
    found |= {member: text(name.get(member)) for member in ("givenname", "familyname")}
    licences = shown.get("licenses")
    if isinstance(licences, list):
        types = [text(one.get("service_type")) for one in licences if isinstance(one, dict)]
        found["licenses"] = [one.replace(LICENCE, "spaces_") for one in types if one.startswith(LICENCE)]
    if person.password:
        found["password"] = person.password
    if isinstance(shown.get("picturefile"), str) and shown["picturefile"].startswith("http"):
        found["picturefile"] = shown["picturefile"]
    phones = shown.get("phone_numbers")
    if isinstance(phones, list):
        members = ("value", "type", "verified", "primary", "unique", "login", "identity")
        numbers = [{key: one[key] for key in members if key in one} for one in phones if isinstance(one, dict)]
        found["phone_numbers"] = [one for one in numbers if str(one.get("value", "")).startswith("+")]
    emails = shown.get("emails")
    if isinstance(emails, list):
        others = (text(one.get("value")) for one in emails if isinstance(one, dict))
        found["other_emails"] = [one for one in others if "@" in one and one != person.username]
    return found


def company_of(person: Person) -> str:
    """Return the id of the company that somebody is employed by, "" for none."""
    graphs = person.shown.get("relation_graphs")
    first = graphs[0] if isinstance(graphs, list) and graphs and isinstance(graphs[0], dict) else {}
    return text(first.get("initiator_id"))


def is_admin(person: Person) -> bool:
    """Whether somebody administers their company."""
    permissions = person.shown.get("permissions")
    return isinstance(permissions, list) and ADMIN in permissions


def text(value: Any) -> str:
    """Return a text, "" for what is none."""
    return value if isinstance(value, str) else ""
