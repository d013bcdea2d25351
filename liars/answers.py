"""Lies about answers: a member, a status, a header, an order."""

import re
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from liars.exchanges import Answer, Ask, Change, Request, answer
from liars.lie import (
    PEOPLE,
    PROFILES,
    SEVERAL,
    AnswerEdit,
    Lie,
    Part,
    at,
    header,
    put,
    refusal,
    status,
    tells,
    turned,
    with_members,
    without,
)

SPACE = r"/api/(?:spaces|topics)/[0-9a-f]{24}"
CREATE = r"POST /api/spaces/invite"
TOKENS = r"POST /oauth2/access_token/?"
API = r"\w+ /api/(?!1\.0/).*"
ACCOUNTS = r"\w+ /(oauth2|api/1\.0)/.*"
EVERY: tuple[Part, ...] = ("key", *PEOPLE)


def refused(*edits: AnswerEdit, code: str = "", number: int = 0) -> Change:
    """Return the change of refusals: of a code, of a status, or of all."""

    async def change(request: Request, ask: Ask) -> Answer:
        told = await ask(request)
        fits = told.status >= 400 and (not code or refusal(code)(told)) and number in (0, told.status)  # noqa: PLR2004
        for edit in edits if fits else ():
            told = edit(told)
        return told

    return change


async def gone(_request: Request, _ask: Ask) -> Answer:
    """Answer that there is no such path."""
    return answer({"code": "route.not_found", "message": "There is no such call."}, 404)


def instead(told: Answer) -> Change:
    """Return the change that answers always the same."""

    async def change(_request: Request, _ask: Ask) -> Answer:
        return told

    return change


def slashed(request: Request) -> bool:
    return request.path.endswith("/")


def of_topics(request: Request) -> bool:
    """Whether a list of spaces, or of members, is asked for under its older name."""
    return re.fullmatch(r"/api/(users/me/topics|topics/[0-9a-f]{24}/members)/?", request.path) is not None


def where(fits: Any, change: Change) -> Change:
    """Return the change of those requests that fit."""

    async def chosen(request: Request, ask: Ask) -> Answer:
        return await (change(request, ask) if fits(request) else ask(request))

    return chosen


def joined(value: Any) -> Any:
    return value.replace("&quot;", '"').replace("&#x27;", "'") if isinstance(value, str) else value


def small_times(value: Any) -> Any:
    return value[:19] + "Z" if isinstance(value, str) else value


