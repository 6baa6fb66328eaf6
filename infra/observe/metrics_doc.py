# ruff: noqa: INP001, T201 - a script for the repository, not a package
"""Print docs/metrics.md from the closed list of metrics: `python infra/observe/metrics_doc.py > docs/metrics.md`."""

from hub.runtime.telemetry import METRICS

_HEAD = """# Metrics

The closed list of what the hub measures, printed from `hub/runtime/telemetry.py` (`python
infra/observe/metrics_doc.py > docs/metrics.md`); a test holds the two equal. Every process gives all of them on
`/metrics` of its internal port; Prometheus adds the label `service`. Beside them come the `process_*` and `python_*`
metrics of the client library.

| metric | type | labels | what it says |
|---|---|---|---|
"""
_EXPOSED = {"counter": "{}_total"}


def document() -> str:
    """The whole file."""
    rows = []
    for metric in METRICS:
        described = next(iter(metric.describe()))
        name = _EXPOSED.get(described.type, "{}").format(described.name)
        labels = ", ".join(f"`{label}`" for label in metric._labelnames) or "–"  # noqa: SLF001 - no public way
        rows.append(f"| `{name}` | {described.type} | {labels} | {described.documentation} |\n")
    return _HEAD + "".join(rows)


if __name__ == "__main__":
    print(document(), end="")
