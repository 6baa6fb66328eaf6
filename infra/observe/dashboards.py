# ruff: noqa: INP001, T201 - a script for the repository, not a package
"""Write grafana/dashboards/*.json from the tables below: `python infra/observe/dashboards.py`.

A table line is readable in review, Grafana's JSON is not. A test holds the files equal to the tables.
"""

import json
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "grafana" / "dashboards"
_COLUMNS, _WIDTH, _HEIGHT = 3, 8, 8
_SOURCE = {"type": "prometheus", "uid": "prometheus"}


@dataclass(frozen=True, slots=True)
class Panel:
    """One graph: titles, unit as Grafana names it, and (PromQL, legend) pairs."""

    vi: str
    en: str
    unit: str
    queries: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Dashboard:
    """One file."""

    uid: str
    title: str
    panels: tuple[Panel, ...]
    services: bool = False
    """Whether the reader chooses services on top."""


def _quantiles(metric: str, by: str, *, of: str = "") -> tuple[tuple[str, str], ...]:
    legend = "".join(f" {{{{{label}}}}}" for label in by.split(", ") if label)
    labels = f"{by}, le" if by else "le"
    return tuple(
        (f"histogram_quantile({q}, sum by ({labels}) (rate({metric}_bucket{of}[$__rate_interval])))", f"{name}{legend}")
        for q, name in ((0.5, "p50"), (0.99, "p99"))
    )


_POST = '{service="ingest", route="/api/v1/documents"}'
_OF = '{service=~"$service"}'

OVERVIEW = Dashboard("hub-overview", "Trục liên thông · Hub overview", (
    Panel("Văn bản mỗi giây", "Documents per second", "ops", (
        ('sum(rate(hub_events_appended_total{topic="document.received.v1"}[$__rate_interval]))', "accepted"),
        ('sum(rate(hub_events_appended_total{topic="document.refused.v1"}[$__rate_interval]))', "refused by the hub"),
        ('sum(rate(hub_events_appended_total{topic="delivery.planned.v1"}[$__rate_interval]))', "deliveries planned"),
        ('sum(rate(hub_events_appended_total{topic="delivery.taken.v1"}[$__rate_interval]))', "deliveries taken"),
    )),
    Panel("Thời gian nhận văn bản", "POST documents, latency", "s", _quantiles("hub_http_seconds", "", of=_POST)),
    Panel("Trả lời HTTP theo loại", "HTTP answers by class", "reqps", (
        ("sum by (service, status) (rate(hub_http_requests_total[$__rate_interval]))", "{{service}} {{status}}"),
    )),
    Panel("Tỷ lệ lỗi 5xx (1 giờ)", "5xx ratio (1 h); objective 0.1 %", "percentunit", (
        ("hub:http_errors:ratio_rate1h", "{{service}}"),
    )),
    Panel("Sự kiện chưa xử lý", "Consumer lag", "short", (
        ("sum by (service, topic) (hub_consumer_lag)", "{{service}} {{topic}}"),
    )),
    Panel("Tuổi sự kiện cũ nhất", "Age of the oldest unhandled event", "s", (
        ("max by (service, topic) (hub_queue_oldest_seconds)", "{{service}} {{topic}}"),
    )),
    Panel("Thời gian từng bước (p99)", "Time of each step (p99)", "s",
        _quantiles("hub_step_seconds", "service, step")[1:]),
    Panel("Kết luận chữ ký", "Signature verdicts", "ops", (
        ("sum by (outcome, reason) (rate(hub_signature_verdicts_total[$__rate_interval]))", "{{outcome}} {{reason}}"),
    )),
    Panel("Từ chối theo lý do", "Refusals by reason", "ops", (
        ("sum by (code) (rate(hub_refusals_total[$__rate_interval]))", "{{code}}"),
        ("sum(rate(hub_duplicates_total[$__rate_interval]))", "repeats (same receipt)"),
    )),
    Panel("Hộp đến", "Inbox items", "short", (
        ("sum by (state) (hub_inbox_items)", "{{state}}"),
    )),
    Panel("Mục lâu nhất chưa tải", "Oldest item never downloaded", "s", (
        ("max(hub_inbox_oldest_seconds)", "oldest"),
    )),
    Panel("Cảnh báo gửi cơ quan", "Alerts to agencies", "short", (
        ("sum by (channel, outcome) (increase(hub_alerts_total[$__rate_interval]))", "{{channel}} {{outcome}}"),
        ("sum by (channel) (hub_alerts_open)", "open {{channel}}"),
    )),
    Panel("Sự kiện bị gác lại", "Parked events since start", "short", (
        ("sum by (service, topic, reason) (hub_events_parked_total)", "{{service}} {{topic}} {{reason}}"),
    )),
    Panel("Bộ phận vắng mặt", "Parts that are away", "short", (
        ("sum by (service, part) (1 - hub_ready)", "{{service}} {{part}}"),
        ("sum by (service) (1 - up)", "{{service}} down"),
    )),
    Panel("Bộ nhớ", "Memory (main processes)", "bytes", (
        ('process_resident_memory_bytes{job="hub"}', "{{service}}"),
    )),
))  # fmt: skip

