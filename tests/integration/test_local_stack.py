"""`hubctl local` over real components: a second stack beside any other, killed children, faults, down and up."""

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from smtplib import SMTP, SMTPRecipientsRefused
from typing import Any

import httpx
import pytest
from pymongo import MongoClient

from hubctl.local.ports import HOST, Port, is_free
from hubctl.local.state import Stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]

ROOT = Path(__file__).resolve().parents[2]
INFRASTRUCTURE = "topics,mongod,edge,smtp-sink,sms-sink"
BASES = range(28000, 32000, 100)


def hubctl(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hubctl", "local", *arguments, "--dir", str(folder)],
        capture_output=True, text=True, timeout=230, check=False, cwd=ROOT,
    )  # fmt: skip


def succeed(folder: Path, *arguments: str) -> str:
    done = hubctl(folder, *arguments)
    assert done.returncode == 0, f"{arguments}: {done.stdout} {done.stderr}"
    return done.stdout


def reports(folder: Path) -> dict[str, dict[str, Any]]:
    return {report["name"]: report for report in json.loads(hubctl(folder, "status", "--json").stdout)}


def free_base() -> int:
    return next(base for base in reversed(BASES) if all(is_free(base + port) for port in Port))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Infrastructure without services, on free ports, gone afterwards."""
    # longer than a socket path may be: the control socket must not mind
    made = tmp_path_factory.mktemp("stack-" + "x" * 60) / ("y" * 60)
    base = free_base()
    succeed(made, "up", "--port-base", str(base), "--only", INFRASTRUCTURE)
    yield made
    succeed(made, "down")


@pytest.fixture
def stack(folder: Path) -> Stack:
    return Stack.at(folder)


def test_all_selected_components_are_ready(folder: Path) -> None:
    found = reports(folder)
    assert set(found) == {"kafka", "mongod", "registry", "topics", "edge", "smtp-sink", "sms-sink"}
    assert {report["state"] for report in found.values()} == {"ready"}
    assert hubctl(folder, "status").returncode == 0


def test_a_second_up_says_that_it_runs(folder: Path) -> None:
    before = reports(folder)
    assert "already running" in succeed(folder, "up", "--only", INFRASTRUCTURE)
    assert {name: report["pid"] for name, report in reports(folder).items()} == {
        name: report["pid"] for name, report in before.items()
    }


def test_a_running_stack_cannot_be_moved(folder: Path) -> None:
    done = hubctl(folder, "up", "--port-base", "20000")
    assert done.returncode == 1
    assert "`hubctl local down` before you move it" in done.stderr


def test_every_port_is_on_the_loopback_interface_only(folder: Path, stack: Stack) -> None:
    assert reports(folder)
    tables = [Path(f"/proc/net/{name}").read_text(encoding="ascii").splitlines()[1:] for name in ("tcp", "tcp6")]
    listening = [line.split() for table in tables for line in table]
    own = {f"{stack.port(port):04X}" for port in Port}
    hosts = {line[1].rpartition(":")[0] for line in listening if line[3] == "0A" and line[1].rpartition(":")[2] in own}
    assert hosts <= {"0100007F", "0000000000000000FFFF00000100007F"}


@pytest.mark.parametrize("component", ["kafka", "mongod", "edge", "smtp-sink"])
def test_a_killed_component_comes_back(folder: Path, component: str) -> None:
    before = reports(folder)[component]
    os.kill(before["pid"], signal.SIGKILL)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        after = reports(folder)[component]
        if after["state"] == "ready" and after["pid"] != before["pid"]:
            break
        time.sleep(0.2)
    assert after["state"] == "ready", after
    assert after["restarts"] == before["restarts"] + 1


def test_one_component_is_stopped_and_started(folder: Path) -> None:
    succeed(folder, "stop", "sms-sink")
    assert reports(folder)["sms-sink"]["state"] == "stopped"
    assert hubctl(folder, "status").returncode == 1
    succeed(folder, "start", "sms-sink")
    assert reports(folder)["sms-sink"]["state"] == "ready"


def test_state_survives_down_and_up_on_other_ports(folder: Path, stack: Stack) -> None:
    with MongoClient[dict[str, Any]](f"mongodb://{stack.address(Port.MONGOD)}/?replicaSet=rs0") as client:
        client.proof.rows.insert_one({"_id": "kept"})
    subject = f"http://{stack.address(Port.REGISTRY)}/apis/ccompat/v7/subjects/document.received.v1-value/versions/1"
    schema_id = httpx.get(subject).json()["id"]
    elsewhere = free_base()
    succeed(folder, "down")
    assert hubctl(folder, "status").returncode == 1
    succeed(folder, "up", "--port-base", str(elsewhere), "--only", INFRASTRUCTURE)
    moved = Stack.at(folder)
    assert moved.settings.port_base != stack.settings.port_base
    subject = subject.replace(stack.address(Port.REGISTRY), moved.address(Port.REGISTRY))
    assert httpx.get(subject).json()["id"] == schema_id
    stack = moved
    with MongoClient[dict[str, Any]](f"mongodb://{stack.address(Port.MONGOD)}/?replicaSet=rs0") as client:
        assert client.proof.rows.find_one({"_id": "kept"})


def test_a_killed_supervisor_leaves_nothing_behind(folder: Path, stack: Stack) -> None:
    lock = (stack.state.run / "supervisor.lock").stat().st_ino
    supervisor = next(
        int(line.split()[4])
        for line in Path("/proc/locks").read_text(encoding="ascii").splitlines()
        if line.split()[1] == "FLOCK" and line.split()[5].endswith(f":{lock}")
    )
    os.kill(supervisor, signal.SIGKILL)
    succeed(folder, "up", "--only", INFRASTRUCTURE)
    assert {report["state"] for report in reports(folder).values()} == {"ready"}


def test_a_port_in_use_is_told_in_one_line(tmp_path: Path) -> None:
    base = free_base()
    with socket.create_server((HOST, base + Port.SMS_SINK)):
        done = hubctl(tmp_path, "up", "--port-base", str(base), "--only", "sms-sink")
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert f"port {base + Port.SMS_SINK} (sms-sink) is in use" in line
    assert f"--port-base {base + 100}" in line


def test_a_folder_that_cannot_be_written_is_told_in_one_line() -> None:
    done = hubctl(Path("/proc/stack"), "up", "--only", "sms-sink")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("hubctl: /proc/stack: ")


def test_a_missing_program_is_told_in_one_line(tmp_path: Path) -> None:
    program = "from hubctl.local.fetch import require_tool; require_tool('java', 'openjdk-17-jre-headless', 'why')"
    done = subprocess.run(
        [sys.executable, "-c", f"import os; os.environ['PATH'] = '{tmp_path}'; {program}"],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert "java is missing, why: install it, for example with `apt-get install openjdk-17-jre-headless`" in done.stderr


def test_one_that_does_not_become_ready_is_shown_with_the_end_of_its_log(folder: Path, stack: Stack) -> None:
    (stack.state.tls / "edge.crt").rename(stack.state.tls / "edge.away")
    (stack.state.tls / "edge.crt").write_text("not a certificate")
    succeed(folder, "stop", "edge")
    try:
        done = hubctl(folder, "start", "edge")
        assert done.returncode == 1
        assert "edge did not become ready" in done.stderr
        assert "cannot load certificate" in done.stderr
        assert str(stack.state.logs / "edge.log") in done.stderr
    finally:
        succeed(folder, "stop", "edge")
        (stack.state.tls / "edge.away").rename(stack.state.tls / "edge.crt")
        succeed(folder, "start", "edge")


class TestEdge:
    """What the edge itself answers; no service runs behind it."""

    @pytest.fixture
    def edge(self, stack: Stack) -> Iterator[httpx.Client]:
        with httpx.Client(base_url=f"http://{stack.address(Port.EDGE_HTTP)}", timeout=10) as client:
            yield client

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("POST", "/api/v1/documents"),
            ("POST", "/api/v1/documents/check"),
            ("POST", "/api/v1/statuses"),
            ("GET", "/api/v1/inbox?wait=30"),
            ("GET", "/api/v1/inbox/1/package"),
            ("GET", "/api/v1/agencies"),
            ("GET", "/api/v1/documents"),
            ("GET", "/api/v1/documents/1/evidence"),
            ("GET", "/api/v1/reports/b"),
            ("GET", "/console"),
        ],
    )
    def test_a_service_that_is_away_is_a_problem_with_a_time_to_come_back(
        self, edge: httpx.Client, method: str, path: str
    ) -> None:
        answer = edge.request(method, path)
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["retry-after"] == "5"
        assert answer.json()["code"] == "UNAVAILABLE"

    def test_other_errors_are_problems_too(self, edge: httpx.Client) -> None:
        unknown = edge.get("/nowhere")
        assert (unknown.status_code, unknown.json()["code"]) == (404, "NOT_FOUND")
        long_head = edge.get("/console", headers={"X": "a" * 300_000})
        assert (long_head.status_code, long_head.json()["code"]) == (400, "BAD_REQUEST")
        assert edge.get("/problems/NOT_FOUND.json").status_code == 404

    def test_a_package_over_the_limit_is_refused_before_it_is_sent(self, stack: Stack) -> None:
        with socket.create_connection((HOST, stack.port(Port.EDGE_HTTP)), timeout=10) as connection:
            connection.sendall(b"POST /api/v1/documents HTTP/1.1\r\nHost: hub\r\nContent-Length: 230000000\r\n\r\n")
            answer = connection.recv(65536)
        assert answer.startswith(b"HTTP/1.1 413")
        assert b"application/problem+json" in answer

    def test_safety_headers_are_on_every_answer(self, edge: httpx.Client) -> None:
        for path in ("/health/live", "/nowhere", "/api/v1/agencies"):
            headers = edge.get(path).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert "frame-ancestors 'none'" in headers["content-security-policy"]

    def test_tls_shows_the_stacks_own_certificate(self, stack: Stack) -> None:
        url = f"https://localhost:{stack.port(Port.EDGE_HTTPS)}/health/live"
        answer = httpx.get(url, verify=ssl.create_default_context(cafile=stack.state.tls / "edge.crt"))
        assert answer.json() == {"status": "live"}
        assert "strict-transport-security" in answer.headers


class TestMailSink:
    """A real SMTP conversation with the sink."""

    @pytest.fixture
    def inspection(self, stack: Stack) -> Iterator[httpx.Client]:
        with httpx.Client(base_url=f"http://{stack.address(Port.SMTP_SINK_INSPECTION)}") as client:
            yield client
            client.post("/fault", json={"kind": "none"})

    def send(self, stack: Stack, number: str) -> None:
        mail = EmailMessage()
        mail["From"], mail["To"] = "hub@hub.local", "van-thu@moit.gov.vn"
        mail["Subject"], mail["Message-ID"] = "Văn bản chưa được nhận", f"<{number}@hub.local>"
        mail.set_content("Đề nghị kiểm tra.")
        with SMTP(HOST, stack.port(Port.SMTP_SINK), timeout=5) as server:
            server.send_message(mail)

    def test_an_accepted_mail_is_on_the_disk(self, stack: Stack, inspection: httpx.Client) -> None:
        self.send(stack, "one")
        mail = inspection.get("/messages").json()[-1]
        assert mail["message_id"] == "<one@hub.local>"
        assert mail["subject"] == "Văn bản chưa được nhận"
        assert mail["to"] == ["van-thu@moit.gov.vn"]
        assert b"Subject:" in (stack.state.sinks / "mail" / mail["file"]).read_bytes()
        last = (stack.state.sinks / "mail.jsonl").read_text(encoding="utf-8").splitlines()[-1]
        assert json.loads(last) == mail

    def test_faults(self, stack: Stack, inspection: httpx.Client) -> None:
        before = len(inspection.get("/messages").json())
        inspection.post("/fault", json={"kind": "refuse"})
        with pytest.raises(SMTPRecipientsRefused):
            self.send(stack, "two")
        inspection.post("/fault", json={"kind": "greylist"})
        with pytest.raises(SMTPRecipientsRefused):
            self.send(stack, "three")
        self.send(stack, "three")
        assert len(inspection.get("/messages").json()) == before + 1
        assert inspection.post("/fault", json={"kind": "nonsense"}).status_code == 400


class TestSmsSink:
    """The HTTP gateway."""

    def test_a_text_is_taken_and_kept(self, stack: Stack) -> None:
        message = {"to": "0912345678", "text": "Văn bản chưa được nhận", "reference": "d|r|1"}
        answer = httpx.post(f"http://{stack.address(Port.SMS_SINK)}/send", json=message)
        kept = httpx.get(f"http://{stack.address(Port.SMS_SINK_INSPECTION)}/messages").json()[-1]
        assert kept.items() >= {**message, "id": answer.json()["id"]}.items()

    def test_a_text_without_a_number_is_refused(self, stack: Stack) -> None:
        assert httpx.post(f"http://{stack.address(Port.SMS_SINK)}/send", json={"text": "x"}).status_code == 400
