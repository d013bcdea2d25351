"""The documents of seeds and of the API are what their formats ask for."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from mockspaces import Mockspaces
from mockspaces.cloud.worlds.seeds import Seed
from mockspaces.contract.settings import Settings
from mockspaces.control.schemas import seed_schema
from mockspaces.server import Server

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


BASIC = {"Authorization": "Basic eDp5", "Content-Type": "application/x-www-form-urlencoded"}
CALLS: dict[str, tuple[str, str, dict[str, Any], int, set[str]]] = {
    "a list of REST": ("GET", "/health", {}, 200, {"etag"}),
    "a refusal of REST": ("GET", "/api/users/me", {}, 401, set()),
    "a wrong method": ("DELETE", "/api/users/me", {}, 405, {"allow"}),
    "a refused form": ("POST", "/oauth2/access_token", {}, 400, {"cache-control", "pragma"}),
    "a refused client": ("POST", "/oauth2/access_token", {"headers": BASIC, "content": "a=b"}, 401, {"pragma"}),
    "a way to a page": ("GET", "/account/logout", {}, 302, {"location"}),
    "storage": ("GET", "/storage/nothing", {}, 404, {"x-content-type-options"}),
}


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[str, Any]]:
    """A running mock, and its API document."""
    with Server() as running:
        yield running.url, httpx.get(f"{running.url}/_mock/openapi.json").json()


@pytest.mark.parametrize("name", CALLS)
def test_answers_have_the_headers_that_the_document_names(served: tuple[str, Any], name: str) -> None:
    """Each header that the document says an answer has is there; the fuzzer finds the same of every call."""
    (url, document), (method, path, options, status, some) = served, CALLS[name]
    answer = httpx.request(method, f"{url}{path}", follow_redirects=False, **options)
    described = document["paths"][path.replace("nothing", "{key}")]
    response = described.get(method.lower(), described.get("get"))["responses"][str(status)]
    if "$ref" in response:
        response = document["components"]["responses"][response["$ref"].rpartition("/")[2]]
    known = document["components"]["headers"]
    wanted = {one for one in response.get("headers", {}) if known[one]["required"]}
    assert answer.status_code == status
    assert some <= wanted
    assert wanted <= answer.headers.keys()


@pytest.mark.slow
def test_the_api_document_is_valid() -> None:
    """The document that a running mock serves is valid OpenAPI 3.1."""
    with Mockspaces.start() as mock:
        document = httpx.get(f"{mock.url}/_mock/openapi.json").json()
    assert len(document["paths"]) > 90
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []
