"""JSON logs, one line per event, with allow-listed fields only: no document text, no secrets, no personal data."""

import logging
import sys
import traceback
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

import structlog
from opentelemetry import trace

from hub.model.errors import HubError

FIELDS = frozenset(
    {
        "service", "event", "level", "at", "trace_id", "span_id", "hub_id", "event_id", "delivery_id", "system_id",
        "topic", "partition", "offset", "topics", "partitions", "count", "code", "reason", "part", "seconds", "attempt",
        "status", "route", "method", "size", "error", "exception", "handler", "step", "outcome", "channel", "agency",
        "recipients", "port", "signal", "pid", "version", "lag", "where",
    }
)  # fmt: skip

_SAME_AGAIN_SECONDS = 5.0
_MOST_REMEMBERED = 1000
_MOST_FRAMES, _DEEPEST_CAUSE = 12, 4


def _allow_listed(_logger: object, _name: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    dropped = sorted(set(entry) - FIELDS)
    kept = {name: value for name, value in entry.items() if name in FIELDS}
    return kept | ({"where": f"dropped fields: {','.join(dropped)}"} if dropped else {})


def _traced(_logger: object, _name: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        entry["trace_id"] = format(context.trace_id, "032x")
        entry["span_id"] = format(context.span_id, "016x")
    return entry


class _Sparing(logging.Filter):
    """Lets a library say the same thing once in a while: aiokafka tells of a broker that is away 20 times a second."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        said = (record.name, str(record.msg)[:200])
        if record.created - self._said.get(said, -_SAME_AGAIN_SECONDS) < _SAME_AGAIN_SECONDS:
            return False
        if len(self._said) > _MOST_REMEMBERED:
            self._said.clear()
        self._said[said] = record.created
        return True


def _without_messages(_logger: object, _name: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Exceptions as types and places: what a library writes into a message may quote what a client sent."""
    raised = entry.pop("exc_info", None)
    error = sys.exc_info()[1] if raised is True else raised[1] if isinstance(raised, tuple) else raised
    if isinstance(error, BaseException):
        entry["exception"] = " | ".join(_told(error, _DEEPEST_CAUSE))
    return entry


def _told(error: BaseException, deepest: int) -> Iterator[str]:
    """An exception, what it groups, and what it came from; messages of our own errors only, they quote nothing."""
    message = f"({error})" if isinstance(error, HubError) else ""
    frames = reversed(traceback.extract_tb(error.__traceback__)[-_MOST_FRAMES:])
    places = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames)
    yield f"{type(error).__name__}{message} at {places or 'nowhere'}"
    others = [*error.exceptions] if isinstance(error, BaseExceptionGroup) else []
    others += [cause for cause in (error.__cause__ or error.__context__,) if cause is not None]
    for other in others if deepest else ():
        yield from _told(other, deepest - 1)


def configure(service: str, level: str) -> None:
    """Send this process's logs, libraries' included, to stdout as JSON lines."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        _traced,
    ]
    structlog.configure(
        processors=[
            *shared,
            _without_messages,
            _allow_listed,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _without_messages,
                _allow_listed,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    handler.addFilter(_Sparing())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)


def logger() -> Any:
    """The process's logger: `log.info("what happened", hub_id=…)`; fields outside the list are dropped."""
    return structlog.get_logger()
