"""The change log: what makes a cloud outlive its process. Without one nothing of this is loaded."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from mockspaces.changelog.log import ChangeLog, LogError


def open_log(
    url: str,
    *,
    prefix: str = "",
    password: str | None = None,
    volatile: bool = False,
    options: Mapping[str, Any] | None = None,
) -> ChangeLog:
    """Return the log that ``--log`` names; the rest is for Redis, whose workers all have the same ``options``.

    Raises `LogError` for one that cannot be used.
    """
    if url.startswith(("redis:", "rediss:")):
        try:
            from mockspaces.changelog.redis import RedisLog  # noqa: PLC0415 - of several kinds one is loaded
        except ImportError:
            raise LogError('--log redis://... needs the extra redis, as in pip install "./mockspaces[redis]"') from None
        return RedisLog(url, prefix=prefix, password=password, volatile=volatile, options=options)
    from mockspaces.changelog.sqlite import SqliteLog  # noqa: PLC0415 - as above

    parts = urlsplit(url)
    named = url.startswith("sqlite:///") and parts.path[1:]
    if not named or parts.query or parts.fragment:
        raise LogError(
            f'--log: expected none, redis://HOST:PORT/0, or sqlite:///PATH with an absolute path, not "{url}"'
        )
    return SqliteLog(Path(unquote(parts.path)))
