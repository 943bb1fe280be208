"""Log lines: JSON, each with the request it was written in, and counted by level."""

import json
import logging
from contextvars import ContextVar
from datetime import UTC, datetime

from prometheus_client import Counter

# The request that this thread serves; empty between requests and in threads of our own.
request_id: ContextVar[str] = ContextVar("request_id", default="")

LINES = Counter("holdfast_app_log_lines_total", "Log lines written, by level.", ["level"])
for _level in ("info", "warning", "error", "critical"):
    LINES.labels(_level)  # from zero, or the first error would be no increase


class JsonFormatter(logging.Formatter):
    """A log record as one line of JSON; `extra={"fields": {...}}` adds fields."""

    def format(self, record: logging.LogRecord) -> str:
        current = request_id.get()
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **({"requestId": current} if current else {}),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


class Handler(logging.StreamHandler):
    """Writes a line and counts it: an alert on errors needs no log to be read."""

    def emit(self, record: logging.LogRecord) -> None:
        LINES.labels(record.levelname.lower()).inc()
        super().emit(record)
