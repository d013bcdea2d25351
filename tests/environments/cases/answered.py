import httpx
import requests
import responses
import respx


@respx.mock
def test_respx(mockspaces):
    """respx answers what it should, the world the rest, and control calls arrive."""
    respx.get("https://other.example/").respond(418)
    respx.route(host="127.0.0.1").pass_through()
    assert httpx.get("https://other.example/").status_code == 418
    assert mockspaces.user("zoe@example.com").username == "zoe@example.com"
    assert httpx.get(f"{mockspaces.url}/health").status_code == 200


@responses.activate
def test_responses(mockspaces):
    """responses answers what it should, the world the rest, and control calls arrive."""
    responses.get("https://other.example/", status=418)
    responses.add_passthru("http://127.0.0.1")
    assert requests.get("https://other.example/").status_code == 418
    assert mockspaces.user("zoe@example.com").username == "zoe@example.com"
    assert requests.get(f"{mockspaces.url}/health").status_code == 200
