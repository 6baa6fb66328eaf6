"""Libraries may repeat themselves; the log does not."""

import logging

import pytest

from hub.model.errors import Transient
from hub.runtime.logs import _Sparing, _without_messages


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


def told(error: BaseException) -> str:
    return str(_without_messages(None, "error", {"exc_info": error})["exception"])


def raised(error: BaseException) -> BaseException:
    with pytest.raises(type(error)) as caught:
        raise error
    return caught.value


def test_exceptions_are_told_without_what_they_quote() -> None:
    said = told(raised(ValueError("Nguyễn Văn A, đơn khiếu nại")))
    assert said.startswith("ValueError at test_logs.py:")
    assert "Nguyễn" not in said


def test_our_own_errors_keep_their_words_and_causes_are_told_too() -> None:
    error = Transient("mongo", "no answer in time")
    error.__cause__ = raised(KeyError("secret"))
    assert (
        told(ExceptionGroup("several", [error]))
        .replace(" at nowhere", "")
        .startswith("ExceptionGroup | Transient(mongo: no answer in time) | KeyError at test_logs.py")
    )
