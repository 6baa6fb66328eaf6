"""`hubctl verify` as a program: exit codes are verdicts, and nothing but what is named is touched."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from services.signature.verification_request import FIELDS
from tests.unit.signature import authority

HUBCTL = (sys.executable, "-m", "hubctl", "verify")
AT = "2026-11-20T02:15:03Z"


def hubctl(*words: str | Path, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*HUBCTL, *map(str, words)], cwd=folder, capture_output=True, text=True, timeout=100, check=False
    )


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("verify")
    sender = authority.sender()
    (folder / "leaf.der").write_bytes(sender.certificate.public_bytes(Encoding.DER))
    (folder / "between.pem").write_bytes(b"".join(issuer.public_bytes(Encoding.PEM) for issuer in sender.issuers))
    (folder / "ca.pem").write_bytes(authority.anchors())
    (folder / "rubbish").write_bytes(b"rubbish")
    return folder


def chain(files: Path, *words: str) -> tuple[str | Path, ...]:
    return (
        files / "leaf.der", "--kind", "chain", "--trust", files / "ca.pem",
        "--intermediates", files / "between.pem", "--at", AT, *words,
    )  # fmt: skip


def test_exit_codes_are_verdicts(files: Path) -> None:
    valid = hubctl(*chain(files, "--json"))
    assert (json.loads(valid.stdout)["reason"], valid.returncode) == ("OK", 0)
    unknown = hubctl(*chain(files, "--revocation", "require", "--json"))
    assert (json.loads(unknown.stdout)["reason"], unknown.returncode) == ("REVOCATION_UNKNOWN", 2)
    expired = hubctl(*chain(files, "--at", "2099-01-01T00:00:00Z"))
    assert (expired.stdout.split()[:2], expired.returncode) == (["INVALID", "EXPIRED"], 1)
    assert "Chứng thư đã hết hạn." in expired.stdout
    assert "A certificate had expired." in expired.stdout


@pytest.mark.parametrize(
    "words",
    [
        (), ("a",), ("a", "--kind", "png"), ("a", "b", "--kind", "pdf"), ("--bogus",), ("a", "--kind"),
        ("a", "--kind", "pdf", "--max-path", "x"), ("a", "--kind", "pdf", "--keys", "name"), ("--batch", "a"),
        ("--batch", "missing", "out"), ("missing", "--kind", "pdf"), ("rubbish", "--kind", "pdf", "--at", "yesterday"),
        ("rubbish", "--kind", "c14n"), ("rubbish", "--kind", "chain", "--trust", "missing"),
        ("--batch", "rubbish", "rubbish"), ("--batch", "rubbish", "out", "--kind", "pdf"),
        ("--batch", "rubbish", "/nonexistent/out"),
    ],
    ids=str,
)  # fmt: skip
def test_misuse_is_no_verdict(files: Path, words: tuple[str, ...]) -> None:
    done = hubctl(*words, folder=files)
    assert done.returncode == 64
    assert done.stderr or "BAD_REQUEST" in done.stdout
    assert (files / "rubbish").read_bytes() == b"rubbish"


def test_an_installation_that_is_not_whole_is_no_verdict() -> None:
    program = (
        "import sys\nsys.modules['services.signature.reasons'] = None\nsys.argv = ['hubctl', 'verify', 'x']\n"
        "from hubctl.__main__ import main\nmain()"
    )
    assert (
        subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60, check=False).returncode == 70
    )


def test_help_names_every_field_and_every_exit_code() -> None:
    done = hubctl("--help")
    assert done.returncode == 0
    for field in FIELDS - {"id", "path", "kind"}:
        assert f"--{field.replace('_', '-')}" in done.stdout, field
    assert "0 VALID, 1 INVALID, 2 INDETERMINATE, 3 ABSENT; 64" in " ".join(done.stdout.split())


STRACE = shutil.which("strace")


@pytest.mark.skipif(STRACE is None, reason="no strace here")
def test_no_socket_and_no_other_file(files: Path, tmp_path: Path) -> None:
    item: dict[str, Any] = {
        "kind": "chain",
        "path": "leaf.der",
        "trust": "ca.pem",
        "intermediates": ["between.pem"],
        "at": AT,
    }
    others: list[dict[str, Any]] = [{"kind": kind, "path": "rubbish"} for kind in ("xmldsig", "pdf", "chain")]
    written = [json.dumps({"id": str(number)} | each) for number, each in enumerate([item] * 4 + others)]
    (files / "in.jsonl").write_text("\n".join(written), encoding="utf-8")
    trace, out = tmp_path / "trace", tmp_path / "out.jsonl"
    calls = "trace=socket,socketpair,connect,execve,open,openat,openat2,creat,seccomp,unlink,rename,mkdir"
    subprocess.run(
        [str(STRACE), "-f", "-o", trace, "-e", calls, *HUBCTL, "--batch", files / "in.jsonl", out],
        cwd=tmp_path, env={"PATH": "/usr/bin:/bin", "HOME": "/", "PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True, timeout=110, check=True,
    )  # fmt: skip
    assert [json.loads(line)["reason"] for line in out.read_text(encoding="utf-8").splitlines()].count("OK") == 4
    seen = trace.read_text(encoding="utf-8", errors="replace").splitlines()
    assert [line for line in seen if re.search(r"\b(socket|socketpair|connect)\(", line)] == []
    assert [line for line in seen if " execve(" in line and not re.search(r"hubctl|worker_verify", line)] == []
    assert foreign(seen, files, out) == []


def foreign(seen: list[str], files: Path, out: Path) -> list[str]:
    """What was opened by a worker after it confined itself, and by the others after the batch had begun."""
    confined, begun, wrong = set[str](), False, list[str]()
    workers = {line.split()[0] for line in seen if " execve(" in line and "worker_verify" in line}
    for line in seen:
        process = line.split()[0]
        if "seccomp(" in line:
            confined.add(process)
        path = re.search(r'(?:open|openat|openat2|creat)\((?:AT_FDCWD, )?"([^"]*)"', line)
        begun = begun or str(out) in line
        if path is None or process not in confined | (set() if process in workers else {process}) or not begun:
            continue
        named = Path(path[1]).parent in (files, Path()) or path[1] == str(out)
        if process in confined or not named:
            wrong.append(line)
    return wrong
