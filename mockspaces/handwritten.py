"""Documents that people write by hand: read as JSON or YAML, and where in them a member stands.

The standard library is enough for this, since the client of a server elsewhere reads seeds too. YAML needs PyYAML,
which is no dependency of ours; there a mistake is told by member alone.
"""

import importlib
import json
import re
from json import JSONDecodeError
from pathlib import Path

YAML = (".yaml", ".yml")
_STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+)")
_BLANK = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


class Handwritten:
    """One file; ``text`` is its content as JSON."""

    def __init__(self, path: str) -> None:
        """Read a file. Raises `OSError` if that is impossible, `ValueError` with file and line if it is broken."""
        self.path = path
        data = Path(path).read_bytes()
        try:
            self.text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise ValueError(f"{path}: is not UTF-8") from None
        if self._is_yaml:
            self.text = self._from_yaml()
        try:
            json.loads(self.text)
        except JSONDecodeError as error:
            place = f"{path}, line {error.lineno}, column {error.colno}"
            raise ValueError(f"{place}: is not JSON: {error.msg}") from None

    @property
    def _is_yaml(self) -> bool:
        return self.path.endswith(YAML)

    def _from_yaml(self) -> str:
        """Return a YAML text as JSON; what JSON does not have, such as dates, becomes text."""
        try:
            yaml = importlib.import_module("yaml")
        except ImportError:
            raise ValueError(f"{self.path}: YAML needs the package PyYAML; JSON does not") from None
        try:
            return json.dumps(yaml.safe_load(self.text), default=str)
        except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
            problem = " ".join(str(error).split())
            raise ValueError(f"{self.path}: is not YAML that JSON could hold: {problem}") from None

    def place(self, why: str) -> str:
        """Return the file's name, and the line of the member that a refusal begins with."""
        return self.path if self._is_yaml else f"{self.path}, line {line_of(self.text, why.partition(': ')[0])}"


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
