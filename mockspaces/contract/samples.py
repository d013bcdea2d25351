"""Documented answers and payloads with invented values: examples of the API documents, compared by tests."""

import json
from functools import cache
from pathlib import Path
from typing import Any


@cache
def all_samples() -> dict[str, Any]:
    """Return every sample answer by the id of its endpoint."""
    return {one["endpoint"]: one["answer"] for one in _documents("samples")}


@cache
def of_events() -> dict[str, Any]:
    """Return every sample payload by the name of its event."""
    return {one["event"]: one["payload"] for one in _documents("events")}


def _documents(name: str) -> list[dict[str, Any]]:
    package = Path(__file__).parents[1]
    packaged = package / "fixtures" / name
    folder = packaged if packaged.is_dir() else package.parent / "fixtures" / name
    return [json.loads(file.read_text(encoding="utf-8")) for file in folder.iterdir()]
