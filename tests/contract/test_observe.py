"""Alert rules, dashboards, runbooks and the list of metrics agree; Prometheus' own tools judge the files.

promtool and amtool are needed, not optional: they come with Debian's prometheus and prometheus-alertmanager.
"""

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from hub.runtime.telemetry import METRICS

ROOT = Path(__file__).resolve().parents[2]
OBSERVE = ROOT / "infra" / "observe"
RUNBOOKS = ROOT / "docs" / "runbooks"
NOT_OF_ALERTS = {"containers.md", "local-stack.md", "README.md"}

STANDARD = {
    "up",
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
    "process_start_time_seconds",
    "process_open_fds",
}
"""Prometheus' own, and what the client library gives for every Python process."""

_FROM_PROMETHEUS = {"job", "service", "instance", "le"}
_PARTS = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
_KEYWORDS = {"and", "or", "unless", "offset", "bool", "by", "on"}


def _yaml(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((OBSERVE / name).read_text(encoding="utf-8"))
    return loaded


def _script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"observe_{name}", OBSERVE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


DASHBOARDS = _script("dashboards")
RULES = [rule for group in _yaml("rules.yml")["groups"] for rule in group["rules"]]
ALERTS = {rule["alert"]: rule for rule in RULES if "alert" in rule}
RECORDS = {rule["record"] for rule in RULES if "record" in rule}


def _panels() -> list[tuple[str, str]]:
    return [
        (f"{file.stem}: {panel['title']}", target["expr"])
        for file in sorted((OBSERVE / "grafana" / "dashboards").glob("*.json"))
        for panel in json.loads(file.read_text(encoding="utf-8"))["panels"]
        for target in panel["targets"]
    ]


EXPRESSIONS = [(rule.get("alert") or rule["record"], rule["expr"]) for rule in RULES] + _panels()


def _known() -> dict[str, set[str]]:
    """Every name a sample can have -> its labels."""
    known = dict.fromkeys(STANDARD | RECORDS, _FROM_PROMETHEUS)
    for metric in METRICS:
        described = next(iter(metric.describe()))
        for part in _PARTS[described.type]:
            known[described.name + part] = _FROM_PROMETHEUS | set(metric._labelnames)
    return known


KNOWN = _known()


def _tool(*command: str) -> str:
    assert shutil.which(command[0]), f"{command[0]} is missing: apt-get install prometheus prometheus-alertmanager"
    done = subprocess.run(command, cwd=OBSERVE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_promtool_accepts_configuration_and_rules() -> None:
    assert "SUCCESS" in _tool("promtool", "check", "config", "prometheus.yml")


def test_every_alert_fires_when_it_should() -> None:
    assert "SUCCESS" in _tool("promtool", "test", "rules", "rules_test.yml")


def test_every_alert_has_a_test_that_sees_it_fire() -> None:
    fired = {
        check["alertname"]
        for test in _yaml("rules_test.yml")["tests"]
        for check in test["alert_rule_test"]
        if check.get("exp_alerts")
    }
    assert fired == set(ALERTS)


def test_amtool_accepts_the_routes() -> None:
    assert "SUCCESS" in _tool("amtool", "check-config", "alertmanager.yml")


@pytest.mark.parametrize("severity", ["page", "ticket"])
def test_each_severity_has_a_receiver(severity: str) -> None:
    receiver = _tool("amtool", "config", "routes", "test", "--config.file=alertmanager.yml", f"severity={severity}")
    assert receiver.strip() == {"page": "on-call", "ticket": "working-hours"}[severity]


@pytest.mark.parametrize("name", ALERTS)
def test_every_alert_says_what_is_wrong_in_two_languages_and_has_a_runbook(name: str) -> None:
    rule = ALERTS[name]
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert set(rule["annotations"]) == {"summary_vi", "summary_en", "runbook"}
    assert rule["annotations"]["runbook"] == f"docs/runbooks/{name}.md"
    text = (ROOT / rule["annotations"]["runbook"]).read_text(encoding="utf-8")
    assert text.startswith(f"# {name}\n")
    for heading in ("## What it means", "## Look at", "## Do", "## Over when"):
        assert heading in text, f"{name}: {heading}"


def test_no_runbook_is_left_of_an_alert_that_is_gone() -> None:
    assert {file.stem for file in RUNBOOKS.glob("*.md") if file.name not in NOT_OF_ALERTS} == set(ALERTS)


def _bare(expression: str) -> str:
    """Without matchers, strings, ranges and label lists: what is left are names, functions and numbers."""
    for pattern in (
        r"\{[^}]*\}",
        r'"[^"]*"',
        r"\[[^\]]*\]",
        r"\boffset\s+\w+",
        r"\b(?:by|on|without|ignoring)\s*\([^)]*\)",
    ):
        expression = re.sub(pattern, " ", expression)
    return expression


@pytest.mark.parametrize(("where", "expression"), EXPRESSIONS, ids=[where for where, _ in EXPRESSIONS])
def test_expressions_name_only_metrics_and_labels_that_exist(where: str, expression: str) -> None:
    names = set(re.findall(r"(?<![\w:.])[a-zA-Z_:][\w:]*(?!\w*\s*\()", _bare(expression))) - _KEYWORDS
    assert names
    assert names <= KNOWN.keys(), f"{where}: {names - KNOWN.keys()} are in no list"
    for name, matchers in re.findall(r"([a-zA-Z_:][\w:]*)\{([^}]*)\}", expression):
        labels = set(re.findall(r"(\w+)\s*(?:=|!=|=~|!~)\"", matchers))
        assert labels <= KNOWN[name], f"{where}: {name} has no {labels - KNOWN[name]}"


def test_the_check_of_names_can_fail() -> None:
    with pytest.raises(AssertionError, match="in no list"):
        test_expressions_name_only_metrics_and_labels_that_exist("x", "sum by (service) (rate(hub_nothing_total[5m]))")
    with pytest.raises(AssertionError, match="has no"):
        test_expressions_name_only_metrics_and_labels_that_exist("x", 'hub_ready{topic="a"} == 0')


def test_promtool_parses_every_query_of_the_dashboards(tmp_path: Path) -> None:
    filled = (query.replace("$service", ".*").replace("$__rate_interval", "5m") for _, query in _panels())
    rules = [{"record": f"panel:{number}", "expr": query} for number, query in enumerate(filled)]
    file = tmp_path / "panels.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}), encoding="utf-8")
    assert f"{len(rules)} rules found" in _tool("promtool", "check", "rules", str(file))


def test_dashboards_are_printed_from_their_tables() -> None:
    folder = OBSERVE / "grafana" / "dashboards"
    written = {file.name: file.read_text(encoding="utf-8") for file in folder.glob("*.json")}
    expected = {name: DASHBOARDS.render(dashboard) for name, dashboard in DASHBOARDS.DASHBOARDS.items()}
    assert written == expected, "run: python infra/observe/dashboards.py"


def test_the_page_of_metrics_is_printed_from_the_list() -> None:
    written = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    assert written == _script("metrics_doc").document(), "run: python infra/observe/metrics_doc.py > docs/metrics.md"


def test_every_process_of_the_hub_is_scraped_on_its_internal_port() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    scraped = {
        entry["labels"]["service"]: entry["targets"]
        for job in _yaml("prometheus.yml")["scrape_configs"]
        if job["job_name"] == "hub"
        for entry in job["static_configs"]
    }
    assert scraped == {
        name: [f"{name}:{container['environment']['HUB_INTERNAL_PORT']}"]
        for name, container in compose.items()
        if "HUB_INTERNAL_PORT" in container.get("environment", {})
    }
