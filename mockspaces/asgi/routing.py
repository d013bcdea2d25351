"""From a path to an endpoint: a tree of path segments, one look-up per segment."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.contract import errors
from mockspaces.contract.rows import Endpoint

REMEMBERED = 200  # characters of a path whose endpoint is kept


class MethodNotAllowed(Rejection):
    """The path exists, but not with this method; ``allow`` names the methods it has."""

    def __init__(self, method: str, path: str, allow: Iterable[str]) -> None:
        """Refuse a method."""
        self.allow = ", ".join(sorted(allow))
        super().__init__(errors.METHOD_NOT_ALLOWED, f"{path} takes {self.allow}, not {method}")


class _Node:
    __slots__ = ("literals", "methods", "names", "parameter")

    def __init__(self) -> None:
        self.literals: dict[str, _Node] = {}
        self.parameter: _Node | None = None
        self.methods: dict[str, str] = {}
        self.names: dict[str, tuple[str, ...]] = {}


class Router:
    """Finds the endpoint of a method and path. A literal segment wins over a parameter (ERR-ORDER-05)."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        """Build the tree from endpoint rows and their aliases."""
        self._root = _Node()
        self._literal: dict[str, _Node] = {}
        for endpoint in endpoints:
            for path in (endpoint.path, *endpoint.aliases):
                self._add(endpoint, path)
        self._known = lru_cache(maxsize=1024)(self._find)

    def _add(self, endpoint: Endpoint, path: str) -> None:
        node, names = self._root, []
        for segment in _segments(path):
            if segment.startswith("{"):
                names.append(segment[1:-1])
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.literals.setdefault(segment, _Node())
        if not names:
            self._literal[path] = node
        node.methods[endpoint.method] = endpoint.id
        node.names[endpoint.method] = tuple(names)

    def find(self, method: str, path: str) -> tuple[str, Mapping[str, str]]:
        """Return endpoint id and path parameters. Refuses unknown paths and wrong methods."""
        # A client asks for the same things over and over, but no long path may be kept.
        return self._known(method, path) if len(path) <= REMEMBERED else self._find(method, path)

    def _find(self, method: str, path: str) -> tuple[str, Mapping[str, str]]:
        literal = self._literal.get(path)  # no parameter can win over it
        found = (literal, ()) if literal else _walk(self._root, _segments(path), 0, ())
        if found is None:
            raise Rejection(errors.ROUTE_NOT_FOUND, f"{path} is no path of this surface")
        node, values = found
        wanted = "GET" if method == "HEAD" else method
        if wanted not in node.methods:
            raise MethodNotAllowed(method, path, node.methods)
        if not values:
            return node.methods[wanted], {}
        decoded = (value.replace("%2F", "/") for value in values)  # the application leaves encoded slashes encoded
        return node.methods[wanted], dict(zip(node.names[wanted], decoded, strict=True))


def _segments(path: str) -> list[str]:
    return path.strip("/").split("/")


def _walk(node: _Node, segments: list[str], at: int, values: tuple[str, ...]) -> tuple[_Node, tuple[str, ...]] | None:
    if at == len(segments):
        return (node, values) if node.methods else None
    segment = segments[at]
    literal = node.literals.get(segment)
    if literal and (found := _walk(literal, segments, at + 1, values)):
        return found
    if node.parameter is None or not segment:
        return None
    return _walk(node.parameter, segments, at + 1, (*values, segment))
