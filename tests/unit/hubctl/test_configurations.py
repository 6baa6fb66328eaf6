import json
import re
from pathlib import Path

import pytest
from cryptography import x509

from hub.model.reasons import Code
from hub.model.values import Refusal
from hub.runtime.http import RETRY_AFTER_SECONDS, problem
from hubctl.local import edge, kafka
from hubctl.local.edge import EDGE_FOLDER
from hubctl.local.state import Stack

PROBLEMS = sorted((EDGE_FOLDER / "problems").glob("*.json"))


def text(name: str) -> str:
    return (EDGE_FOLDER / name).read_text(encoding="utf-8")


def test_the_edge_template_is_filled_in_whole(stack: Stack) -> None:
    rendered = edge.render(stack)
    assert "@" not in rendered
    assert "listen 127.0.0.1:25000 " in rendered
    assert "server 127.0.0.1:25050 " in rendered
    for included in re.findall(r"include (\S+);", rendered):
        assert Path(included).is_file()


def test_local_edge_and_container_edge_do_the_same_with_requests() -> None:
    local, compose = text("nginx.conf"), text("compose.conf")
    for shared in ("http.conf", "locations.conf"):
        assert f"/{shared};" in local
        assert f"/{shared};" in compose
    blocks = [re.sub(r"server \S+ ", "server X ", part) for part in (local, compose)]
    upstreams = [re.findall(r"upstream .*?\}", block, flags=re.DOTALL) for block in blocks]
    assert upstreams[0] == upstreams[1] != []


def test_every_problem_the_edge_answers_with_has_its_page() -> None:
    named = set(re.findall(r"/problems/(\w+)\.json", text("locations.conf")))
    assert named == {file.stem for file in PROBLEMS}


@pytest.mark.parametrize("file", PROBLEMS, ids=lambda file: file.stem)
def test_the_edge_answers_as_a_service_would(file: Path) -> None:
    answer = problem([Refusal(code=Code(file.stem), field="", detail="")])
    assert json.loads(file.read_text(encoding="utf-8")) == json.loads(bytes(answer.body))


def test_the_edge_says_when_to_come_back_as_a_service_would() -> None:
    assert f'"503:" {RETRY_AFTER_SECONDS};' in text("http.conf")


def test_the_certificate_is_made_once_and_fits_the_address(tmp_path: Path) -> None:
    edge.ensure_certificate(tmp_path)
    before = (tmp_path / "edge.crt").read_bytes()
    edge.ensure_certificate(tmp_path)
    assert (tmp_path / "edge.crt").read_bytes() == before
    names = x509.load_pem_x509_certificate(before).extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert names.value.get_values_for_type(x509.DNSName) == ["localhost"]
    assert [str(address) for address in names.value.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]


def test_kafka_keeps_every_acknowledged_record_and_makes_no_topic_by_itself(stack: Stack) -> None:
    lines = kafka.properties(stack, stack.state.data / "kafka").splitlines()
    settings = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert settings["log.flush.interval.messages"] == "1"
    assert settings["auto.create.topics.enable"] == "false"
    assert settings["group.initial.rebalance.delay.ms"] == "0"
    assert settings["listeners"] == "PLAINTEXT://127.0.0.1:25010,CONTROLLER://127.0.0.1:25011"
    assert settings["log.dirs"] == str(stack.state.data / "kafka")
