"""Nothing secret or personal leaves a run: credentials and addresses are replaced by what they are."""

import json
import re
from typing import Any

SECRET_MEMBERS = frozenset(
    {
        *("access_token", "refresh_token", "id_token", "token", "password", "client_secret", "private_key", "secret"),
        *("code_verifier", "csrfmiddlewaretoken", "sessionid", "csrftoken", "auth_token", "confpin", "signature"),
        *("authorization", "cookie", "set-cookie", "x-mock-token", "spaces-x-space-password", "pagetoken"),
    }
)
SECRET_PARAMETERS = SECRET_MEMBERS | {"code"}  # in JSON, code is the name of an error
_PATTERNS = (
    (re.compile(r"(?<![\w-])[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}"), "<JWT>"),
    (re.compile(r"-----BEGIN[^-]*-----.*?-----END[^-]*-----", re.DOTALL), "<key>"),
    (re.compile(r"\b[0-9a-f]{40}\b"), "<token>"),
    (re.compile(r"(?<![\w.+-])[\w.+-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+"), "<e-mail>"),
)
_QUOTED_SECRET = re.compile(  # a member in the text of an assertion, of JSON or of Python
    rf"""(?i)(?P<name>["'](?:{"|".join(map(re.escape, sorted(SECRET_MEMBERS)))})\\?["']\s*:\s*\\?)"""
    r"""(?P<quote>["'])(?P<value>(?:\\.|(?!(?P=quote)).)*)"""
)
_FORM_SECRET = re.compile(
    rf"(?i)(?P<name>(?:^|[&?;\s])(?:{'|'.join(map(re.escape, sorted(SECRET_PARAMETERS)))})=)(?P<value>[^&\s;]*)"
)


def redact(value: Any) -> Any:
    """Return a JSON value without secrets and addresses."""
    if isinstance(value, dict):
        return {key: _member(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [redact(inner) for inner in value]
    return redact_text(value) if isinstance(value, str) else value


def _member(name: str, value: Any) -> Any:
    if name.lower() in SECRET_MEMBERS and isinstance(value, str) and value:
        return f"<{name.lower()}>"
    return redact(value)


def redact_text(text: str) -> str:
    """Return text, JSON or a form without secrets and addresses."""
    if text[:1] in ("{", "["):
        try:
            return json.dumps(redact(json.loads(text)), ensure_ascii=False)
        except (ValueError, RecursionError):
            pass  # it only looked like JSON
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    text = _QUOTED_SECRET.sub(lambda match: f"{match['name']}{match['quote']}<secret>", text)
    return _FORM_SECRET.sub(lambda match: f"{match['name']}<secret>", text)