def tokens() -> Sequence[Lie]:
    """Return lies about answers of the identity server."""
    info, revoke = r"GET /api/1\.0/id_token/get_token_info/?", r"POST /oauth2/revoke_token/?"
    jwt = r"POST /api/1\.0/jwt/get_jwt_token/?"
    rows: Sequence[tuple[str, str, str, Change, tuple[str, ...]]] = (
        ("a token lives 3600 s", "ACC-TOKEN-09", TOKENS, tells(put("expires_in", 3600)), ("ACC-TOKEN-08",)),
        ("expires_in is a text", "ACC-TOKEN-09", TOKENS, tells(at("expires_in", str)), ("ACC-TOKEN-08",)),
        ("the token answer has no token_type", "ACC-TOKEN-08", TOKENS, tells(without("token_type")), ("ACC-TOKEN-10",)),
        (
            "the token answer has no id_token",
            "ACC-TOKEN-08",
            TOKENS,
            tells(without("id_token")),
            ("ACC-TOKEN-10", "ACC-IDT-01", "ACC-IDT-02", "ACC-INFO-01", "ACC-REVOKE-05"),
        ),
        (
            "the token answer has its members in another order",
            "ACC-TOKEN-08",
            TOKENS,
            tells(turned("")),
            ("ACC-TOKEN-10",),
        ),
        (
            "scopes have other names",
            "ACC-SCOPE-07",
            TOKENS,
            tells(put("scope", "email profile spaces")),
            ("ACC-SCOPE-01", "ACC-SCOPE-02", "ACC-SCOPE-04", "ACC-SCOPE-05", "ACC-TOKEN-08"),
        ),
        (
            "a refresh gives no refresh token",
            "ACC-TOKEN-10",
            TOKENS,
            refreshing(tells(without("refresh_token"))),
            ("ACC-TOKEN-11", "ACC-TOKEN-08"),
        ),
        ("a refresh gives the same refresh token", "ACC-TOKEN-11", TOKENS, same_refresh_token, ()),
        (
            "token answers may be cached",
            "ACC-GEN-07",
            ACCOUNTS,
            tells(header("Cache-Control", None)),
            ("ACC-TOKEN-08",),
        ),
        (
            "errors are as in RFC 6749",
            "ACC-ERR-01",
            ACCOUNTS,
            refused(at("error", lambda value: value["code"])),
            ("ACC-ERR-02",),
        ),
        (
            "error_description is missing",
            "ACC-ERR-01",
            ACCOUNTS,
            refused(without("error_description")),
            ("ACC-ERR-02",),
        ),
        (
            "error_description says something else",
            "ACC-ERR-02",
            ACCOUNTS,
            refused(put("error_description", "no")),
            ("ACC-ERR-01",),
        ),
        (
            "a bad client is refused with 400",
            "ACC-ERR-05",
            TOKENS,
            refused(status(400), code="invalid_client"),
            ("ACC-TOKEN-02", "ACC-TOKEN-15", "ACC-REVOKE-06"),
        ),
        (
            "a bad client is told by another code",
            "ACC-TOKEN-02",
            TOKENS,
            refused(put("error.code", "unauthorized"), code="invalid_client"),
            ("ACC-TOKEN-15", "ACC-ERR-05", "ACC-TOKEN-03"),
        ),
        ("a bad grant breaks the service", "ACC-TOKEN-16", TOKENS, refused(status(500), code="invalid_grant"), ()),
        (
            "revoking answers 204",
            "ACC-REVOKE-03",
            revoke,
            tells(status(204)),
            ("ACC-GEN-02", "ACC-REVOKE-01", "ACC-REVOKE-02", "ACC-REVOKE-04"),
        ),
        ("the audience of an id_token is another", "ACC-INFO-03", info, tells(put("audience", "x")), ("ACC-INFO-02",)),
        ("the issuer is another", "ACC-INFO-04", info, tells(put("issuer", "esna.com")), ("ACC-INFO-02",)),
        ("get_token_info has no user", "ACC-INFO-02", info, tells(without("user")), ("ACC-INFO-03", "ACC-INFO-05")),
        ("get_jwt_token has no expires_in", "ACC-JWT-02", jwt, tells(without("expires_in")), ("ACC-UJWT-03",)),
    )
    unauthorised = refused(status(401), code="invalid_token")
    return (
        Lie("a bad id_token answers 401", "ACC-ERR-05", info, unauthorised, ("ACC-INFO-06",), PEOPLE, met="ACC-INFO-06"),
        *(
            Lie(name, named, on, change, others, PEOPLE, breaks=name.endswith("breaks the service"))
            for name, named, on, change, others in rows
        ),
    )  # fmt: skip


def refreshing(change: Change) -> Change:
    return where(lambda request: request.form.get("grant_type") == "refresh_token", change)


async def same_refresh_token(request: Request, ask: Ask) -> Answer:
    told = await ask(request)
    used = request.form.get("refresh_token", "")
    return put("refresh_token", used)(told) if request.form.get("grant_type") == "refresh_token" else told


