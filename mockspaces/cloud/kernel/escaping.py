"""How the text of messages is stored: quotes outside tags as entities (MSG-GEN-04)."""

import re
from collections.abc import Mapping

_MARK = re.compile(r"""[<>"']""")
_TAG_BEGINS = re.compile(r"<[A-Za-z/!]")


def escape(text: str, entities: Mapping[str, str]) -> str:
    """Return a text with the quotes outside its tags as ``entities``; tags and everything else stay as they are.

    A tag begins with ``<`` and a letter, ``/`` or ``!`` and ends with the next ``>`` that is not inside a
    quoted attribute value; what another ``<`` interrupts, or nothing ends, is text. One pass, which never
    goes back.
    """
    if '"' not in text and "'" not in text:
        return text
    pieces: list[str] = []
    done, quote, in_tag = 0, "", False
    for mark in _MARK.finditer(text):
        at, sign = mark.start(), mark[0]
        if quote:
            quote = "" if sign == quote else quote
        elif sign == "<":
            pieces.append(_quoted(text[done:at], entities))
            done, in_tag = at, _TAG_BEGINS.match(text, at) is not None
        elif in_tag and sign == ">":
            pieces.append(text[done : at + 1])
            done, in_tag = at + 1, False
        elif in_tag and text[at - 1] == "=":
            quote = sign
    return "".join([*pieces, _quoted(text[done:], entities)])


def _quoted(text: str, entities: Mapping[str, str]) -> str:
    for sign, entity in entities.items():
        text = text.replace(sign, entity)
    return text
