"""What the hub judged can be judged again from its evidence, with the same answer and without a network."""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import pytest

from hub.model.events import DocumentReceived, SignatureChecked
from hub.model.ids import AgencyCode, EventId, SystemId
from hub.model.record import Recorded
from hub.model.statuses import SignaturePolicy
from hub.runtime.blobs import connect
from hub.runtime.settings import HubSettings
from services.signature.adapters import PooledExaminer
from services.signature.adapters_evidence import BlobEvidence
from services.signature.adapters_trust import TrustFiles
from services.signature.handlers import CheckSignatures, Sender
from services.signature.worker_process import WorkerLimits
from services.signature.workers import Workers
from tests.fakes.packages import File
from tests.unit.signature import authority, pdfs
from tests.unit.signature.documents import LETTER, header_of
from tests.unit.signature.signing import signed

HUBCTL = (sys.executable, "-m", "hubctl", "verify")
ROOT = Path(__file__).parents[3]
LETTERS = {
    "signed": signed(LETTER.but(files=(File(content=pdfs.good()),)).bytes(), authority.sender()),
    "unsigned": LETTER.bytes(),
    "of a rogue": signed(LETTER.bytes(), authority.rogue()),
}


class Desk:
    """Directory and verdicts in memory."""

    def sender(self, code: AgencyCode) -> Sender:
        return Sender(policy=SignaturePolicy.REQUIRED, codes=frozenset({code, AgencyCode("000.00.99.OLD")}))

    async def given(self, _ids: Collection[EventId]) -> frozenset[EventId]:
        return frozenset()

    async def add(self, events: Sequence[SignatureChecked]) -> None:
        raise NotImplementedError


def received(name: str) -> Recorded[DocumentReceived]:
    package = LETTERS[name]
    letter = LETTER.but(files=(File(content=pdfs.good()),)) if name == "signed" else LETTER
    event = DocumentReceived(
        event_id=EventId(name), occurred_at=authority.RECEIVED, cause_id="", header=header_of(letter, package),
        system_id=SystemId("VP.99"),
    )  # fmt: skip
    return Recorded(event=event, topic="document.received.v1", partition=0, offset=1)


async def _judge(store: Path, folder: Path) -> dict[str, SignatureChecked]:
    crls = folder / "crls"
    crls.mkdir()
    for number, crl in enumerate(authority.crls()):
        (crls / f"{number}.crl").write_bytes(crl)
    (folder / "anchors.pem").write_bytes(authority.anchors())
    blobs = connect(HubSettings(blob_url=f"file://{store}"))
    causes = {name: received(name) for name in LETTERS}
    for name, cause in causes.items():
        await blobs.put(cause.event.header.package.digest, LETTERS[name])
    limits = WorkerLimits(memory_bytes=512 * 1024 * 1024, seconds=10.0, documents=100)
    workers = Workers(1, limits, TrustFiles(folder / "anchors.pem", crls))
    await workers.start()
    desk = Desk()
    handler = CheckSignatures(
        desk, PooledExaminer(blobs, workers, folder, 2), BlobEvidence(blobs), desk, lambda: authority.RECEIVED
    )
    facts = await handler.facts(list(causes.values()))
    await workers.close()
    checked = {name: handler.decide(cause, facts)[0] for name, cause in causes.items()}
    return {name: event for name, event in checked.items() if isinstance(event, SignatureChecked)}


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, SignatureChecked]]:
    store, folder = tmp_path_factory.mktemp("blobs"), tmp_path_factory.mktemp("service")
    events = asyncio.run(_judge(store, folder))
    shutil.rmtree(folder)  # the evidence must do without the service's files
    return store, events


def again(store: Path, evidence: str, *before: str, wanted: bool = True) -> dict[str, Any]:
    environment = {"PATH": os.environ["PATH"], "HOME": "/", "PYTHONPATH": str(ROOT), "HUB_BLOB_URL": f"file://{store}"}
    done = subprocess.run(
        [*before, *HUBCTL, "--evidence", evidence, "--json"], cwd=store, env=environment, capture_output=True,
        timeout=100, check=False,
    )  # fmt: skip
    if not wanted:
        assert (done.returncode, done.stdout) == (64, b"")
        return {}
    told: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == ["VALID", "INVALID", "INDETERMINATE", "ABSENT"].index(told["verdict"])
    return told


@pytest.mark.parametrize("name", LETTERS)
def test_the_same_answer_again(judged: tuple[Path, dict[str, SignatureChecked]], name: str) -> None:
    store, events = judged
    event = events[name]
    told = again(store, event.evidence)
    assert (told["verdict"], told["reason"]) == (event.verdict.outcome.value, event.verdict.reason)
    assert [(each["verdict"], each["reason"]) for each in told["signatures"]] == [
        (finding.verdict.outcome.value, finding.verdict.reason) for finding in event.findings
    ]
    assert [each["signer"]["subject"] for each in told["signatures"] if each["signer"]] == [
        finding.signer for finding in event.findings if finding.signer
    ]
    assert told["id"] == event.evidence


def test_the_outcomes_are_three(judged: tuple[Path, dict[str, SignatureChecked]]) -> None:
    assert {name: event.verdict.outcome.value for name, event in judged[1].items()} == {
        "signed": "VALID", "unsigned": "ABSENT", "of a rogue": "INVALID",
    }  # fmt: skip


@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace here")
def test_no_socket_is_opened(judged: tuple[Path, dict[str, SignatureChecked]], tmp_path: Path) -> None:
    store, events = judged
    trace = tmp_path / "trace"
    again(store, events["signed"].evidence, "strace", "-f", "-o", str(trace), "-e", "trace=socket,socketpair,connect")
    seen = trace.read_text(encoding="utf-8", errors="replace")
    assert re.findall(r".*\b(?:socket|socketpair|connect)\(.*", seen) == []


def test_what_is_not_whole_is_no_verdict(judged: tuple[Path, dict[str, SignatureChecked]], tmp_path: Path) -> None:
    store, events = judged
    evidence = events["signed"].evidence
    for flaw in ("package", "manifest", "gone", "id", "no evidence"):
        copy = tmp_path / flaw
        shutil.copytree(store, copy)
        package = events["signed"].header.package.digest
        at = {digest: copy / digest[:2] / digest[2:4] / digest for digest in (evidence, package)}
        match flaw:
            case "package":
                at[package].write_bytes(at[package].read_bytes()[:-1] + b" ")
            case "manifest":
                at[evidence].write_bytes(at[evidence].read_bytes().replace(b"require", b"off"))
            case "gone":
                at[package].unlink()
        again(copy, {"id": "../x", "no evidence": str(package)}.get(flaw, evidence), wanted=False)
