"""The log on standard error: one line per exchange with the why of every refusal, for people or as JSON."""

import json
import logging
import sys
import time
from typing import Literal

Style = Literal["lines", "json"]
LINES = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def configure(level: str, style: Style = "lines") -> None:
    """Log to standard error; standard output belongs to the ready line."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if style == "json" else Lines(LINES))
    logging.basicConfig(level=level.upper(), handlers=[handler])
    # It tells about every WebSocket with its query, and there is the token.
    logging.getLogger("uvicorn").setLevel(logging.WARNING)


class Lines(logging.Formatter):
    """One line per record. What clients send cannot begin a new one, nor speak to the terminal."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name is logging's
        """Return the line."""
        return visible(super().formatMessage(record))


class JsonLines(logging.Formatter):
    """One JSON object per record: time, level, logger, message, and the facts of an exchange."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        second = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        entry = {
            "time": f"{second}.{int(record.msecs):03}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry)


def visible(text: str) -> str:
    """Return a text with its control characters escaped."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
