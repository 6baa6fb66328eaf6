"""The closed list of metrics. Names and labels stand here and nowhere else; `docs/metrics.md` is printed from it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from time import monotonic

from prometheus_client import REGISTRY, Counter, Gauge, Histogram, generate_latest

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

HTTP_REQUESTS = Counter("hub_http_requests_total", "HTTP answers by route and status class", ["route", "status"])
HTTP_SECONDS = Histogram("hub_http_seconds", "Time to answer an HTTP request", ["route"], buckets=_FAST)
EVENTS_APPENDED = Counter("hub_events_appended_total", "Events acknowledged by Kafka", ["topic"])
APPEND_SECONDS = Histogram("hub_append_seconds", "Time from send to the last acknowledgement of a batch", buckets=_FAST)
EVENTS_HANDLED = Counter("hub_events_handled_total", "Events taken through all four steps", ["topic"])
EVENTS_PARKED = Counter(
    "hub_events_parked_total", "Events parked because they can never be handled", ["topic", "reason"]
)
STEP_SECONDS = Histogram(
    "hub_step_seconds", "Time of one of the four steps for a batch", ["handler", "step"], buckets=_FAST
)
BATCH_EVENTS = Histogram(
    "hub_batch_events", "Events in a batch", ["handler"], buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500)
)
CONSUMER_LAG = Gauge("hub_consumer_lag", "Events behind the end of the topic", ["topic", "partition"])
OLDEST_SECONDS = Gauge(
    "hub_queue_oldest_seconds", "Age of the oldest event not yet handled; 0 when none waits", ["topic"]
)
RETRIES = Counter("hub_transient_retries_total", "Retries because a part was away", ["part"])
REFUSALS = Counter("hub_refusals_total", "Documents and statuses refused, by reason", ["code"])
DUPLICATES = Counter("hub_duplicates_total", "Repeats answered with the first receipt")
PACKAGE_BYTES = Histogram(
    "hub_package_bytes", "Size of accepted packages", buckets=tuple(10.0**power for power in range(3, 10))
)
VERDICTS = Counter("hub_signature_verdicts_total", "Verdicts on signatures", ["outcome", "reason"])
VERIFY_SECONDS = Histogram("hub_signature_verify_seconds", "Time in the worker for one document", buckets=_FAST)
WORKERS_KILLED = Counter("hub_signature_workers_killed_total", "Verification workers killed", ["cause"])
INBOX_ITEMS = Gauge("hub_inbox_items", "Inbox items by transport state", ["state"])
INBOX_OLDEST_SECONDS = Gauge(
    "hub_inbox_oldest_seconds", "Age of the oldest item never downloaded; 0 when there is none"
)
ALERTS = Counter("hub_alerts_total", "Alerts by level, channel and outcome", ["level", "channel", "outcome"])
ALERTS_OPEN = Gauge("hub_alerts_open", "Alerts raised and not concluded, in this process's hands", ["channel"])
ALERTS_OVERDUE_SECONDS = Gauge(
    "hub_alerts_overdue_seconds", "How long ago the oldest alert not yet raised was due; 0 when none is"
)
DIRECTORY_AGENCIES = Gauge("hub_directory_agencies", "Agencies known to this process")
READY = Gauge("hub_ready", "1 when a part this process needs is there, 0 when it is away", ["part"])

METRICS = (
    HTTP_REQUESTS,
    HTTP_SECONDS,
    EVENTS_APPENDED,
    APPEND_SECONDS,
    EVENTS_HANDLED,
    EVENTS_PARKED,
    STEP_SECONDS,
    BATCH_EVENTS,
    CONSUMER_LAG,
    OLDEST_SECONDS,
    RETRIES,
    REFUSALS,
    DUPLICATES,
    PACKAGE_BYTES,
    VERDICTS,
    VERIFY_SECONDS,
    WORKERS_KILLED,
    INBOX_ITEMS,
    INBOX_OLDEST_SECONDS,
    ALERTS,
    ALERTS_OPEN,
    ALERTS_OVERDUE_SECONDS,
    DIRECTORY_AGENCIES,
    READY,
)


class Lags:
    """Shows the lag of this process's partitions, and no longer that of those which went to another."""

    def __init__(self) -> None:
        self._shown: set[tuple[str, str]] = set()

    def show(self, lags: Mapping[tuple[str, int], int]) -> None:
        """These partitions are ours now, and so far behind."""
        now = {(topic, str(partition)): lag for (topic, partition), lag in lags.items()}
        for place in self._shown - now.keys():
            CONSUMER_LAG.remove(*place)
        for place, lag in now.items():
            CONSUMER_LAG.labels(*place).set(lag)
        self._shown = set(now)


@contextmanager
def timed(histogram: Histogram) -> Iterator[None]:
    """Observe the seconds spent inside; give it a labelled child where the metric has labels."""
    start = monotonic()
    try:
        yield
    finally:
        histogram.observe(monotonic() - start)


def exposition() -> bytes:
    """All metrics in Prometheus' text format."""
    return generate_latest(REGISTRY)