def spaces() -> Sequence[Lie]:
    """Return lies about spaces and their members."""

    async def open_to_all(request: Request, ask: Ask) -> Answer:
        told = await ask(request)
        if told.good:
            space = told.json["data"][0]["topicId"]
            changed = request.with_json({"settings": {"memberOnly": False}})
            await ask(Request(changed.headers, changed.body, method="POST", target=f"/api/spaces/{space}"))
        return told

    async def kept(request: Request, ask: Ask) -> Answer:
        told = await ask(replace(request.with_body(b""), method="GET"))
        return answer({"_id": request.path.split("/")[3], "status": 2}) if told.good else told

    members = rf"GET {SPACE}/members/?"
    rows: Sequence[tuple[str, str, str, Change, tuple[str, ...], tuple[Part, ...]]] = (
        ("a created space has no id", "SPACES-CREATE-05", CREATE, tells(without("data.*.topicId")), ("DM-INV-01", "SPACES-CREATE-01"), PEOPLE),
        ("a created invite has no id", "SPACES-CREATE-05", CREATE, tells(without("data.*._id")), ("DM-INV-01", "SPACES-CREATE-01"), PEOPLE),
        ("creating answers 201", "REST-RES-01", CREATE, tells(status(201)), ("SPACES-CREATE-05",), EVERY),
        ("there is no inviteContent", "SPACES-CREATE-06", CREATE, tells(without("inviteContent")),
         ("SPACES-CREATE-07", "DM-INV-02", "SPACES-CREATE-03"), PEOPLE),
        ("inviteContent has no html", "SPACES-CREATE-06", CREATE, tells(without("inviteContent.html")),
         ("SPACES-CREATE-05", "SPACES-CREATE-03"), PEOPLE),
        ("new spaces are open", "DM-SET-02", CREATE, open_to_all, ("SPACES-CREATE-12", "SPACES-CREATE-08"), PEOPLE),
        ("deleting has no effect", "SPACES-DELETE-02", rf"DELETE {SPACE}/?", kept, ("SPACES-DELETE-03", "SPACES-DELETE-04", "RT-REST-03", "ERR-STD-01", "ERR-BODY-02"), PEOPLE),
        ("deleting answers 204", "SPACES-DELETE-01", rf"DELETE {SPACE}/?", tells(status(204)), ("SPACES-DELETE-04", "REST-RES-01"), EVERY),
        ("a space has no members", "SPACES-GET-01", rf"GET {SPACE}/?", tells(without("members")), ("DM-MEM-01", "SPACES-CREATE-08", "USERS-SPACES-09"), PEOPLE),
        ("a space has no settings", "SPACES-GET-01", rf"GET {SPACE}/?", tells(without("settings")),
         ("PERM-PIN-06", "DM-SET-01", "DM-SET-02", "DM-SET-03"), PEOPLE),
        ("a space is in an envelope", "SPACES-GET-01", rf"GET {SPACE}/?", tells(at("", lambda value: {"data": value})),
         ("DM-SPACE-01", "DM-SPACE-04", "DM-SPACE-06", "PERM-PIN-06"), PEOPLE),
        ("an updated space has its old title", "SPACES-UPDATE-04", rf"POST {SPACE}/?", tells(put("title", "Old")),
         ("SPACES-UPDATE-01", "SPACES-UPDATE-02", "RT-SENT-07"), PEOPLE),
        ("settings forget what is not sent", "SPACES-UPDATE-02", rf"(GET|POST) {SPACE}/?",
         tells(without("settings.mpaasSettings")), ("DM-SET-03", "DM-SET-01", "SPACES-UPDATE-03"), PEOPLE),
        ("members come in another order", "SPACES-MEMBERS-04", members, tells(turned("data")),
         ("PAGE-N-01", "PAGE-RX-01", "SPACES-MEMBERS-01", "PAGE-ENV-04"), SEVERAL),
        ("members have their keys in another order", "SPACES-MEMBERS-03", members, tells(turned("data.*")), (), SEVERAL),
        ("members count from 0", "PAGE-ENV-04", members, tells(put("from", 0)), ("SPACES-MEMBERS-02",), PEOPLE),
        ("members have no total", "PAGE-ENV-01", members, tells(without("total")), ("SPACES-MEMBERS-02",), PEOPLE),
        ("members have no previousPageUrl", "PAGE-ENV-03", members, tells(without("previousPageUrl")),
         ("PAGE-ENV-01", "SPACES-MEMBERS-02", "PAGE-N-01", "PAGE-ENV-02"), PEOPLE),
        ("pages have whole URLs", "PAGE-ENV-02", r"GET /api/.*", tells(at("nextPageUrl", lambda url: f"https://x{url}" if url else "")),
         ("PAGE-N-01", "PAGE-R-01", "PAGE-R-03", "PAGE-T-01", "PAGE-R-04"), PEOPLE),
        ("a role is told by another word", "SPACES-MEMBERS-02", members, tells(put("data.*.role", "owner")),
         ("DM-MEM-01", "SPACES-ROLE-02", "PERM-ROLE-01"), SEVERAL),
    )  # fmt: skip
    return tuple(Lie(name, named, on, change, others, by) for name, named, on, change, others, by in rows)


