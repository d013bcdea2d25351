"""The change log: what makes a cloud outlive its process. Without one nothing of this is loaded."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from mockspaces.changelog.log import ChangeLog, LogError


def open_log(url: str) -> ChangeLog:
    """Return the log that ``--log`` names. Raises `LogError` for one that cannot be used."""
    from mockspaces.changelog.sqlite import SqliteLog  # noqa: PLC0415 - of several kinds one is loaded

    parts = urlsplit(url)
    named = url.startswith("sqlite:///") and parts.path[1:]
    if not named or parts.query or parts.fragment:
        raise LogError(f'--log: expected none or sqlite:///PATH with an absolute path, not "{url}"')
    return SqliteLog(Path(unquote(parts.path)))
