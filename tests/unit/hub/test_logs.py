"""Libraries may repeat themselves; the log does not."""

import logging

from hub.runtime.logs import _Sparing


def record(message: str, at: float, name: str = "aiokafka") -> logging.LogRecord:
    made = logging.LogRecord(name, logging.ERROR, "file", 1, message, (), None)
    made.created = at
    return made


def test_the_same_message_passes_once_in_a_while() -> None:
    sparing = _Sparing()
    assert [sparing.filter(record("away", at)) for at in (0.0, 1.0, 4.9, 5.1, 6.0)] == [True, False, False, True, False]


def test_other_messages_and_other_libraries_pass() -> None:
    sparing = _Sparing()
    assert sparing.filter(record("away", 1.0))
    assert sparing.filter(record("back", 1.0))
    assert sparing.filter(record("away", 1.0, "pymongo"))