def messages() -> Sequence[Lie]:
    """Return lies about messages and files."""
    chats, ideas, tasks = (rf"POST {SPACE}/{kind}/?" for kind in ("chats", "ideas", "tasks"))
    lists = rf"GET {SPACE}/(messages/byref|messages/query|ideas|tasks)/?"
    one, deleting = r"(POST|PATCH) /api/messages/[0-9a-f]{24}/?", r"POST /api/messages/deletemessages/?"
    update = rf"{one}"

    async def outdated(request: Request, ask: Ask) -> Answer:
        body = request.json
        if isinstance(body, dict) and "modified" in body:
            request = request.with_json({name: value for name, value in body.items() if name != "modified"})
        return await ask(request)

    async def any_id(request: Request, ask: Ask) -> Answer:
        body = request.json
        if isinstance(body, dict):
            request = request.with_json({**body, "_id": request.path.rstrip("/").rpartition("/")[2]})
        return await ask(request)

    async def never_blank(request: Request, ask: Ask) -> Answer:
        body = request.json
        content = body.get("content") if isinstance(body, dict) else None
        if isinstance(content, dict) and isinstance(content.get("bodyText"), str) and not content["bodyText"].strip():
            request = request.with_json({**body, "content": {**content, "bodyText": "x"}})
        return await ask(request)

    async def any_file(request: Request, ask: Ask) -> Answer:
        told = await ask(request)
        return answer({"data": []}) if refusal("file.not_found")(told) else told

    upload, download, storage = (
        r"POST /api/files/getuploadurl/?",
        r"POST /api/files/getdownloadurl/?",
        r"\w+ /storage/.*",
    )
    rows: Sequence[tuple[str, str, str, Change, tuple[str, ...], tuple[Part, ...]]] = (
        ("a chat has another text", "MSG-CHAT-01", chats, tells(put("data.0.content.bodyText", "no")),
         ("MSG-GEN-04", "MSG-CHAT-03", "DM-MSG-01", "DM-MSG-06"), PEOPLE),
        ("a chat has no sender", "MSG-GEN-05", chats, tells(without("data.0.sender")),
         ("DM-MSG-03", "MSG-GEN-06", "MSG-CHAT-03", "USERS-ANON-04", "AUTH-SVC-17"), EVERY),
        ("texts are not escaped", "MSG-GEN-04", chats, tells(at("data.0.content.bodyText", joined)), (), PEOPLE),
        ("created has no milliseconds", "REST-TIME-01", chats, tells(at("data.0.created", small_times)),
         ("REST-TIME-02", "MSG-QUERY-01", "USERS-READ-01", "DM-MSG-01", "MSG-CHAT-03"), SEVERAL),
        ("blank chats are taken", "MSG-CHAT-05", chats, never_blank, ("MSG-CHAT-01", "MSG-IDEA-05", "MSG-TASK-08"), PEOPLE),
        ("a task is open by default", "MSG-TASK-05", tasks, tells(at("data.0.content.status", lambda value: "open" if value == "pending" else value)),
         ("MSG-TASK-04", "MSG-TASK-06", "DM-MSG-06", "MSG-UPDATE-07"), PEOPLE),
        ("a post has no description", "MSG-IDEA-02", ideas, tells(without("data.0.content.description")),
         ("MSG-IDEA-03", "DM-MSG-06", "DM-MSG-05"), PEOPLE),
        ("a post is of another category", "MSG-IDEA-03", ideas, tells(put("data.0.category", "post")), ("DM-MSG-02",), PEOPLE),
        ("messages are listed oldest first", "PAGE-ORD-01", lists, tells(turned("data")),
         ("MSG-BYREF-02", "MSG-GEN-03", "MSG-QUERY-06", "MSG-IDEAS-02", "MSG-TASKS-02"), PEOPLE),
        ("listed messages have no __v", "MSG-GEN-03", lists, tells(without("data.*.__v")), ("MSG-BYREF-02",), PEOPLE),
        ("an outdated change is taken", "MSG-UPDATE-04", update, outdated, ("MSG-UPDATE-01", "MSG-UPDATE-07"), PEOPLE),
        ("a change needs no _id", "MSG-UPDATE-07", update, any_id, ("MSG-UPDATE-01", "MSG-PATCH-01"), PEOPLE),
        ("a change is answered in an envelope", "MSG-UPDATE-03", update, tells(at("", lambda value: {"data": [value]})),
         ("MSG-GEN-04", "MSG-UPDATE-02", "REST-TIME-01", "MSG-UPDATE-01"), PEOPLE),
        ("notFoundMmessages has one m", "MSG-DELETE-02", deleting,
         tells(with_members("", {"notFoundMessages": []}), without("notFoundMmessages")),
         ("MSG-DELETE-03", "MSG-DELETE-01", "MSG-DELETE-04", "ERR-ORDER-02", "PERM-MAP-06"), PEOPLE),
        ("upload URLs come in another order", "FILES-UP-02", upload, tells(turned("data")), ("FILES-UP-01",), PEOPLE),
        ("a file key is no uuid", "FILES-UP-02", upload, tells(put("data.*.fileKey", "1")),
         ("REST-HOST-01", "FILES-DOWN-02", "FILES-UP-01"), PEOPLE),
        ("an unknown file has no answer", "FILES-DOWN-03", download, any_file, ("FILES-DOWN-01",), PEOPLE),
        ("storage lets types be guessed", "STO-GET-02", storage, tells(header("X-Content-Type-Options", None)), (), PEOPLE),
        ("stored types change", "STO-GET-01", r"GET /storage/.*", tells(header("Content-Type", "text/plain")), ("FILES-DOWN-02", "STO-GET-02"), PEOPLE),
    )  # fmt: skip
    return tuple(Lie(name, named, on, change, others, by) for name, named, on, change, others, by in rows)


