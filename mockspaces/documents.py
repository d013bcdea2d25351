"""Documents that people write by hand, seeds and overlays: what is wrong in one is told by line and member.

JSON; YAML too where PyYAML is installed (it is no dependency of ours), then by member alone.
"""

import importlib
import json
import re
from json import JSONDecodeError
from pathlib import Path
from typing import TypeVar

from mockspaces.asgi.decoding import decode
from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.contract import errors
from mockspaces.contract.limits import Limits

Value = TypeVar("Value")
YAML = (".yaml", ".yml")
_STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+)")
_BLANK = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


class Document:
    """One file; ``read`` gives its content, ``located`` adds its name and a line to a refusal."""

    def __init__(self, path: str) -> None:
        """Read a file. Raises `OSError` if that is impossible, `Rejection` if it is no text."""
        self._path = path
        data = Path(path).read_bytes()
        try:
            self._text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise Rejection(errors.REQUEST_INVALID, f"{path}: is not UTF-8") from None

    def read(self, kind: type[Value]) -> Value:
        """Return the content as ``kind``. Refuses what it is not, by line and member."""
        if self._path.endswith(YAML):
            self._text = self._from_yaml()
            return self._typed(kind)
        try:
            json.loads(self._text)
        except JSONDecodeError as error:
            problem = f"{self._path}, line {error.lineno}, column {error.colno}: is not JSON: {error.msg}"
            raise Rejection(errors.REQUEST_INVALID, problem, detail=problem) from None
        return self._typed(kind)

    def _typed(self, kind: type[Value]) -> Value:
        try:
            return decode(self._text.encode(), kind, Limits())
        except Rejection as rejection:
            raise self.located(rejection) from None

    def _from_yaml(self) -> str:
        """Return a YAML text as JSON; what JSON does not have, such as dates, becomes text."""
        try:
            yaml = importlib.import_module("yaml")
        except ImportError:
            raise Rejection(
                errors.REQUEST_INVALID, f"{self._path}: YAML needs the package PyYAML; JSON does not"
            ) from None
        try:
            return json.dumps(yaml.safe_load(self._text), default=str)
        except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
            problem = " ".join(str(error).split())
            raise Rejection(
                errors.REQUEST_INVALID, f"{self._path}: is not YAML that JSON could hold: {problem}"
            ) from None

    def located(self, rejection: Rejection) -> Rejection:
        """Return a refusal that begins with the file's name and the line of the member it names."""
        place = self._path
        if not self._path.endswith(YAML):
            place += f", line {line_of(self._text, rejection.why.partition(': ')[0])}"
        return Rejection(rejection.code, f"{place}: {rejection.why}", detail=f"{place}: {rejection.detail}")


def line_of(text: str, member: str) -> int:
    """Return the line of a member of a JSON text, named as ``users[2].username``, or of what is nearest around it."""
    at = _skip(text, 0)
    steps = [int(number) if number else name for number, name in _STEP.findall(member)]
    while steps:
        names = (".".join(map(str, steps[:count])) for count in range(len(steps), 0, -1))  # names may hold dots
        found = next(
            ((inner, name.count(".") + 1) for name in names if (inner := _child(text, at, name)) is not None), None
        )
        if found is None:
            break
        at, taken = found
        steps = steps[taken:]
    return text.count("\n", 0, at) + 1


def _skip(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at


def _child(text: str, at: int, wanted: str) -> int | None:
    """Return where the value of a member, or the item of a number, begins."""
    in_object, number = text[at : at + 1] == "{", 0
    if text[at : at + 1] not in ("{", "["):
        return None
    at = _skip(text, at + 1)
    while text[at] not in "}]":
        name = str(number)
        if in_object:
            name, at = _DECODER.raw_decode(text, at)
            at = _skip(text, _skip(text, at) + 1)  # behind the colon
        if name == wanted:
            return at
        _, at = _DECODER.raw_decode(text, at)
        at, number = _skip(text, at), number + 1
        at = _skip(text, at + 1) if text[at] == "," else at
    return None