SERVICE = Dashboard("hub-service", "Trục liên thông · One service", (
    Panel("Sẵn sàng theo bộ phận", "Ready, by part", "short", (
        (f"min by (service, part) (hub_ready{_OF})", "{{service}} {{part}}"),
    )),
    Panel("Sự kiện đã xử lý", "Events handled", "ops", (
        (f"sum by (service, topic) (rate(hub_events_handled_total{_OF}[$__rate_interval]))", "{{service}} {{topic}}"),
    )),
    Panel("Sự kiện đã ghi", "Events appended", "ops", (
        (f"sum by (service, topic) (rate(hub_events_appended_total{_OF}[$__rate_interval]))", "{{service}} {{topic}}"),
    )),
    Panel("Chậm so với cuối chủ đề", "Lag by partition", "short", (
        (f"hub_consumer_lag{_OF}", "{{service}} {{topic}}/{{partition}}"),
    )),
    Panel("Tuổi sự kiện cũ nhất", "Oldest unhandled event", "s", (
        (f"hub_queue_oldest_seconds{_OF}", "{{service}} {{topic}}"),
    )),
    Panel("Số sự kiện mỗi lô", "Events in a batch", "short", _quantiles("hub_batch_events", "handler", of=_OF)),
    Panel("Thời gian từng bước", "Time of each step", "s", _quantiles("hub_step_seconds", "handler, step", of=_OF)),
    Panel("Thời gian ghi vào Kafka", "Append latency", "s", _quantiles("hub_append_seconds", "service", of=_OF)),
    Panel("Thời gian trả lời HTTP", "HTTP latency by route", "s", _quantiles("hub_http_seconds", "route", of=_OF)),
    Panel("Yêu cầu HTTP", "HTTP requests by route", "reqps", (
        (f"sum by (route, status) (rate(hub_http_requests_total{_OF}[$__rate_interval]))", "{{status}} {{route}}"),
    )),
    Panel("Thử lại theo bộ phận", "Retries by part", "ops", (
        (f"sum by (service, part) (rate(hub_transient_retries_total{_OF}[$__rate_interval]))", "{{service}} {{part}}"),
    )),
    Panel("Thời gian kiểm tra chữ ký", "Verification of one document", "s",
        _quantiles("hub_signature_verify_seconds", "service", of=_OF)),
    Panel("Tiến trình kiểm tra bị dừng", "Verification workers killed", "short", (
        (f"sum by (cause) (increase(hub_signature_workers_killed_total{_OF}[$__rate_interval]))", "{{cause}}"),
    )),
    Panel("Cỡ gói tin", "Size of packages", "bytes", _quantiles("hub_package_bytes", "", of=_OF)),
    Panel("Cơ quan trong danh bạ", "Agencies known", "short", (
        (f"hub_directory_agencies{_OF}", "{{service}}"),
    )),
    Panel("CPU", "CPU (main processes)", "percentunit", (
        ('rate(process_cpu_seconds_total{job="hub", service=~"$service"}[$__rate_interval])', "{{service}}"),
    )),
    Panel("Bộ nhớ", "Memory (main processes)", "bytes", (
        ('process_resident_memory_bytes{job="hub", service=~"$service"}', "{{service}}"),
    )),
    Panel("Tệp đang mở", "Open files", "short", (
        ('process_open_fds{job="hub", service=~"$service"}', "{{service}}"),
    )),
), services=True)  # fmt: skip

DASHBOARDS = {"overview.json": OVERVIEW, "service.json": SERVICE}


def _panel(number: int, panel: Panel) -> dict[str, object]:
    row, column = divmod(number, _COLUMNS)
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": f"{panel.vi} · {panel.en}",
        "datasource": _SOURCE,
        "gridPos": {"x": column * _WIDTH, "y": row * _HEIGHT, "w": _WIDTH, "h": _HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0, "custom": {"fillOpacity": 10}}, "overrides": []},
        "options": {
            "legend": {"displayMode": "list", "placement": "bottom"},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
        "targets": [
            {"refId": chr(ord("A") + place), "datasource": _SOURCE, "expr": expression, "legendFormat": legend}
            for place, (expression, legend) in enumerate(panel.queries)
        ],
    }


def _service_choice() -> list[dict[str, object]]:
    query = 'label_values(up{job="hub"}, service)'
    return [{
        "name": "service", "label": "Dịch vụ · Service", "type": "query", "datasource": _SOURCE, "query": query,
        "definition": query, "refresh": 2, "sort": 1, "multi": True, "includeAll": True, "allValue": ".*",
        "current": {"text": ["All"], "value": ["$__all"]},
    }]  # fmt: skip


def render(dashboard: Dashboard) -> str:
    """The JSON that Grafana reads."""
    body = {
        "uid": dashboard.uid,
        "title": dashboard.title,
        "tags": ["hub"],
        "schemaVersion": 41,
        "editable": False,
        "timezone": "browser",
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "templating": {"list": _service_choice() if dashboard.services else []},
        "links": [{"type": "dashboards", "title": "Hub", "tags": ["hub"], "asDropdown": False, "keepTime": True}],
        "panels": [_panel(number, panel) for number, panel in enumerate(dashboard.panels)],
    }
    return json.dumps(body, ensure_ascii=False, indent=1) + "\n"


def main() -> None:
    """Write the files."""
    for name, dashboard in DASHBOARDS.items():
        (FOLDER / name).write_text(render(dashboard), encoding="utf-8")
        print(f"{name}: {len(dashboard.panels)} panels")


if __name__ == "__main__":
    main()
