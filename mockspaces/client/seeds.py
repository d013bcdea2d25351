"""What a world begins with, as a test names it."""

import json
import os
from collections.abc import Mapping
from typing import Any

from mockspaces.client.connection import ControlError
from mockspaces.handwritten import YAML, Handwritten

INVALID = "request.invalid"
FILES = (".json", *YAML)
SeedName = str | os.PathLike[str] | Mapping[str, Any]


class Seed:
    """A bundled seed by its name, a document, or the path of a JSON or YAML file with one."""

    def __init__(self, given: SeedName) -> None:
        """Read the file if it is one. Raises `OSError` if that is impossible, `ValueError` if it is broken."""
        self._file: Handwritten | None = None
        if isinstance(given, os.PathLike) or (isinstance(given, str) and given.endswith(FILES)):
            self._file = Handwritten(os.fspath(given))
            self.body: Any = json.loads(self._file.text)
        else:
            self.body = given

    def located(self, error: ControlError) -> ControlError:
        """Return a refusal with file and line in front, if it is about what stands in a file."""
        if self._file is None or error.code != INVALID:
            return error
        return ControlError(error.status, error.code, f"{self._file.place(error.why)}: {error.why}")
