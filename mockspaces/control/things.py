"""What is in a world, for people: lists to search and page through, and each thing with what belongs to it.

Nothing of a large world is rendered as a whole: a page has few rows, and a search looks at the newest things of a kind,
in slices, and says so where there are more.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.kernel.clock import iso
from mockspaces.cloud.kernel.journal import Entry
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.store.collection import Collection
from mockspaces.cloud.store.entities import (
    AnonymousUser,
    Company,
    Invite,
    Mail,
    Member,
    Message,
    OAuthClient,
    ServiceApp,
    Space,
    StoredFile,
    User,
)
from mockspaces.control import searches
from mockspaces.control.call import ControlCall, Handlers
from mockspaces.control.frame import check_query, framed, missing, page_number
from mockspaces.control.queries import plain

ROWS = 50  # on a page
NEAR = 20  # of each list beside a thing
SEARCHED = 100_000  # things of a kind, the newest, that a search looks at
SLICE = 100  # things that are looked at before others have their turn
MOST_TEXT = 2000  # characters of a message that are shown; somebody may write five million
MOST_FOUND = 50  # entries of the journal beside a thing
CHANGING = ("POST", "PUT", "PATCH", "DELETE", "IN")


class Link(NamedTuple):
    """A text that leads to a thing: its kind and id."""

    text: str
    kind: str
    id: str


Fact = tuple[str, str | Link]  # what it is, and what is said


class Shown(NamedTuple):
    """A thing as a row: what it is called, its marks, and its facts in words."""

    id: str
    title: str
    tags: Sequence[str] = ()
    facts: Sequence[Fact] = ()
    text: str = ""


class Kind(NamedTuple):
    """A kind of things: what it is called, where it is kept, which of those are meant, and how one is shown."""

    title: str
    store: str
    show: Callable[[World, Any], Shown]
    fits: Callable[[Any], bool] = lambda _one: True


KINDS_NAMED = {"space": "spaces", "company": "companies"}  # any other word names somebody


def _named(store: Collection[Any], key: str | None, word: str) -> Iterable[tuple[str, Link]]:
    """Yield a link to a thing that another one names, if it is there."""
    found = store.peek(key) if key else None
    if found is not None:
        title = next(
            (text for name in ("title", "displayname", "name") if (text := getattr(found, name, ""))), found.id
        )
        yield word, Link(str(title), KINDS_NAMED.get(word, "people"), found.id)


def _person(world: World, user: User) -> Shown:
    tags = [*([] if user.enabled else ["disabled"]), *(["company admin"] if user.company_admin else [])]
    facts: list[Fact] = [
        ("user name", user.username),
        ("password", user.password or "none"),
        *_named(world.state.companies, user.company_id, "company"),
        *(("also", address) for address in user.other_emails),
        *((("developer of", ", ".join(user.developer)),) if user.developer else ()),
        *((("personal room", Link("open", "spaces", user.room_id)),) if user.room_id else ()),
    ]
    return Shown(user.id, user.displayname, tags, facts)


def _guest(_world: World, guest: AnonymousUser) -> Shown:
    return Shown(guest.id, guest.displayname, ["guest"], [("user name", guest.username)] if guest.username else [])


def _company(_world: World, company: Company) -> Shown:
    facts: list[Fact] = [
        ("domains", ", ".join(company.domains) or "none"),
        ("service domain", company.service_domain or "none"),
    ]
    return Shown(company.id, company.name, ["no attachments"] if company.deny_attachments else [], facts)


def _app(world: World, app: ServiceApp) -> Shown:
    account = world.state.users.peek(app.account_id)
    tags = ["active" if app.active else "inactive", *([] if account and account.enabled else ["account disabled"])]
    keys = world.state.app_keys.partition("app", app.id)
    facts: list[Fact] = [
        ("iss", app.id),
        ("sub", app.subject),
        *(("kid", key.id) for key in keys),
        ("scopes", ", ".join(app.scopes) or "none"),
        *_named(world.state.companies, app.company_id, "company"),
    ]
    return Shown(app.id, app.name, tags, facts)


def _client(_world: World, client: OAuthClient) -> Shown:
    facts: list[Fact] = [
        ("client id", client.id),
        ("secret", client.secret or "none: a public client"),
        *(("redirect URI", uri) for uri in client.redirect_uris),
        ("owner", client.owner),
    ]
    return Shown(client.id, client.name, [] if client.active else ["inactive"], facts)


def _space(world: World, space: Space) -> Shown:
    tags = [space.type, *(["private"] if space.private else []), *(["PIN"] if space.pin else [])]
    tags += ["archived"] if space.archived else []
    facts: list[Fact] = [
        *_named(world.state.users, space.owner_id, "owner"),
        *_named(world.state.companies, space.company_id, "company"),
        ("created", iso(space.created)),
        *((("PIN", space.pin),) if space.pin else ()),
    ]
    return Shown(space.id, space.title, tags, facts, space.description[:MOST_TEXT])


def _message(world: World, message: Message) -> Shown:
    task, meeting = message.task, message.meeting
    tags = [message.category, *(["deleted"] if message.deleted else []), *([task.status] if task else [])]
    if meeting:
        tags.append("over" if meeting.end is not None else "running")
    facts: list[Fact] = [
        ("sender", Link(message.sender.displayname, _kind_of(message.sender.type), message.sender.id)),
        *_named(world.state.spaces, message.space_id, "space"),
        ("created", iso(message.created)),
        *((("due", iso(task.due)),) if task and task.due is not None else ()),
        *(("file", Link(file.name or file.file_id, "files", file.file_id)) for file in message.attachments),
        *(("attendee", one.displayname) for one in (meeting.attendees[:NEAR] if meeting else ())),
        *(("recording", one.id) for one in (meeting.recordings[:NEAR] if meeting else ())),
        *((("answers", Link(message.parent_id, "messages", message.parent_id)),) if message.parent_id else ()),
    ]
    text, more = plain(world, message.text[:MOST_TEXT]), plain(world, (message.description or "")[:MOST_TEXT])
    return Shown(message.id, text[:80] or message.category, tags, facts, f"{text}\n{more}" if more else text)


def _kind_of(type_: str) -> str:
    return "guests" if type_ == "anonymous" else "people"


def _file(_world: World, file: StoredFile) -> Shown:
    tags = ["stored" if file.stored else "awaited"]
    return Shown(file.id, file.id, tags, [("type", file.type), ("size", f"{file.size} bytes")])


def _invite(world: World, invite: Invite) -> Shown:
    facts: list[Fact] = [
        *_named(world.state.spaces, invite.space_id, "space"),
        *_named(world.state.users, invite.creator_id, "by"),
        *((one.role, one.invitee) for one in invite.invitees[:NEAR]),
        ("created", iso(invite.created)),
    ]
    return Shown(invite.id, f"invitation to {invite.mode}", [invite.channel], facts)


def _mail(world: World, mail: Mail) -> Shown:
    facts: list[Fact] = [
        ("to", mail.to),
        ("link", mail.link),
        ("sent", iso(mail.created)),
        *_named(world.state.spaces, mail.space_id, "space"),
        ("invitation", Link(mail.invite_id, "invites", mail.invite_id)),
    ]
    return Shown(mail.id, mail.subject, ["e-mail"], facts)


KINDS: Mapping[str, Kind] = {
    "people": Kind("People", "users", _person, lambda user: not user.is_service_account),
    "guests": Kind("Guests", "anonymous", _guest),
    "companies": Kind("Companies", "companies", _company),
    "apps": Kind("Service apps", "apps", _app),
    "clients": Kind("OAuth clients", "clients", _client),
    "spaces": Kind("Spaces", "spaces", _space),
    "messages": Kind("Messages", "messages", _message, lambda message: message.category != "meeting"),
    "meetings": Kind("Meetings", "messages", _message, lambda message: message.category == "meeting"),
    "files": Kind("Files", "files", _file),
    "invites": Kind("Invitations", "invites", _invite),
    "outbox": Kind("Outbox", "outbox", _mail),
}


def _store(world: World, kind: Kind) -> Collection[Any]:
    store = world.state.stores[kind.store]
    if not isinstance(store, Collection):
        raise TypeError(kind.store)
    return store


def _says(world: World, kind: Kind, one: Any, words: Sequence[str]) -> bool:
    shown = kind.show(world, one)
    facts = (fact.text if isinstance(fact, Link) else fact for _name, fact in shown.facts)
    text = "\n".join([shown.id, shown.title, shown.text, *shown.tags, *facts]).casefold()
    return all(word in text for word in words)


async def _found(world: World, kind: Kind, text: str, offset: int) -> tuple[Sequence[Shown], bool, int]:
    """Return a page of things, whether there are more, and how many were looked at."""
    words, store = text.casefold().split(), _store(world, kind)
    found: list[Shown] = []
    number, skipped = 0, 0
    for number, one in enumerate(store.latest(SEARCHED), 1):
        if number % SLICE == 0:
            await asyncio.sleep(0)
        if not kind.fits(one) or (words and not _says(world, kind, one, words)):
            continue
        if skipped < offset:
            skipped += 1
            continue
        if len(found) == ROWS:
            return found, True, number
        found.append(kind.show(world, one))
    return found, False, number


async def overview(call: ControlCall) -> object:
    """Show how much there is of each kind, with the newest of them."""
    check_query(call)
    world = call.world
    parts = []
    for name, kind in KINDS.items():
        await asyncio.sleep(0)
        found, more, _looked = await _found(world, kind, "", 0)
        total = len(_store(world, kind)) if more else len(found)
        parts.append({"name": name, "title": kind.title, "total": total, "newest": found[:3]})
    return framed(call, "ui/state", "overview.html", {"parts": parts})


async def list_things(call: ControlCall) -> object:
    """Show a page of one kind, those that say all the words of ``q``, newest first."""
    check_query(call, "q", "page")
    name, page, text = call.params["kind"], page_number(call), call.query.get("q", "")[: searches.MOST_TEXT]
    kind = KINDS.get(name)
    if kind is None:
        return missing(call, "ui/state", f"There are no things called {name}.")
    found, more, looked = await _found(call.world, kind, text, page * ROWS)
    values = {
        "kind": name,
        "kinds": KINDS,
        "title": kind.title,
        "things": found,
        "q": text,
        "page": page,
        "more": more,
        "left_out": looked == SEARCHED and len(_store(call.world, kind)) > SEARCHED,
        "searched": SEARCHED,
    }
    return framed(call, "ui/state", "things.html", values)


async def show_thing(call: ControlCall) -> object:
    """Show one thing, what belongs to it, and the entries of the journal that made or changed it, or name it."""
    check_query(call)
    world, name, key = call.world, call.params["kind"], call.params["id"]
    kind = KINDS.get(name)
    one = _store(world, kind).peek(key) if kind else None
    if kind is None or one is None or not kind.fits(one):
        return missing(call, "ui/state", f"There is nothing called {key} among the {name} of this world.")
    entries, complete = await searches.found(world, key, MOST_FOUND)
    values = {
        "kind": name,
        "title": kind.title,
        "thing": kind.show(world, one),
        "parts": await _belonging(world, name, one),
        "changed": [entry for entry in reversed(entries) if _changed(entry)],
        "named": [entry for entry in reversed(entries) if not _changed(entry)],
        "complete": complete,
        "iso": iso,
    }
    return framed(call, "ui/state", "thing.html", values)


def _changed(entry: Entry) -> bool:
    """Whether an entry is likely to have made or changed what it names."""
    return entry.method in CHANGING and not entry.refused


class Part(NamedTuple):
    """What belongs to a thing: a heading, the kind of things that follow, and how many there are in all."""

    title: str
    kind: str
    things: Sequence[Shown]
    total: int


async def _belonging(world: World, name: str, one: Any) -> Sequence[Part]:
    """Return what belongs to a thing, the first or newest of each list."""
    state = world.state
    if name == "spaces":
        members = await state.members.page("space", one.id, limit=NEAR)
        messages = await state.messages.page("space", one.id, limit=NEAR, descending=True)
        invites = await state.invites.page("space", one.id, limit=NEAR)
        roster = [_member(world, member) for member in members]
        written = [_message(world, message) for message in messages]
        invited = [_invite(world, invite) for invite in invites]
        return [
            Part("Who is in it", "people", roster, await state.members.count("space", one.id)),
            Part("Newest messages", "messages", written, await state.messages.count("space", one.id)),
            Part("Invitations", "invites", invited, await state.invites.count("space", one.id)),
        ]
    if name in ("people", "guests"):
        there = await state.members.page("person", one.id, limit=NEAR)
        found = [_space(world, space) for member in there if (space := state.spaces.peek(member.space_id))]
        return [Part("Spaces", "spaces", found, await state.members.count("person", one.id))]
    if name == "companies":
        employed = [_person(world, user) for user in await state.users.page("company", one.id, limit=NEAR)]
        return [Part("People", "people", employed, await state.users.count("company", one.id))]
    if name == "apps":
        scopes = [scope for key in one.scopes if (scope := world.contract.scopes.get(key))]
        rows = [Shown(scope.name, scope.name, [scope.endpoint], [("opens", scope.purpose)]) for scope in scopes]
        return [Part("Scopes", "", rows, len(rows))]
    return []


def _member(world: World, member: Member) -> Shown:
    known = world.state.users.peek(member.person) or world.state.anonymous.peek(member.person)
    tags = [member.role, *([] if member.joined else ["not joined"])]
    return Shown(member.person, known.displayname if known else member.person, tags)


HANDLERS: Handlers = {
    "CTRL-UI-STATE": Handler(overview),
    "CTRL-UI-THINGS": Handler(list_things),
    "CTRL-UI-THING": Handler(show_thing),
}
