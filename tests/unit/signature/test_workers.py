"""The pool: real workers on real files, and rogues that hang, die and lie. One document never touches another."""

import asyncio
import hashlib
import io
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvloop
from prometheus_client import REGISTRY

from hub.model.errors import Invalid, Transient
from services.signature.adapters_trust import TrustFiles
from services.signature.facts import DocumentFacts, Standing
from services.signature.frames import Task
from services.signature.reasons import Reason
from services.signature.worker_process import Worker, WorkerLimits
from services.signature.workers import Workers
from tests.fakes.packages import File
from tests.unit.signature import authority, pdfs
from tests.unit.signature.documents import LETTER
from tests.unit.signature.signing import signed

MIB = 1024 * 1024
LIMITS = WorkerLimits(memory_bytes=512 * MIB, seconds=5.0, documents=1000)
ROGUE = (sys.executable, "-m", "tests.unit.signature.rogue_worker")


@pytest.fixture
def trust(tmp_path: Path) -> TrustFiles:
    folder = tmp_path / "crls"
    folder.mkdir()
    for number, crl in enumerate(authority.crls()):
        (folder / f"{number}.crl").write_bytes(crl)
    (tmp_path / "anchors.pem").write_bytes(authority.anchors())
    return TrustFiles(tmp_path / "anchors.pem", folder)


@pytest.fixture(autouse=True)
def _signed_before_any_loop_runs() -> None:
    pdfs.good()  # pyHanko signs in a loop of its own


@asynccontextmanager
async def pool(trust: TrustFiles, count: int = 1, limits: WorkerLimits = LIMITS) -> AsyncIterator[Workers]:
    workers = Workers(count, limits, trust)
    await workers.start()
    try:
        yield workers
    finally:
        await workers.close()


@asynccontextmanager
async def rogues(trust: TrustFiles, count: int = 1, seconds: float = 0.5) -> AsyncIterator[Workers]:
    def starter(limits: WorkerLimits, documents: int) -> Awaitable[Worker]:
        return Worker.start(limits, documents, ROGUE)

    workers = Workers(count, WorkerLimits(memory_bytes=512 * MIB, seconds=seconds, documents=1000), trust, starter)
    await workers.start()
    try:
        yield workers
    finally:
        await workers.close()


def examine(workers: Workers, task: Task) -> Coroutine[Any, Any, DocumentFacts | Reason]:
    return workers.examine(task, workers.trust())


def task(path: Path, content: bytes | None = None) -> Task:
    if content is not None:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else "0" * 64
    return Task(
        path=str(path), sha256=sha256, size=path.stat().st_size if path.exists() else 1, moment=authority.RECEIVED
    )


def killed(cause: str) -> float:
    return REGISTRY.get_sample_value("hub_signature_workers_killed_total", {"cause": cause}) or 0.0


def good() -> bytes:
    letter = LETTER.but(files=(File(content=pdfs.good()),))
    return signed(letter.bytes(), authority.sender())


def standing_of(found: DocumentFacts | Reason) -> Standing:
    assert isinstance(found, DocumentFacts)
    assert found.envelope.signature is not None
    assert found.envelope.signature.chain is not None
    return found.envelope.signature.chain.standing


async def test_a_real_worker_gathers_facts(trust: TrustFiles, tmp_path: Path) -> None:
    async with pool(trust) as workers:
        found = await examine(workers, task(tmp_path / "a", good()))
        assert standing_of(found) is Standing.TRUSTED
        assert isinstance(found, DocumentFacts)
        (attachment,) = found.attachments
        assert attachment.pdf is not None
        assert attachment.pdf.signatures[0].signature.signature_holds


async def test_several_documents_share_the_workers(trust: TrustFiles, tmp_path: Path) -> None:
    tasks = [task(tmp_path / str(number), good()) for number in range(6)]
    async with pool(trust, count=2) as workers:
        found = await asyncio.gather(*(examine(workers, one) for one in tasks))
    assert [standing_of(one) for one in found] == [Standing.TRUSTED] * 6


@pytest.mark.parametrize("flaw", ["missing", "another size", "another digest"])
async def test_a_blob_that_is_not_the_package_is_no_verdict(trust: TrustFiles, tmp_path: Path, flaw: str) -> None:
    asked = task(tmp_path / "a", good())
    match flaw:
        case "missing":
            (tmp_path / "a").unlink()
        case "another size":
            (tmp_path / "a").write_bytes(good() + b" ")
        case _:
            (tmp_path / "a").write_bytes(good()[:-1] + b" ")
    async with pool(trust) as workers:
        with pytest.raises(Transient if flaw == "missing" else Invalid, match=r"missing|PACKAGE_DAMAGED"):
            await examine(workers, asked)
        assert standing_of(await examine(workers, task(tmp_path / "b", good()))) is Standing.TRUSTED