def people() -> Sequence[Lie]:
    """Return lies about people."""
    first: list[Answer] = []

    async def same_guest(request: Request, ask: Ask) -> Answer:
        told = await ask(request)
        if told.good:
            first.append(told)
        return first[0] if told.good else told

    anonymous, me = r"POST /api/anonymous/auth/?", r"GET /api/users/me/?"
    rows: Sequence[tuple[str, str, str, Change, tuple[str, ...], tuple[Part, ...]]] = (
        ("an anonymous token comes with more", "USERS-ANON-02", anonymous, tells(with_members("", {"expires_in": 86400})), (), EVERY),
        ("everybody anonymous is the same", "USERS-ANON-03", anonymous, same_guest,
         ("RT-AUTH-13", "SPACES-DIRECT-03"), EVERY),
        ("bad bodies make anonymous users", "USERS-ANON-05", anonymous,
         refused(status(200), with_members("", {"token": "x"}), number=400), ("REST-REQ-03",), EVERY),
        ("guests have no name", "USERS-ANON-04", me, tells(at("displayname", lambda value: "" if value == "Guest" else value)),
         ("USERS-ME-03", "DM-ANON-01"), EVERY),
        ("an anonymous user has no aType", "USERS-ME-02", me, tells(without("aType")), ("DM-ANON-01", "DM-USER-01", "USERS-ME-01", "USERS-ME-03"), PEOPLE),
        ("users have no licences", "USERS-ME-01", me, tells(without("licenses")), ("USERS-ME-02", "USERS-ME-03"), PEOPLE),
        ("users have a picture that is no URL", "USERS-ANON-04", me, tells(put("picture_url", "none")),
         ("USERS-ME-03", "DM-ANON-01"), EVERY),
        ("settings lack muteaudio", "DM-USET-02", r"GET /api/users/me/settings/?", tells(without("data.*.muteaudio")), ("USERS-SETGET-01",), PEOPLE),
    )  # fmt: skip
    return tuple(Lie(name, named, on, change, others, by) for name, named, on, change, others, by in rows)


NEED_PEOPLE = (
    *(
        "unknown ids answer 400",
        "unknown ids break the service",
        "bad bodies break the service",
        "topics are no spaces",
    ),
    *(
        "likes are served",
        "the flavour has no id",
        "a media session has no token",
        "a media session is always the same",
    ),
)


def by_people(name: str) -> tuple[Part, ...]:
    """Return who can catch a lie about calls of all kinds."""
    return PEOPLE if name in NEED_PEOPLE else PROFILES


