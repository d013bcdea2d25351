"""The API document that a mock serves of itself: no service has it, so these tests cite nothing and claim nothing."""

from html.parser import HTMLParser
from typing import Any

import pytest

from contract_tests.kit import Cloud


@pytest.fixture
def document(cloud: Cloud) -> Any:
    """The API document of the target's world."""
    return cloud.control("GET", "/openapi.json")


def operations(document: Any) -> dict[str, Any]:
    return {
        one["operationId"]: {**one, "path": path, "method": method}
        for path, item in document["paths"].items()
        for method, one in item.items()
        if method != "servers"
    }


def test_the_document_is_made_from_rows_bodies_and_samples(document: Any) -> None:
    """An operation tells scope, credentials, header, body, documented answer and refusals of its call."""
    chat = operations(document)["MSG-CHAT"]
    assert (chat["path"], chat["method"]) == ("/api/spaces/{spaceId}/chats", "post")
    assert {"serviceApp": ["spaces.chat.create"]} in chat["security"]
    assert [one["name"] for one in chat["parameters"]] == ["spaceId", "spaces-x-space-password"]
    body = chat["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    assert "content" in document["components"]["schemas"][body]["required"]
    assert {"200", "400", "401", "403", "404", "405", "413"} <= set(chat["responses"])
    examples = chat["responses"]["403"]["content"]["application/json"]["examples"]
    assert examples["scope.missing"]["value"]["code"] == "scope.missing"
    listed = operations(document)["MSG-BYREF"]["responses"]["200"]["content"]["application/json"]["example"]
    assert set(listed) == {"data", "total", "nextPageUrl", "previousPageUrl"}


def test_every_answer_and_parameter_is_described(document: Any) -> None:
    """No answer in JSON and no parameter has an empty schema, and no body but those that take any JSON."""
    bare = []
    for name, one in operations(document).items():
        named = [answer.get("$ref", "").rpartition("/")[2] for answer in one["responses"].values()]
        shared = [document["components"]["responses"][name] for name in named if name]
        contents = [answer.get("content", {}) for answer in [*one["responses"].values(), *shared]]
        contents += [one["requestBody"]["content"]] if "requestBody" in one else []
        schemas = [content["application/json"]["schema"] for content in contents if "application/json" in content]
        schemas += [parameter["schema"] for parameter in one["parameters"]]
        bare += [name for schema in schemas if not schema]
    assert bare == ["MISC-DIALGATHER", "MISC-DIALIN"]
    size = next(one for one in operations(document)["MSG-BYREF"]["parameters"] if one["name"] == "size")
    assert size["schema"] == {"type": "integer", "minimum": 1, "maximum": 50, "default": 30}


def test_every_status_is_named(document: Any) -> None:
    """An operation names each status that it can answer by itself; none is left to a default."""
    answers = {name: one["responses"].keys() for name, one in operations(document).items()}
    assert [name for name, statuses in answers.items() if "default" in statuses] == []
    assert [name for name, statuses in answers.items() if not {"400", "405", "408", "413", "500"} <= statuses] == []
    assert "409" in answers["CTRL-WORLD-OPEN"]
    assert "409" not in answers["CTRL-CLOCK"]
    assert {"403", "404"} <= answers["STO-GET"]


def test_one_schema_per_style_of_refusal(cloud: Cloud, document: Any) -> None:
    """A refusal of the identity server is described as the setting has it, one of the REST API by code and message."""
    assert set(document["components"]["schemas"]["Error"]["properties"]) == {"code", "message"}
    refused = operations(document)["ACC-TOKEN"]["responses"]["400"]["content"]["application/json"]["schema"]
    assert refused == {"$ref": "#/components/schemas/VendorError"}
    cloud.configure({"accounts.error_style": "rfc6749"})
    after = operations(cloud.control("GET", "/openapi.json"))["ACC-TOKEN"]["responses"]["400"]
    assert after["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/OAuthError"}


def test_the_document_follows_the_overlay(cloud: Cloud) -> None:
    """A row that a world replaces is replaced in its document."""
    cloud.control("PATCH", "/contract", {"errors": {"scope.missing": {"status": 418}}})
    chat = operations(cloud.control("GET", "/openapi.json"))["MSG-CHAT"]
    assert "scope.missing" in chat["responses"]["418"]["description"]


def test_an_overlay_reaches_shapes(cloud: Cloud) -> None:
    """A member that a world renames, adds, retypes or leaves out is so in its answers and in its document."""
    changes = {
        "displayname": {"name": "displayName"},
        "gender": {"absent": True},
        "timezone": {"value": None},
        "age": {"value": 3},
    }
    ann = cloud.user()
    before = cloud.call("GET", "/users/me", ann).json()
    cloud.control("PATCH", "/contract", {"shapes": {"User": changes}})
    after = cloud.call("GET", "/users/me", ann).json()
    expected = {"displayName" if name == "displayname" else name: value for name, value in before.items()}
    del expected["gender"]
    assert after == {**expected, "timezone": None, "age": 3}
    described = cloud.control("GET", "/openapi.json")["components"]["schemas"]["User"]
    assert after.keys() <= described["properties"].keys()


def test_every_documented_call_is_served(cloud: Cloud, document: Any) -> None:
    """No operation of the document is an unknown path or a wrong method."""
    ann = cloud.user()
    missing = []
    for name, one in operations(document).items():
        # The one is there only where the server speaks TLS, the other's unknown entry is an unknown path.
        if name in ("CTRL-CA", "CTRL-JOURNAL-ENTRY"):
            continue
        words = {part["name"]: part["schema"].get("enum", ["nothing"])[0] for part in one["parameters"]}
        path = one["path"].format_map(words)  # another word is no path
        with cloud.http.stream(
            one["method"].upper(),
            f"{cloud.origin}{path}",
            headers={"Authorization": ann.authorization, "Content-Type": "application/json"},
            content=b'{"' if one["method"] in ("post", "put", "patch") else None,
        ) as answer:
            if answer.status_code < 400:  # an answer that goes on as long as somebody reads it is not read
                continue
            told = answer.read().decode()
        if answer.status_code == 405 or (answer.status_code == 404 and "route.not_found" in told):
            missing.append(f"{name}: {answer.status_code} {told}")
    assert missing == []


VIEWS = ("ui", "ui/sockets", "ui/state", "ui/hands", "docs")  # what the page for people leads to


class Page(HTMLParser):
    """Collects what a page refers to and which ids it has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        self.ids += [value or "" for name, value in attrs if name == "id"]


def test_the_page_shows_every_call_and_loads_nothing(cloud: Cloud, document: Any) -> None:
    """The page names every operation, has a script of its own alone, and no address outside of the mock."""
    answer = cloud.http.get(f"{cloud.urls['control']}/docs")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    page = Page(answer.text)
    assert set(operations(document)) <= set(page.ids)
    assert not page.tags & {"img", "iframe", "link"}
    assert "script-src 'nonce-" in answer.headers["content-security-policy"]
    inner = {link[1:] for link in page.links if link.startswith("#")}
    assert inner <= set(page.ids)
    assert {"schema-CreateBody", *(tag["name"] for tag in document["tags"])} <= inner
    outer = {link for link in page.links if not link.startswith("#")}
    assert all(link == "openapi.json" or link.partition("/_mock/")[2] in VIEWS for link in outer), outer
    assert "default-src 'none'" in answer.headers["content-security-policy"]
