"""Search patterns of clients: case-insensitive regular expressions in linear time (PAGE-RX-01)."""

import re
from collections.abc import Iterable
from functools import cached_property
from typing import Any

import re2

from mockspaces.cloud.kernel.rejection import invalid
from mockspaces.contract.limits import Limits

# Over many joined lines `^` and `$` mean the ends of a line, and the line break itself never matches. So every
# pattern finds there what each line alone would give, but for those with flags of their own, `\Q` or `\C`.
_UNSAFE = re.compile(r"\(\?(?!:|P<|i\)|i:)|\\[QC]")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ENDS_OF_LINE = {"A": "(?:^)", "z": "(?:$)"}  # what the ends of a text are, of many texts in one
_PLAIN = re.compile(r"(\^?)([^\\^$|?*+()\[\]{}\x00-\x1f]+)(\$?)")
_MEMORY = 1 << 20  # bytes that one compiled pattern may take
LINE = "\n"


def fold(text: str) -> str:
    """Return a text without differences of case."""
    return text.casefold()


class Pattern:
    """One search; what the engine cannot read or evaluate is taken literally."""

    def __init__(self, text: str) -> None:
        """Compile a pattern."""
        self.text = text
        expression = _compiled(text)
        self._source = text if expression else re2.escape(text)
        self._expression = expression or _compiled(self._source)

    @cached_property
    def over_folded_lines(self) -> Any:
        """The expression for many folded lines in one text, several times faster; None unless it is plain words."""
        match = _PLAIN.fullmatch(self._source)
        if match is None:
            return None
        beginning, words, end = match.groups()
        literal = ".".join(re2.escape(fold(word)) for word in words.split("."))
        return _compiled(f"(?m:{beginning}{literal}{end})", never_nl=True, case_sensitive=True)

    @cached_property
    def line_safe(self) -> bool:
        """Whether `over_lines` can stand for `matches`."""
        return _UNSAFE.search(self._source) is None

    @cached_property
    def over_lines(self) -> Any:
        """The expression for many lines in one text; its input is bytes."""
        source = _ESCAPE.sub(lambda found: _ENDS_OF_LINE.get(found[1], found[0]), self._source)
        return _compiled(f"(?m:{source})", never_nl=True)

    def may_match(self, texts: Iterable[str]) -> bool:
        """Return False only if none of many texts matches: one pass over all of them."""
        return not self.line_safe or self.over_lines.search(LINE.join(texts).encode()) is not None

    def matches(self, *fields: str) -> bool:
        """Whether any of the fields matches."""
        return any(self._expression.search(field) is not None for field in fields)


def _compiled(text: str, *, never_nl: bool = False, case_sensitive: bool = False) -> Any:
    """Return the compiled expression, None for what the engine does not read."""
    options = re2.Options()
    options.case_sensitive = case_sensitive
    options.never_capture = True
    options.never_nl = never_nl
    options.log_errors = False
    options.max_mem = _MEMORY
    try:
        return re2.compile(text, options)
    except re2.error:
        return None


def search(text: str | None, limits: Limits) -> Pattern | None:
    """Return the pattern of a query, None if it matches all. Refuses one that is too long."""
    if not text:
        return None
    if len(text) > limits.search_chars:
        raise invalid("search", f"at most {limits.search_chars} characters")
    return Pattern(text)
