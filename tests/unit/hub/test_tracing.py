"""What goes on of a caller's trace: its traceparent, and nothing of whatever else it sent."""

import pytest
from opentelemetry.sdk.trace import TracerProvider

from hub.runtime import tracing

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture(autouse=True)
def provider(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "_TRACER", TracerProvider().get_tracer("test"))


def test_only_traceparent_goes_on() -> None:
    carried = [
        (b"traceparent", PARENT.encode()),
        (b"tracestate", b",".join(f"k{number}={'x' * 250}".encode() for number in range(32))),
        (b"baggage", b"user=" + b"x" * 8000),
    ]
    with tracing.span("door", tracing.from_headers(carried)):
        ((name, value),) = tracing.headers()
        assert tracing.traceparent().encode() == value
    assert name == "traceparent"
    assert value.decode().split("-")[1] == PARENT.split("-")[1]
    assert len(value) == len(PARENT)


@pytest.mark.parametrize("text", ["", "x", PARENT + "-x" * 5000, "00-" + "0" * 32 + "-b7ad6b7169203331-01", "đ"])
def test_what_is_no_trace_begins_a_new_one(text: str) -> None:
    with tracing.span("door", tracing.from_headers([(b"traceparent", text.encode())])):
        assert len(tracing.headers()) == 1


def test_without_a_trace_nothing_is_carried() -> None:
    assert tracing.headers() == []
    assert tracing.traceparent() == ""
