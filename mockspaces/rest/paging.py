"""The three styles in which lists are paged, and the one envelope they share (PAGE-*).

A handler names its list; size, position, page URLs and envelope are made here:
`numbered` (style N), `referenced` (style R) and `tokened` (style T).

A page also ends where its answer would become too large (PAGE-SIZE-02). Its next URL then goes on with the first item
that had no room: by reference and by token because both name the last item that was shown, by number because the URL
has a smaller size, of which the position of that item is a multiple.
"""

import base64
import binascii
import hmac
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import msgspec
from msgspec import UNSET, UnsetType

from mockspaces.cloud.kernel.rejection import invalid
from mockspaces.cloud.store.collection import Entity, Rank
from mockspaces.cloud.store.listing import Listing, Pages
from mockspaces.contract.shapes.changes import encoded
from mockspaces.contract.shapes.lists import NumberedPage, Page
from mockspaces.rest.call import Call

Item = TypeVar("Item", bound=Entity)
Render = Callable[[Item], Awaitable[object]]
PLACES = ("page", "pageref", "nextRefObjId", "prevRefObjId", "pageToken")  # every other parameter is a filter
MAC_BYTES = 16
MOST_DIGITS = 15  # of a number in a query: a longer one is no position and no time


def number(text: str | None) -> int | None:
    """Return a query parameter as a number from 0 on, or None if it is none."""
    if text and text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS:
        return int(text)
    return None


def size(call: Call) -> int:
    """Return the page size; a bad one counts as none, a big one is cut down (PAGE-SIZE-01)."""
    return min(number(call.query.get("size")) or call.endpoint.page_size, call.world.contract.limits.page_size_max)


def after(call: Call) -> int | None:
    """Return the query's ``after`` in milliseconds, None without it (REST-TIME-02)."""
    given = call.query.get("after")
    if not given:
        return None
    moment = number(given)
    if moment is None:
        raise invalid("after", "expected milliseconds since the epoch")
    return moment


def url(call: Call, *, size: int, **position: object) -> str:
    """Return a page URL: host-relative, with all filters repeated (PAGE-ENV-02)."""
    filters = {name: value for name, value in call.query.items() if name not in PLACES and name != "size"}
    path = quote(f"{urlsplit(call.origins.rest).path}{call.exchange.path}")
    return f"{path}?{urlencode({**filters, 'size': size, **position})}"


def envelope(call: Call, data: Sequence[object], following: str, previous: str) -> Page[object]:
    """Return the list envelope (PAGE-ENV-01)."""
    return Page(data, len(data), following, previous, _again(call, previous))


def _again(call: Call, previous: str) -> str | UnsetType:
    """Return the previous URL for its second name, which lists below /users have (PAGE-ENV-03)."""
    return previous if call.exchange.path.startswith("/api/users/") else UNSET


async def fitting(call: Call, items: Sequence[Item], render: Render[Item], *, backward: bool = False) -> list[object]:
    """Return the items as the wire shows them, one at least, and no more than an answer has room for (PAGE-SIZE-02).

    Those that have no room are the last ones, or with ``backward`` the first ones.
    """
    contract, shown = call.world.contract, list[object]()
    room = contract.limits.page_bytes - len("[]")
    for item in reversed(items) if backward else items:
        text = encoded(await render(item), contract.shapes)  # once: the envelope takes it in as it is
        room -= len(text) + (len(",") if shown else 0)
        if room < 0 and shown:
            break
        shown.append(msgspec.Raw(text))
    return shown[::-1] if backward else shown


# --- style N: page numbers


async def numbered(call: Call, listing: Pages[Item], render: Render[Item]) -> NumberedPage[object]:
    """Return a page by number, with the 1-based positions of its ends (PAGE-N-01, PAGE-ENV-04)."""
    offset, data, following, previous = await _by_number(call, listing, render)
    first, last = (offset + 1, offset + len(data)) if data else (0, 0)
    return NumberedPage(data, first, last, len(data), following, previous, _again(call, previous))


async def _by_number(call: Call, listing: Pages[Item], render: Render[Item]) -> tuple[int, list[object], str, str]:
    """Return the position of a numbered page, its items as the wire shows them, and the URLs of the pages beside it."""
    many, page = size(call), number(call.query.get("page")) or 0
    offset = many * page
    found = await listing.page(offset=offset, limit=many + 1)
    data = await fitting(call, found[:many], render)
    if data and len(data) < len(found[:many]):
        many = next(one for one in range(len(data), 0, -1) if offset % one == 0)
        page, data = offset // many, data[:many]
    following, previous = page_urls(call, many, page, more=len(found) > len(data))
    return offset, data, following, previous


def page_urls(call: Call, many: int, page: int, *, more: bool) -> tuple[str, str]:
    """Return the URLs of the pages beside a numbered one."""
    following = url(call, size=many, page=page + 1) if more else ""
    previous = url(call, size=many, page=page - 1) if page else ""
    return following, previous


# --- style R: references to items