def swelling() -> bytes:
    """A zip of 3 MB that becomes a file of 190 MB: within the ratio, beyond the memory."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.pdf", (os.urandom(60_000) + bytes(3_740_000)) * 50)
    return buffer.getvalue()


async def test_a_document_that_takes_all_memory_harms_nobody(trust: TrustFiles, tmp_path: Path) -> None:
    letter = LETTER.but(files=(File(name="a.pdf", content=swelling()),))
    limits = WorkerLimits(memory_bytes=200 * MIB, seconds=10.0, documents=1000)
    async with pool(trust, limits=limits) as workers:
        assert await examine(workers, task(tmp_path / "big", letter.bytes())) is Reason.LIMITS
        assert standing_of(await examine(workers, task(tmp_path / "a", good()))) is Standing.TRUSTED


async def test_a_worker_that_is_stopped_is_killed_and_the_others_go_on(trust: TrustFiles, tmp_path: Path) -> None:
    """SIGSTOP stands for a library that never comes back."""
    limits = WorkerLimits(memory_bytes=512 * MIB, seconds=1.0, documents=1000)
    async with pool(trust, count=2, limits=limits) as workers:
        for path in ("a", "b"):
            await examine(workers, task(tmp_path / path, good()))
        first = await workers._idle.get()
        os.kill(first.pid, signal.SIGSTOP)
        workers._idle.put_nowait(first)
        before = killed("timeout")
        hanging, fine = await asyncio.gather(
            examine(workers, task(tmp_path / "a")), examine(workers, task(tmp_path / "b"))
        )
        assert standing_of(hanging) is Standing.TRUSTED  # it was not the document's fault: the try alone shows it
        assert standing_of(fine) is Standing.TRUSTED
        assert killed("timeout") == before + 1
        found = await asyncio.gather(*(examine(workers, task(tmp_path / path)) for path in ("a", "b")))
        assert [standing_of(one) for one in found] == [Standing.TRUSTED] * 2


@pytest.mark.parametrize("pause", [0.0, 0.3], ids=["just now", "a while ago"])
@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_a_worker_that_somebody_killed_costs_its_document_nothing(
    trust: TrustFiles, tmp_path: Path, run: Callable[[Coroutine[Any, Any, None]], None], pause: float
) -> None:
    """On both loops: the pipes of production's differ from asyncio's."""

    async def scenario() -> None:
        async with pool(trust) as workers:
            worker = await workers._idle.get()
            os.kill(worker.pid, signal.SIGKILL)
            workers._idle.put_nowait(worker)
            await asyncio.sleep(pause)
            before = killed("crash")
            assert standing_of(await examine(workers, task(tmp_path / "a", good()))) is Standing.TRUSTED
            assert killed("crash") == before + 1

    run(scenario())


@pytest.mark.parametrize(
    ("deed", "reason"),
    [
        ("dies", Reason.VERIFIER_CRASHED),
        ("garbles", Reason.VERIFIER_CRASHED),
        ("floods", Reason.VERIFIER_CRASHED),
        ("hangs", Reason.TIMEOUT),
        ("uses up its time", Reason.TIMEOUT),
    ],
)
async def test_what_a_document_does_to_its_worker_becomes_its_reason(
    trust: TrustFiles, tmp_path: Path, deed: str, reason: Reason
) -> None:
    async with rogues(trust, count=2) as workers:
        found = await asyncio.gather(
            examine(workers, task(tmp_path / deed, b"x")),
            *(examine(workers, task(tmp_path / "fine", b"x")) for _ in range(4)),
        )
        assert found[0] is reason
        assert all(isinstance(one, DocumentFacts) for one in found[1:])
        assert isinstance(await examine(workers, task(tmp_path / "fine", b"x")), DocumentFacts)
        await workers.ping()


async def test_many_documents_without_an_answer_are_the_machines_fault(trust: TrustFiles, tmp_path: Path) -> None:
    async with rogues(trust, count=6, seconds=0.3) as workers:
        asked = [examine(workers, task(tmp_path / f"{number}" / "hangs", b"x")) for number in range(6)]
        found = await asyncio.gather(*asked, return_exceptions=True)
        assert sum(isinstance(one, Transient) for one in found) == 3
        assert found.count(Reason.TIMEOUT) == 3
        assert isinstance(await examine(workers, task(tmp_path / "fine", b"x")), DocumentFacts)


async def test_a_try_alone_waits_until_the_others_are_done(trust: TrustFiles, tmp_path: Path) -> None:
    async with rogues(trust, count=2, seconds=0.5) as workers:
        hanging = asyncio.create_task(examine(workers, task(tmp_path / "hangs", b"x")))
        await asyncio.sleep(1.0)
        waiting = asyncio.create_task(examine(workers, task(tmp_path / "fine", b"x")))
        await asyncio.sleep(0.2)
        assert not waiting.done()
        assert await hanging is Reason.TIMEOUT
        assert isinstance(await waiting, DocumentFacts)


async def test_an_abandoned_conversation_ends_the_worker(trust: TrustFiles, tmp_path: Path) -> None:
    async with rogues(trust, seconds=30.0) as workers:
        asking = asyncio.create_task(examine(workers, task(tmp_path / "hangs", b"x")))
        await asyncio.sleep(0.2)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert isinstance(await examine(workers, task(tmp_path / "fine", b"x")), DocumentFacts)


async def test_a_worn_worker_is_replaced(trust: TrustFiles, tmp_path: Path) -> None:
    limits = WorkerLimits(memory_bytes=512 * MIB, seconds=5.0, documents=2)
    pids = set()
    async with pool(trust, limits=limits) as workers:
        for _ in range(5):
            pids |= {worker.pid for worker in workers._alive}
            await examine(workers, task(tmp_path / "a", good()))
    assert len(pids) >= 2


async def test_new_anchors_are_used_without_a_restart(trust: TrustFiles, tmp_path: Path) -> None:
    now = 0.0
    trust._timer = lambda: now
    async with pool(trust) as workers:
        asked = task(tmp_path / "a", good())
        assert standing_of(await examine(workers, asked)) is Standing.TRUSTED
        (tmp_path / "anchors.pem").write_bytes(authority.anchors(authority.rogue().issuers[0]))
        assert standing_of(await examine(workers, asked)) is Standing.TRUSTED
        now = 1.5
        assert standing_of(await examine(workers, asked)) is not Standing.TRUSTED


async def test_rubbish_in_place_of_anchors_changes_nothing(trust: TrustFiles, tmp_path: Path) -> None:
    async with pool(trust) as workers:
        asked = task(tmp_path / "a", good())
        assert standing_of(await examine(workers, asked)) is Standing.TRUSTED
        trust._looked = -10
        (tmp_path / "anchors.pem").write_bytes(b"rubbish")
        with pytest.raises(Transient, match="trust"):
            await examine(workers, asked)
        assert standing_of(await examine(workers, asked)) is Standing.TRUSTED
        with pytest.raises(Transient, match="the trust anchors cannot be read"):
            await trust.ping()


async def test_without_anchors_only_documents_with_a_certificate_wait(trust: TrustFiles, tmp_path: Path) -> None:
    (tmp_path / "anchors.pem").write_bytes(b"")
    async with pool(trust) as workers:
        assert isinstance(await examine(workers, task(tmp_path / "unsigned", LETTER.bytes())), DocumentFacts)
        with pytest.raises(Transient, match="their file is empty"):
            await examine(workers, task(tmp_path / "signed", good()))
        await trust.ping()


CONFINED = """
import socket, sys, os
from services.signature.worker_confinement import confine
confine(512 * 1024 * 1024)
try:
    {deed}