def rest() -> Sequence[Lie]:
    """Return lies about all calls: errors, headers, forms of requests."""

    async def no_head(request: Request, ask: Ask) -> Answer:
        return await (gone(request, ask) if request.method == "HEAD" else ask(request))

    def empty(request: Request) -> bool:
        return request.method in ("POST", "PATCH") and not request.body

    errors: Sequence[tuple[str, str, Change, tuple[str, ...]]] = (
        ("errors have no message", "ERR-BODY-01", refused(without("message")), ("PERM-PIN-04",)),
        ("errors have a member more", "ERR-BODY-01", refused(with_members("", {"status": 1})), ()),
        (
            "codes have other names",
            "ERR-BODY-02",
            refused(at("code", lambda code: f"x.{code}")),
            ("PERM-MAP-02", "PERM-PIN-04", "PERM-PRIV-01", "ERR-STD-01"),
        ),
        (
            "a missing credential is refused with 403",
            "ERR-STD-01",
            refused(status(403), code="auth.credential_missing"),
            ("AUTH-HDR-06", "ERR-ORDER-01", "AUTH-HDR-04"),
        ),
        (
            "unknown ids answer 400",
            "ERR-STD-01",
            refused(status(400), code="space.not_found"),
            ("ERR-ORDER-01", "ERR-ORDER-02", "ERR-ORDER-04"),
        ),
        (
            "unknown paths answer 400",
            "ERR-ORDER-01",
            refused(status(400), code="route.not_found"),
            ("ERR-STD-01", "REST-RES-04", "REST-ALIAS-02", "MEET-ACTIVE-03", "ERR-ORDER-05"),
        ),
        ("unknown ids break the service", "ERR-ORDER-02", refused(status(500), code="space.not_found"), ()),
        ("bad bodies break the service", "SPACES-CREATE-10", refused(status(500), number=400), ()),
        ("WWW-Authenticate is sent", "REST-RES-05", refused(header("WWW-Authenticate", "Bearer"), number=401), ()),
    )
    forms: Sequence[tuple[str, str, Change, tuple[str, ...]]] = (
        (
            "JSON has no charset",
            "REST-RES-02",
            tells(header("Content-Type", "application/json")),
            (),
        ),
        ("no origin may read", "REST-CORS-01", tells(header("Access-Control-Allow-Origin", None)), ("REST-CORS-02",)),
        ("ETag is not sent", "REST-RES-04", tells(header("ETag", None)), ("REST-CORS-01",)),
        ("HEAD is not served", "REST-REQ-06", no_head, ("ERR-ORDER-05",)),
        ("a final slash is another path", "REST-REQ-01", where(slashed, gone), ()),
        (
            "empty bodies are refused",
            "REST-REQ-03",
            where(empty, instead(answer({"code": "request.invalid", "message": "no body"}, 400))),
            ("MEET-GEN-02",),
        ),
        (
            "topics are no spaces",
            "REST-ALIAS-01",
            where(of_topics, gone),
            ("ERR-BODY-02", "ERR-STD-01"),
        ),
        (
            "preflights answer 204",
            "REST-CORS-02",
            where(lambda request: request.method == "OPTIONS", tells(status(204))),
            (),
        ),
        ("preflights allow no header", "REST-CORS-02", tells(header("Access-Control-Allow-Headers", None)), ()),
    )
    misc: Sequence[tuple[str, str, str, Change, tuple[str, ...]]] = (
        ("the configuration has no accounts", "MISC-CONF-01", "/service-configurations", tells(without("accounts")), ("REST-HOST-02",)),
        ("there is no limit of sockets", "MISC-LIMIT-01", "/limit", tells(without("global.socketio")), ("LIM-01",)),
        ("the rate is another", "MISC-LIMIT-01", "/limit", tells(put("global.rest_api.rate_limit", 60)), ("LIM-01",)),
        ("the flavour has no id", "MISC-FLAVOR-01", "/flavor", tells(without("*.flavorId")), ()),
        ("conference numbers are bare", "MISC-CONFNUM-01", "/confnumbers.*", tells(at("", lambda value: value["data"])), ("REST-RES-03",)),
        ("likes are served", "MISC-INT-02", ".*like.*", instead(answer({})), ("MISC-INT-01",)),
        ("a media session has no token", "MEDIA-TOKEN-02", "/.*/mpaas.*|/.*token.*", tells(without("token")), ("MEDIA-TOKEN-01",)),
        ("a media session is always the same", "MEDIA-TOKEN-02", "/.*/mpaas.*|/.*token.*", tells(put("sessionId", str(uuid.UUID(int=1)))), ()),
    )  # fmt: skip
    called = refused(put("code", "auth.credential_invalid"), code="auth.credential_expired")
    return (
        Lie("an expired token is called invalid", "ERR-BODY-02", API, called, ("AUTH-SVC-08",), met="AUTH-SVC-08"),
        *(
            Lie(name, named, API, change, others, by_people(name), breaks="break the service" in name)
            for name, named, change, others in errors
        ),
        *(Lie(name, named, API, change, others, by_people(name)) for name, named, change, others in forms),
        *(
            Lie(name, named, rf"\w+ /api{on}", change, others, by_people(name))
            for name, named, on, change, others in misc
        ),
    )


def answers() -> Sequence[Lie]:
    return [*tokens(), *spaces(), *messages(), *people(), *rest()]
