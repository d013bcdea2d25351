import json
from typing import Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockspaces.asgi.decoding import decode
from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.contract.limits import Limits

LIMITS = Limits()


class Inner(msgspec.Struct, rename="camel"):
    topic_id: str
    kind: Literal["a", "b"] = "a"


class Body(msgspec.Struct):
    title: str = ""
    count: int | None = None
    topic: Inner | None = None
    items: list[Inner] = []
    anything: Any = None


class Closed(msgspec.Struct, forbid_unknown_fields=True):
    title: str = ""


def refusal(data: bytes, kind: type[Any] = Body) -> Rejection:
    with pytest.raises(Rejection) as refused:
        decode(data, kind, LIMITS)
    return refused.value


@pytest.mark.behaviour("REST-REQ-03")
@pytest.mark.parametrize("data", [b"", b" \r\n\t", b"{}"])
def test_empty_body_counts_as_an_object(data: bytes) -> None:
    """Nothing at all, blanks, and an empty object are the same."""
    assert decode(data, Body, LIMITS) == Body()


@pytest.mark.behaviour("REST-REQ-04")
def test_unknown_members_are_ignored_where_the_shape_is_open() -> None:
    """What a shape does not know is no error on the emulated surfaces."""
    assert decode(b'{"title":"x","unknown":[1]}', Body, LIMITS).title == "x"


@pytest.mark.parametrize(
    ("data", "kind", "detail"),
    [
        (b'{"title":1}', Body, "title: expected string, got integer"),
        (b'{"count":"1"}', Body, "count: expected integer or null, got string"),
        (b'{"topic":{}}', Body, "topic.topicId: required"),
        (b'{"topic":{"topicId":null}}', Body, "topic.topicId: expected string, got null"),
        (b'{"topic":{"topicId":"x","kind":"c"}}', Body, "topic.kind: invalid enum value 'c'; one of a, b"),
        (b'{"items":[{"topicId":"x","kind":"c"}]}', Body, "items[0].kind: invalid enum value 'c'; one of a, b"),
        (b'{"items":[{"topicId":"x","kind":3}]}', Body, "items[0].kind: expected string, got integer"),
        (b'{"items":[{"topicId":"x"},{"topicId":2}]}', Body, "items[1].topicId: expected string, got integer"),
        (b"[]", Body, "body: expected object, got array"),
        (b"null", Body, "body: expected object, got null"),
        (b'{"titel":"x"}', Closed, 'titel: no such member; did you mean "title"?'),
        (b'{"qqqqq":"x"}', Closed, "qqqqq: no such member"),
    ],
)
def test_first_bad_member_is_named(data: bytes, kind: type[Any], detail: str) -> None:
    """The refusal names the member as it is spelt on the wire, in JSON's words."""
    refused = refusal(data, kind)
    assert refused.code == "request.invalid"
    assert refused.detail.startswith(detail)


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (b"{", "the body is not JSON"),
        (b'{"title":"x"}}', "the body is not JSON"),
        (b"title=x", "the body is not JSON"),
        (b'{"title":NaN}', "the body is not JSON"),
        (b'{"title":"\xff"}', "the body is not UTF-8"),
        (b'{"x":"\xed\xa0\x80"}', "the body is not UTF-8"),
        ('{"title":"x"}'.encode("utf-16"), "the body is not"),
    ],
)
def test_broken_text_is_refused(data: bytes, detail: str) -> None:
    """Bad JSON and bad UTF-8 are refused, also inside members that nobody reads."""
    assert refusal(data).detail.startswith(detail)


@pytest.mark.behaviour("REST-REQ-07")
@pytest.mark.parametrize(
    ("data", "deep"),
    [
        (b'{"anything":' + b"[" * 31 + b"]" * 31 + b"}", False),
        (b'{"anything":' + b"[" * 32 + b"]" * 32 + b"}", True),
        (b'{"unknown":' + b"[" * 32 + b"]" * 32 + b"}", True),
        (b'{"x":' * 33 + b"1" + b"}" * 33, True),
        (b"[" * 100_000, None),
        (b'{"anything":"' + b"[" * 100 + b'"}', False),
        (b'{"anything":[' + b"[]," * 100 + b"[]]}", False),
    ],
)
def test_nesting_is_bounded(data: bytes, *, deep: bool | None) -> None:
    """Level 33 is refused in known and unknown members alike, while brackets in texts and siblings do not count."""
    if deep is False:
        decode(data, Body, LIMITS)
        return
    detail = refusal(data).detail
    assert deep is None or detail == "JSON nests deeper than 32 levels"


@given(st.binary(max_size=200) | st.recursive(st.none() | st.text(), st.lists).map(json.dumps))
def test_any_body_is_decoded_or_refused(data: bytes | str) -> None:
    """No body makes the decoder fail in another way than by refusing it."""
    raw = data.encode() if isinstance(data, str) else data
    try:
        decoded: Body | str = decode(raw, Body, LIMITS)
    except Rejection as refused:
        decoded = refused.code
    assert isinstance(decoded, Body) or decoded == "request.invalid"