async def referenced(
    call: Call, listing: Listing[Item], render: Render[Item], *, by_page: bool = False
) -> Page[object]:
    """Return a page beside an item of the list (PAGE-R-01..03); ``by_page`` also takes page numbers (PAGE-R-04)."""
    many = size(call)
    reference = call.query.get("nextRefObjId") or call.query.get("prevRefObjId")
    backward = bool(reference) and not call.query.get("nextRefObjId")
    page = number(call.query.get("page")) or 0 if by_page else 0
    if by_page and reference and "page" in call.query:
        raise invalid("page", "must not come with nextRefObjId or prevRefObjId")
    item = await listing.find(reference) if reference else None
    if reference and item is None:
        raise invalid("nextRefObjId, prevRefObjId", f'"{reference}" is not an id of this list')
    place = listing.place(item) if item is not None else None
    items, more = await _beside(listing, place, many, offset=many * page, backward=backward)
    data = await fitting(call, items, render, backward=backward)
    items, more = _shown(items, len(data), more=more, backward=backward)
    first = bool(items) and (place is not None or page > 0) and await _anything_before(listing, items[0])
    kept = {"pageref": call.query["pageref"]} if "pageref" in call.query else {}
    following = url(call, size=many, **kept, nextRefObjId=items[-1].id) if more else ""
    previous = url(call, size=many, **kept, prevRefObjId=items[0].id) if first else ""
    return envelope(call, data, following, previous)


async def _beside(
    listing: Listing[Item], place: Rank | None, many: int, *, offset: int = 0, backward: bool = False
) -> tuple[Sequence[Item], bool]:
    """Return the items of a page and whether any follow them."""
    if place is None:
        found = await listing.page(offset=offset, limit=many + 1)
    elif backward:
        found = await listing.near(place, limit=many, after=False)
        return found, bool(found) and bool(await listing.near(listing.place(found[-1]), limit=1, after=True))
    else:
        found = await listing.near(place, limit=many + 1, after=True)
    return found[:many], len(found) > many


def _shown(items: Sequence[Item], many: int, *, more: bool, backward: bool) -> tuple[Sequence[Item], bool]:
    """Return those items of a page that had room in its answer, and whether any follow them."""
    return (items[-many:], more) if backward else (items[:many], more or many < len(items))


async def _anything_before(listing: Listing[Item], item: Item) -> bool:
    return bool(await listing.near(listing.place(item), limit=1, after=False))


# --- style T: tokens


async def tokened(call: Call, listing: Listing[Item], render: Render[Item]) -> Page[object]:
    """Return a page by token (PAGE-T-01), or by number where the deprecated ``page`` is sent."""
    if number(call.query.get("page")) is not None:
        _refuse_mixture(call)
        _, data, following, previous = await _by_number(call, listing, render)
        return envelope(call, data, following, previous)
    many, turn = size(call), _turn(call)
    token = call.query.get("pageToken")
    place, backward = _read(call, token) if token else (None, False)
    items, more = await _beside(listing, place, many, backward=backward)
    data = await fitting(call, items, render, backward=backward)
    items, more = _shown(items, len(data), more=more, backward=backward)
    first = bool(items) and place is not None and await _anything_before(listing, items[0])
    following, previous = "", ""
    if more:
        following = url(call, size=many, pageref=turn + 1, pageToken=_token(call, listing.place(items[-1])))
    if first:
        token = _token(call, listing.place(items[0]), backward=True)
        previous = url(call, size=many, pageref=turn - 1, pageToken=token)
    return envelope(call, data, following, previous)


def check_token(call: Call) -> None:
    """Refuse a bad position before any id of the query is looked up (PAGE-T-01, ERR-ORDER-04)."""
    if number(call.query.get("page")) is not None:
        _refuse_mixture(call)
    elif token := call.query.get("pageToken"):
        _read(call, token)


def _refuse_mixture(call: Call) -> None:
    for other in ("after", "pageref", "pageToken"):
        if other in call.query:
            raise invalid("page", f"must not come with {other}")


def _turn(call: Call) -> int:
    """Return ``pageref``, which counts the pages here; absent or unreadable it is 0 (PAGE-R-03)."""
    text = call.query.get("pageref", "")
    counted = number(text.removeprefix("-")) or 0
    return -counted if text.startswith("-") else counted


def _mac(call: Call, payload: bytes) -> bytes:
    secret = call.world.secret("page token")
    return hmac.digest(secret, call.endpoint.id.encode() + payload, "sha256")[:MAC_BYTES]


def _token(call: Call, place: Rank, *, backward: bool = False) -> str:
    payload = msgspec.json.encode([backward, place])
    return base64.urlsafe_b64encode(_mac(call, payload) + payload).decode().rstrip("=")


def _read(call: Call, token: str) -> tuple[Rank, bool]:
    try:
        data = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise invalid("pageToken", "is not readable") from None
    mac, payload = data[:MAC_BYTES], data[MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(call, payload)):
        raise invalid("pageToken", "was not made by this list")
    backward, place = msgspec.json.decode(payload, type=tuple[bool, tuple[Any, ...]])
    return place, backward
