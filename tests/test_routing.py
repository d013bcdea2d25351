import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockspaces.asgi.routing import MethodNotAllowed, Router
from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.contract import endpoints
from mockspaces.contract.rows import Endpoint


def row(name: str, method: str, path: str, *aliases: str) -> Endpoint:
    return Endpoint(id=name, surface="rest", method=method, path=path, aliases=aliases)


ROUTER = Router(
    [
        row("LIST", "GET", "/api/spaces"),
        row("CREATE", "POST", "/api/spaces/invite"),
        row("GET", "GET", "/api/spaces/{spaceId}", "/api/topics/{topicId}"),
        row("CHANGE", "POST", "/api/spaces/{spaceId}"),
        row("MEMBER", "GET", "/api/spaces/{spaceId}/members/{memberId}"),
        row("BULK", "GET", "/api/spaces/invite/members/all"),
    ]
)


@pytest.mark.parametrize(
    ("method", "path", "endpoint", "params"),
    [
        ("GET", "/api/spaces", "LIST", {}),
        ("GET", "/api/spaces/", "LIST", {}),
        ("HEAD", "/api/spaces", "LIST", {}),
        ("GET", "/api/spaces/1", "GET", {"spaceId": "1"}),
        ("GET", "/api/spaces/1/", "GET", {"spaceId": "1"}),
        ("GET", "/api/topics/1", "GET", {"topicId": "1"}),
        ("POST", "/api/spaces/1", "CHANGE", {"spaceId": "1"}),
        ("POST", "/api/spaces/invite", "CREATE", {}),
        ("GET", "/api/spaces/1/members/2", "MEMBER", {"spaceId": "1", "memberId": "2"}),
        ("GET", "/api/spaces/invite/members/2", "MEMBER", {"spaceId": "invite", "memberId": "2"}),
        ("GET", "/api/spaces/invite/members/all", "BULK", {}),
        ("GET", "/api/spaces/a%2Fb", "GET", {"spaceId": "a/b"}),
        ("GET", "/api/spaces/{spaceId}", "GET", {"spaceId": "{spaceId}"}),
    ],
)
def test_path_leads_to_its_row(method: str, path: str, endpoint: str, params: dict[str, str]) -> None:
    """Literals, parameters, aliases, final slashes and HEAD find their row and its parameters."""
    assert ROUTER.find(method, path) == (endpoint, params)


@pytest.mark.behaviour("ERR-ORDER-05")
@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/api/spaces/invite", "POST"),
        ("GET", "/api/spaces/invite/", "POST"),
        ("DELETE", "/api/spaces/1", "GET, POST"),
        ("HEAD", "/api/spaces/invite", "POST"),
        ("get", "/api/spaces", "GET"),
    ],
)
def test_wrong_method_names_the_right_ones(method: str, path: str, allow: str) -> None:
    """A literal wins before the method is looked at, and the refusal tells which methods there are."""
    with pytest.raises(MethodNotAllowed) as refused:
        ROUTER.find(method, path)
    assert refused.value.allow == allow


@pytest.mark.parametrize("path", ["/api", "/", "", "/api/spaces//members/2", "/api/spaces/1/2", "/api//spaces", "/x"])
def test_unknown_path_is_refused(path: str) -> None:
    """Prefixes, empty segments and everything else that no row names are unknown."""
    with pytest.raises(Rejection) as refused:
        ROUTER.find("GET", path)
    assert refused.value.code == "route.not_found"


@pytest.mark.parametrize("endpoint", endpoints.ROWS, ids=lambda endpoint: endpoint.id)
def test_every_row_of_the_contract_is_found_by_its_own_path(endpoint: Endpoint) -> None:
    """Among all rows of its surface no other row hides one, neither under its path nor under an alias."""
    router = Router(one for one in endpoints.ROWS if one.surface == endpoint.surface)
    for path in (endpoint.path, *endpoint.aliases):
        assert router.find(endpoint.method, path)[0] == endpoint.id


@given(st.text(alphabet="/abinvte{}%2F1", max_size=40), st.sampled_from(["GET", "POST", "HEAD", "X"]))
def test_any_path_is_found_or_refused(path: str, method: str) -> None:
    """No path makes the router fail in another way than by refusing it."""
    try:
        endpoint, _params = ROUTER.find(method, path)
    except Rejection:
        return
    assert endpoint in {"LIST", "CREATE", "GET", "CHANGE", "MEMBER", "BULK"}