except {refusal}:
    os._exit(7)
os._exit(0)
"""


@pytest.mark.parametrize(
    ("deed", "refusal"),
    [
        ("socket.socket()", "PermissionError"),
        ("socket.create_connection(('127.0.0.1', 9))", "PermissionError"),
        ("socket.getaddrinfo('example.org', 80)", "PermissionError"),
        ("open('{folder}/new', 'wb')", "PermissionError"),
        ("os.open('{folder}/new', os.O_WRONLY | os.O_CREAT)", "PermissionError"),
        ("os.fork()", "PermissionError"),
        ("os.system('true')", "PermissionError"),
        ("__import__('subprocess').run(['true'])", "PermissionError"),
        ("os.execv('/bin/true', ['true'])", "PermissionError"),
        ("bytearray(600 * 1024 * 1024)", "MemoryError"),
        ("[open('/dev/null') for _ in range(40)]", "OSError"),
    ],
)
def test_a_worker_may_not(deed: str, refusal: str, tmp_path: Path) -> None:
    program = CONFINED.format(deed=deed.format(folder=tmp_path), refusal=refusal)
    done = subprocess.run([sys.executable, "-c", program], timeout=30, check=False)
    assert done.returncode == 7
    assert list(tmp_path.iterdir()) == []


def test_a_worker_may_read() -> None:
    program = CONFINED.format(deed="assert open('/dev/zero', 'rb').read(1) == bytes(1)", refusal="AssertionError")
    assert subprocess.run([sys.executable, "-c", program], timeout=30, check=False).returncode == 0


def test_processor_time_ends_by_the_kernel() -> None:
    program = "from services.signature.worker_confinement import allow_seconds\nallow_seconds(0.1)\nwhile True: pass"
    done = subprocess.run([sys.executable, "-c", program], timeout=30, check=False)
    assert done.returncode == -signal.SIGPROF
