"""How a value stands in a report: by its form alone, never as it was sent."""

import re
from typing import Any

# A kind of text, and how it is known. The first that fits is told.
FORMS = (
    ("an id", re.compile(r"[0-9a-f]{24}")),
    ("a UUID", re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")),
    ("lower-case hexadecimal", re.compile(r"(?=.*\d)[0-9a-f]{16,}")),
    ("a JWT", re.compile(r"[\w-]+\.[\w-]+\.[\w-]*")),
    ("a time", re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")),
    ("a time of another form", re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*")),
    ("an address", re.compile(r"[^@\s]+@[^@\s]+")),
    ("a URL", re.compile(r"\w+://.*", re.DOTALL)),
    ("a path", re.compile(r"/.*", re.DOTALL)),
    ("digits", re.compile(r"\d+")),
)
WORD = re.compile(r"[a-z_]{1,30}(\.[a-z_]{1,30})+")
MOST_DIGITS = 3


def form(value: Any) -> str:
    """Return what kind of value this is: its type, and for text also its form and length."""
    match value:
        case None | True | False:
            return repr(value)
        case int() | float():
            return str(value) if len(str(abs(value))) <= MOST_DIGITS else "a number"
        case str():
            kind = next((name for name, pattern in FORMS if pattern.fullmatch(value)), "text")
            return f"{kind} of {len(value)} characters" if value else "empty text"
        case list():
            return f"a list of {len(value)}"
        case dict():
            return "an object"
        case _:
            return "a value"


def code(value: Any) -> str:
    """Return the code of a refusal, which is a word of the service, with dots or an underscore; else its form."""
    return value if isinstance(value, str) and (WORD.fullmatch(value) or _is_oauth_word(value)) else form(value)


def _is_oauth_word(value: str) -> bool:
    return re.fullmatch(r"[a-z]{3,20}(_[a-z]{2,20}){1,3}", value) is not None


def numberless(text: str) -> str:
    """Return the words of a problem without positions in lists, so that each problem is told once."""
    return re.sub(r"\[\d+\]", "[]", text)
