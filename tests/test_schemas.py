"""The documents of seeds and of the API are what their formats ask for."""

import json
from pathlib import Path

import httpx
import msgspec
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from mockspaces import Mockspaces
from mockspaces.cloud.worlds.seeds import Seed
from mockspaces.contract.settings import Settings
from mockspaces.control.schemas import seed_schema

FILE = Path(__file__).parent.parent / "fixtures" / "seed.schema.json"


def published() -> str:
    return json.dumps(json.loads(msgspec.json.encode(seed_schema())), indent=2) + "\n"


def test_published_schema_is_that_of_the_code() -> None:
    """The file in the repository is what the code says; to renew it, write `published()` into it."""
    assert FILE.read_text(encoding="utf-8") == published()


def test_schema_names_every_member_of_a_seed() -> None:
    """Every member of a seed and every setting is in the schema under the name it has in documents."""
    schema = seed_schema()
    assert set(schema["properties"]) == set(Seed.__struct_encode_fields__)
    assert set(schema["$defs"]["Settings"]["properties"]) == set(Settings.__struct_encode_fields__)
    assert schema["additionalProperties"] is False


def test_seed_may_name_its_schema() -> None:
    """The member by which editors find the schema is no unknown one."""
    assert msgspec.json.decode(b'{"$schema": "seed.schema.json"}', type=Seed) == Seed(schema="seed.schema.json")


@pytest.mark.slow
def test_the_api_document_is_valid() -> None:
    """The document that a running mock serves is valid OpenAPI 3.1."""
    with Mockspaces.start() as mock:
        document = httpx.get(f"{mock.url}/_mock/openapi.json").json()
    assert len(document["paths"]) > 90
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []
