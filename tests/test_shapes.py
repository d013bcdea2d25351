"""Shapes, their schemas and the check of answers, by themselves."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, TypeVar

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from msgspec import UNSET, UnsetType

from mockspaces.contract import Contract, endpoints, queries
from mockspaces.contract.behaviours import catalogue
from mockspaces.contract.rows import Parameter
from mockspaces.contract.shapes import ANSWERS, by_name
from mockspaces.contract.shapes.base import D, Id, Shape, Time, wire_name
from mockspaces.contract.shapes.changes import Change, encoded
from mockspaces.contract.shapes.checks import Checker
from mockspaces.contract.shapes.schemas import Schemas, members
from mutants.generated import NEVER_BUILT
from tests.shaped import UNSEEN, optional_members, unjudged

AN_ID, A_TIME = "0" * 24, "2031-02-03T04:05:06.789Z"
Item = TypeVar("Item")


class Cat(Shape, kw_only=True):
    """A cat."""

    kind: Literal["cat"] = "cat"
    id: Annotated[Id, D("X-1")]
    born: Annotated[Time | None, D("X-1")]


class Dog(Shape, kw_only=True):
    """A dog."""

    kind: Literal["dog"] = "dog"
    nick_name: str | UnsetType = UNSET


class Pack(Shape, Generic[Item], kw_only=True):
    """Some animals."""

    data: Sequence[Item]


KIND: Any = Pack[Cat | Dog]
RIGHT: dict[str, Any] = {"data": [{"kind": "cat", "_id": AN_ID, "born": None}, {"kind": "dog"}]}
WRONG = {
    "more": {"data": [{"kind": "dog", "age": 3}]},
    "less": {"data": [{"kind": "cat", "_id": AN_ID}]},
    "null": {"data": [{"kind": "cat", "_id": None, "born": A_TIME}]},
    "retyped": {"data": {"kind": "dog"}},
    "malformed": {"data": [{"kind": "cat", "_id": "x", "born": A_TIME}]},
    "another word": {"data": [{"kind": "cow"}]},
    "nothing": None,
}


def problems(value: Any) -> list[str]:
    schemas = Schemas()
    schema = schemas.of(KIND)
    return Checker(schemas.parts).problems(value, schema)


def test_a_value_of_its_shape_has_no_problems() -> None:
    """What is as declared passes, whichever choice it is."""
    assert problems(RIGHT) == []


@pytest.mark.parametrize("name", WRONG)
def test_a_value_of_another_shape_is_told(name: str) -> None:
    """A member more or less, a null, another type, form or word is told by its place."""
    assert problems(WRONG[name]), name
    assert name == "nothing" or all("data" in one for one in problems(WRONG[name]))


def test_another_order_of_members_is_told() -> None:
    """Members stand in the order of the shape."""
    assert "another order" in problems({"data": [{"_id": AN_ID, "kind": "cat", "born": None}]})[0]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["cat", "dog", AN_ID, A_TIME, ""]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["kind", "_id", "born", "nickName", "data"]), inner, max_size=4)
    ),
)


@given(value=values | st.builds(lambda animal: {"data": [animal]}, values))
def test_the_check_is_that_of_json_schema(value: Any) -> None:
    """A validator of other people finds problems in the same values, but for the order of members."""
    schemas = Schemas()
    schema = {**schemas.of(KIND), "components": {"schemas": schemas.parts}}
    theirs = list(Draft202012Validator(schema).iter_errors(value))
    ours = [one for one in problems(value) if "another order" not in one]
    assert bool(ours) == bool(theirs)


def test_seen_and_missed_members_are_counted() -> None:
    """An optional member counts where it came and where it did not, in the choice that fits."""
    schemas = Schemas()
    schema = schemas.of(KIND)
    checker = Checker(schemas.parts)
    checker.problems({"data": [{"kind": "dog", "nickName": "Rex"}]}, schema)
    assert (checker.seen, checker.missed) == ({("Dog", "nickName")}, set())
    checker.problems(RIGHT, schema)
    assert checker.missed == {("Dog", "nickName")}


CHANGES: dict[str, tuple[Change, Any]] = {
    "dropped": (Change(absent=True), {"kind": "dog"}),
    "renamed": (Change(name="nick"), {"kind": "dog", "nick": "Rex"}),
    "in an array": (Change(type="array"), {"kind": "dog", "nickName": ["Rex"]}),
    "null": (Change(value=None), {"kind": "dog", "nickName": None}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_reaches_every_such_shape(name: str) -> None:
    """What an overlay changes in a shape is changed wherever the shape is, and nothing else."""
    change, expected = CHANGES[name]
    shown = Pack(data=[Dog(nick_name="Rex"), Cat(id=AN_ID, born=A_TIME)])
    found = msgspec.json.decode(encoded(shown, {"Dog": {"nickName": change}}))
    assert found == {"data": [expected, {"kind": "cat", "_id": AN_ID, "born": A_TIME}]}


def test_a_change_adds_a_member() -> None:
    """A member that a shape has not is added by its value; as a string a value is its JSON."""
    changes = {"Cat": {"age": Change(value=3), "born": Change(type="string")}}
    found = msgspec.json.decode(encoded(Cat(id=AN_ID, born=None), changes))
    assert found == {"kind": "cat", "_id": AN_ID, "born": "null", "age": 3}


def test_schemas_follow_the_changes() -> None:
    """The schema under an overlay is that of what is then sent."""
    changes = {"Dog": {"kind": Change(name="sort"), "nickName": Change(absent=True), "age": Change(value=3)}}
    schemas = Schemas(changes)
    schema = schemas.of(Dog)
    sent = msgspec.json.decode(encoded(Dog(nick_name="Rex"), changes))
    assert sent == {"sort": "dog", "age": 3}
    assert Checker(schemas.parts).problems(sent, schema) == []


def test_words_of_the_wire() -> None:
    """Names are spelt as the vendor spells them."""
    names = ["topic_id", "id", "picture_url", "from_", "a_type", "not_found_mmessages", "relation_graphs"]
    spelt = ["topicId", "_id", "picture_url", "from", "aType", "notFoundMmessages", "relation_graphs"]
    assert list(map(wire_name, names)) == spelt


@pytest.mark.parametrize("name", sorted(by_name()))
def test_every_member_cites_its_statement(name: str) -> None:
    """Each member of each shape names statements of the catalogue, and how sure we are of it."""
    for member in members(by_name()[name]):
        cited = [part.strip() for part in member.source.split(",")]
        assert set(cited) <= catalogue().keys() | {"the mock's own"}, f"{name}.{member.name} cites {member.source!r}"
        assert member.confidence in ("D", "C", "A")


def test_every_answer_has_a_shape() -> None:
    """A row of the emulated surfaces names a shape or a media type, unless its answers have no body."""
    bare = [row.id for row in endpoints.ROWS if row.emulate and not (row.answer or row.media_type)]
    assert bare == ["ACC-AUTHZ", "ACC-DECIDE", "ACC-LOGOUT", "STO-PUT"]
    assert {row.answer for row in Contract.shipped().endpoints.values()} - {""} <= ANSWERS.keys()
    used = {row.answer for row in Contract.shipped().endpoints.values()}
    assert sorted(ANSWERS.keys() - used) == ["control error", "error", "rfc6749 error", "vendor error"]


PARAMETERS = [
    (key, one) for table in (queries.ROWS, queries.FORMS) for key, parameters in table.items() for one in parameters
] + [("", one) for one in (queries.PIN, queries.ACT_AS, queries.IF_NONE_MATCH)]


@pytest.mark.parametrize(
    ("endpoint", "parameter"), PARAMETERS, ids=lambda one: one if isinstance(one, str) else one.name
)
def test_every_parameter_cites_its_statement(endpoint: str, parameter: Parameter) -> None:
    """Each parameter of a query, form or header names statements of the catalogue; a default is one of its words."""
    cited = {part.strip() for part in parameter.source.split(",")}
    assert cited <= catalogue().keys() | {"the mock's own"}
    assert not parameter.words or parameter.default in (None, *parameter.words)


def test_optional_members_have_to_come_and_to_be_missing() -> None:
    """A run of the whole suite tells each member that did one of it only, and each reason that is not needed."""
    expected = optional_members()
    named = set(UNSEEN)
    assert unjudged(expected - named, expected - named) == []
    assert unjudged(expected - named - {("Tokens", "id_token")}, expected) == ["Tokens.id_token never came"]
    assert unjudged(expected - named, expected - {("Tokens", "id_token")}) == ["Tokens.id_token never was missing"]
    assert [one.partition(" ")[0] for one in unjudged(expected, expected)] == [".".join(one) for one in UNSEEN]


def test_every_shape_is_laid_to_its_statements() -> None:
    """The contract suite looks at each shape that an overlay reaches, and so kills mutants of it."""
    suite = Path(__file__).parent.parent / "contract_tests" / "data" / "test_shapes.py"
    text = suite.read_text(encoding="utf-8")
    assert [name for name in by_name() if name not in NEVER_BUILT and f'"{name}",' not in text] == []
