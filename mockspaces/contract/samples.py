"""Documented answers with invented values, by endpoint id: examples of the API document, compared by a test."""

import json
from functools import cache
from importlib import resources
from typing import Any


@cache
def all_samples() -> dict[str, Any]:
    """Return every sample answer by the id of its endpoint."""
    packaged = resources.files("mockspaces").joinpath("fixtures", "samples")
    folder = packaged if packaged.is_dir() else resources.files("mockspaces").joinpath("..", "fixtures", "samples")
    found = [json.loads(file.read_text(encoding="utf-8")) for file in folder.iterdir()]
    return {one["endpoint"]: one["answer"] for one in found}
