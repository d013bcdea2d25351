"""The document of socket events, by itself; `tests/clients/generated` has it parsed by others."""

import pytest
from jsonschema import Draft7Validator

from mockspaces.cloud.kernel.world import Origins
from mockspaces.contract import Contract, events
from mockspaces.contract.behaviours import catalogue
from mockspaces.contract.samples import of_events
from mockspaces.contract.shapes import PAYLOADS
from mockspaces.contract.shapes.changes import Change
from mockspaces.contract.shapes.checks import Checker
from mockspaces.contract.shapes.schemas import Schemas
from mockspaces.control.asyncapi import document
from mockspaces.realtime.chat import HANDLERS

ROWS = {row.id: row for row in events.ROWS}


def test_every_event_has_a_row_and_every_payload_is_used() -> None:
    """What clients may say is what is handled; each row names a payload and a statement, and no payload is left."""
    assert set(events.CLIENT_EVENTS) == HANDLERS.keys()
    assert {row.payload for row in events.ROWS} == PAYLOADS.keys()
    assert {row.source.partition(";")[0] for row in events.ROWS} <= catalogue().keys()
    assert {name for row in events.ROWS for name in row.answers} <= set(events.SERVER_EVENTS)


@pytest.mark.parametrize("name", sorted(of_events()))
def test_a_sample_fits_its_event(name: str) -> None:
    """The payload that a document of the vendor shows is of the shape that we send or read."""
    schemas = Schemas()
    schema = schemas.of(PAYLOADS[ROWS[name].payload])
    assert Checker(schemas.parts).problems(of_events()[name], schema) == []


def test_no_payload_is_without_a_schema() -> None:
    """Each message refers to shapes, whose schemas are those of JSON Schema, draft 7, as AsyncAPI has them."""
    described = document(Contract.shipped(), Origins("https://mock.example"))
    for message in described["components"]["messages"].values():
        choices = message["payload"].get("anyOf", [message["payload"]])
        assert choices, message["name"]
        assert all(one["$ref"].startswith("#/components/schemas/") for one in choices), message["name"]
    for schema in described["components"]["schemas"].values():
        Draft7Validator.check_schema(schema)
    assert described["servers"]["mock"] == {**described["servers"]["mock"], "host": "mock.example", "protocol": "wss"}


def test_the_document_follows_an_overlay() -> None:
    """A member that an overlay takes away is not described."""
    changed = Contract.shipped().overlaid({"shapes": {"MessageSent": {"topicTitle": {"absent": True}}}})
    described = document(changed, Origins("http://mock.example"))["components"]["schemas"]
    assert changed.shapes["MessageSent"]["topicTitle"] == Change(absent=True)
    assert "topicTitle" not in described["MessageSent"]["properties"]
    assert "topicTitle" in described["TopicUpdated"]["properties"]
