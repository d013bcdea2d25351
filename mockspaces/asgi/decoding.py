"""The one way from a body to a typed value: every complaint of the parser becomes a `Rejection`."""

from typing import Any, TypeVar

import msgspec

from mockspaces.cloud.kernel.complaints import refusal
from mockspaces.cloud.kernel.nesting import HALF, containers, deeper_than, mended, path
from mockspaces.cloud.kernel.rejection import invalid
from mockspaces.contract.limits import Limits

Value = TypeVar("Value")


def decode(data: bytes, kind: type[Value], limits: Limits) -> Value:
    """Return a JSON body as ``kind``; an empty body counts as ``{}`` (REST-REQ-03).

    Refuses bad UTF-8, bad JSON, nesting over the limit and values of the wrong type, and names the first
    bad member (`request.invalid`).
    """
    return counted(data, kind, limits, count(data, limits))


def count(data: bytes, limits: Limits) -> int:
    """Return how many arrays and objects a JSON text has. Refuses more than may be made of it."""
    found = containers(data, limits.json_containers)
    if found > limits.json_containers:
        depth, most = limits.json_depth, limits.json_containers
        raise invalid("", f"JSON has more than {most} arrays and objects, or nests deeper than {depth} levels")
    return found


def counted(data: bytes, kind: type[Value], limits: Limits, found: int) -> Value:
    """Do what `decode` does, for whoever has counted before: of a large body each step takes its time."""
    text = data if data.strip() else b"{}"
    try:
        if found > limits.json_depth:
            refuse_deep(msgspec.json.decode(text), limits.json_depth)
        text.decode("utf-8")
        return msgspec.json.decode(text, type=kind)
    except msgspec.ValidationError as error:
        raise refusal(str(error), kind) from None
    except RecursionError:
        raise invalid("", f"JSON nests deeper than {limits.json_depth} levels") from None
    except UnicodeDecodeError:
        raise invalid("", "the body is not UTF-8") from None
    except msgspec.DecodeError as error:
        if half := mended(text):  # REST-REQ-08
            raise invalid(path(half[1]), HALF) from None
        raise invalid("", f"the body is not JSON: {error}") from None


def refuse_deep(value: Any, limit: int) -> None:
    """Refuse a value that nests deeper than ``limit`` levels (REST-REQ-07)."""
    if deeper_than(value, limit):
        raise invalid("", f"JSON nests deeper than {limit} levels")
