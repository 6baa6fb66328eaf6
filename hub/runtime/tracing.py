"""One trace from the HTTP request to the alert: W3C traceparent in HTTP and in Kafka headers."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from hub.runtime.settings import HubSettings

_TRACER = trace.get_tracer("hub")  # asked for once: each asking costs as much as the span
_TRACEPARENT = "traceparent"
_W3C = TraceContextTextMapPropagator()
"""Without baggage; and of a caller's headers `traceparent` alone is read, which is short whatever the caller sends."""


class _FileExporter(SpanExporter):
    """Finished spans as JSON lines: for a machine without a collector."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._out = file.open("a", encoding="utf-8")

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        for span in spans:
            self._out.write(json.dumps(_line(span), ensure_ascii=False) + "\n")
        self._out.flush()
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        self._out.close()


def _line(span: ReadableSpan) -> dict[str, Any]:
    context = span.get_span_context()
    parent = span.parent
    return {
        "trace_id": format(context.trace_id, "032x") if context else "",
        "span_id": format(context.span_id, "016x") if context else "",
        "parent_id": format(parent.span_id, "016x") if parent else "",
        "service": span.resource.attributes.get("service.name"),
        "name": span.name,
        "start_ns": span.start_time,
        "end_ns": span.end_time,
        "attributes": dict(span.attributes or {}),
    }


def configure(service: str, settings: HubSettings) -> None:
    """Set this process's tracer up; spans go to the collector, to a file, or nowhere."""
    exporting = bool(settings.otlp_endpoint or settings.trace_file)
    provider = TracerProvider(  # ids go on in any case
        resource=Resource.create({"service.name": service}), sampler=ALWAYS_ON if exporting else ALWAYS_OFF
    )
    if settings.otlp_endpoint:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - takes 4 MB

        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=settings.otlp_endpoint)))
    if settings.trace_file:
        provider.add_span_processor(BatchSpanProcessor(_FileExporter(settings.trace_file)))
    trace.set_tracer_provider(provider)


@contextmanager
def span(name: str, parent: Context | None = None, **attributes: str | int) -> Iterator[None]:
    """Run what is inside as a span; below `parent` when given, else below the current one."""
    with _TRACER.start_as_current_span(name, context=parent, attributes=attributes):
        yield


def headers() -> list[tuple[str, bytes]]:
    """Kafka headers that carry the current trace."""
    current = traceparent()
    return [(_TRACEPARENT, current.encode())] if current else []


def traceparent() -> str:
    """The current trace as text, to be kept where work goes on later (timers); empty without a trace."""
    carrier: dict[str, str] = {}
    _W3C.inject(carrier)
    return carrier.get(_TRACEPARENT, "")


def from_headers(raw: Iterable[tuple[bytes, bytes]]) -> Context:
    """The trace that an HTTP request or a record of the log belongs to, by its headers."""
    found = next((value for name, value in raw if name == _TRACEPARENT.encode()), b"")
    return from_traceparent(found.decode("latin-1"))


def from_traceparent(text: str) -> Context:
    """The trace that `traceparent` gave earlier."""
    return _W3C.extract({_TRACEPARENT: text} if text else {})


def flush() -> None:
    """Write spans that still wait."""
    provider = trace.get_tracer_provider()
    if isinstance(provider, TracerProvider):
        provider.shutdown()
