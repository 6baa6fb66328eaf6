"""The signature service on the real stack: verdicts come, come once, and come after every kind of trouble."""

import asyncio
import os
import re
import signal
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from motor.motor_asyncio import AsyncIOMotorClient

from hub.model.events import DocumentReceived, SignatureChecked
from hub.model.ids import EventId
from hub.model.statuses import Outcome, SignaturePolicy
from hub.runtime.clock import system_clock
from services.signature import policy, verdict
from services.signature.reasons import Reason
from services.signature.replay import PROJECTED, projector
from sim.authority import Standing
from sim.place import Place
from tests.conftest import hubctl
from tests.integration.signature_site import Site, checked_id, site
from tests.unit.signature import pdfs

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]


@pytest.fixture(scope="module", autouse=True)
def _intake_learns_what_was_appended_in_its_name(stack: Place) -> Iterator[None]:
    """These tests speak for intake; a restart makes it catch up, so that fsck finds it in step with the log."""
    assert stack
    yield
    hubctl("local", "stop", "ingest")
    hubctl("local", "start", "ingest")


@pytest_asyncio.fixture
async def at(stack: Place, environment: dict[str, dict[str, str]], tmp_path: Path) -> AsyncIterator[Site]:
    async with site(stack, environment["signature"], tmp_path) as opened:
        yield opened


def changed(package: bytes) -> bytes:
    """One word of the Subject, after signing."""
    other, count = re.subn("năm 2027".encode(), "năm 2028".encode(), package)
    assert count == 1
    return other


async def test_each_flaw_has_its_verdict_and_the_policy_its_word(at: Site) -> None:
    await at.register(1, "required")
    packages = {
        "OK": await at.package(),
        "DIGEST_MISMATCH": changed(await at.package()),
        "NO_SIGNATURE": at.letter(pdfs_unsigned()).bytes(),
        "EXPIRED": await at.package(standing=Standing.EXPIRED),
        "REVOKED": await at.package(standing=Standing.REVOKED),
        "UNTRUSTED": await at.package(standing=Standing.UNKNOWN_AUTHORITY),
        "SENDER_MISMATCH": await at.package(signer=2),
    }
    documents = {reason: await at.accepted(package) for reason, package in packages.items()}
    await at.append(*documents.values())
    rows = {reason: await at.verdict(document) for reason, document in documents.items()}
    assert {reason: row["reason"] for reason, row in rows.items()} == {reason: reason for reason in packages}
    assert {reason: row["stop"] for reason, row in rows.items()} == {reason: reason != "OK" for reason in packages}
    envelope, pdf = rows["OK"]["findings"]
    assert (envelope["part"], envelope["covered"], pdf["covered"]) == ("envelope", "/edXML[1]", "WHOLE_FILE")
    assert at.code(1) in envelope["signer"]
    assert at.code(1) in pdf["signer"]
    assert [one["reason"] for one in rows["SENDER_MISMATCH"]["findings"]] == ["SENDER_MISMATCH", "OK"]
    assert [one["reason"] for one in rows["NO_SIGNATURE"]["findings"]] == ["NO_SIGNATURE", "NO_SIGNATURE"]
    events = [record.event for record in await at.checked(list(documents.values()))]
    assert len(events) == len(documents)
    good = next(event for event in events if event.cause_id == documents["OK"].event_id)
    assert isinstance(good, SignatureChecked)
    assert good.header == documents["OK"].header
    assert (good.policy, good.stop, good.verdict.outcome) == (SignaturePolicy.REQUIRED, False, Outcome.VALID)


def pdfs_unsigned() -> bytes:
    return pdfs.bare()


@pytest.mark.parametrize("word", ["optional", "legacy_unsigned"])
async def test_an_unsigned_document_of_a_lenient_sender_goes_on(at: Site, word: str) -> None:
    await at.register(1, word)
    document = await at.accepted(at.letter(pdfs_unsigned()).bytes())
    await at.append(document)
    row = await at.verdict(document)
    assert (row["outcome"], row["policy"], row["stop"]) == ("ABSENT", word, False)


async def test_a_verdict_comes_quickly(at: Site) -> None:
    await at.register(1, "required")
    seconds = []
    for _ in range(5):
        document = await at.accepted(await at.package())
        started = time.monotonic()
        await at.append(document)
        await at.verdict(document)
        seconds.append(time.monotonic() - started)
    assert min(seconds) < 0.5, seconds


async def test_a_repeat_gives_no_second_verdict(at: Site) -> None:
    await at.register(1, "required")
    document = await at.accepted(await at.package())
    await at.append(document, document)
    await at.verdict(document)
    await at.register(1, "legacy_unsigned")
    await at.append(document)
    later = await passed(at, document)
    events = {record.event.event_id: record.event for record in await at.checked([document])}
    assert list(events) == [checked_id(document)]
    row = await at.row(document)
    assert row is not None
    assert row["policy"] == "required"
    assert len(await at.checked([later])) == 1


async def passed(at: Site, document: DocumentReceived) -> DocumentReceived:
    """Another document of the same partition, judged: whatever was appended before has been handled."""
    follower = replace(document, event_id=EventId(f"{document.event_id}-{time.monotonic_ns()}"))
    await at.append(follower)
    await at.verdict(follower)
    return follower


async def test_what_was_appended_before_a_crash_is_projected_and_not_decided_anew(at: Site) -> None:
    """The service dies between append and projection; meanwhile the sender's policy changes."""
    await at.register(1, "optional")
    document = await at.accepted(at.letter(pdfs_unsigned()).bytes())
    findings = verdict.only(Reason.TIMEOUT)  # something that it would not say again
    judged = policy.verdict_on_document(findings)
    appended = SignatureChecked(
        event_id=EventId(checked_id(document)),
        occurred_at=system_clock(),
        cause_id=document.event_id,
        header=document.header,
        system_id=document.system_id,
        verdict=judged,
        findings=findings,
        policy=SignaturePolicy.OPTIONAL,
        stop=False,
    )
    await asyncio.to_thread(hubctl, "local", "stop", "signature")
    await at.append(document, appended)
    await at.register(1, "required")
    await asyncio.to_thread(hubctl, "local", "start", "signature")
    row = await at.verdict(document)
    assert (row["reason"], row["policy"], row["stop"]) == ("TIMEOUT", "optional", False)
    await passed(at, document)
    assert len(await at.checked([document])) == 1


async def test_a_package_that_is_missing_is_waited_for(at: Site) -> None:
    await at.register(1, "required")
    package = await at.package()
    document = await at.accepted(package, kept=False)
    await at.append(document)
    await asyncio.sleep(1.0)
    assert await at.row(document) is None
    assert await at.metric("hub_transient_retries_total") > 0
    await at.blobs.put(document.header.package.digest, package)
    assert (await at.verdict(document))["reason"] == "OK"


async def test_workers_that_are_killed_cost_no_verdict(at: Site) -> None:
    await at.register(1, "required")
    before = await at.metric("hub_signature_workers_killed_total")
    for worker in at.service().children():
        os.kill(worker.pid, signal.SIGKILL)
    documents = [await at.accepted(await at.package()) for _ in range(4)]
    await at.append(*documents)
    assert [(await at.verdict(document))["reason"] for document in documents] == ["OK"] * 4
    assert await at.metric("hub_signature_workers_killed_total") >= before + 1
    assert len(await at.checked(documents)) == 4


async def killed_and_back(at: Site) -> None:
    """Kill the service and wait until the supervisor has started it again."""
    before = at.service()
    before.kill()
    async with asyncio.timeout(30):
        while at.services() <= {before}:  # noqa: ASYNC110 - the supervisor is another process
            await asyncio.sleep(0.1)


async def test_the_service_that_is_killed_gives_each_document_one_verdict(at: Site) -> None:
    await at.register(1, "required")
    documents = [await at.accepted(await at.package()) for _ in range(12)]
    for number, document in enumerate(documents):
        await at.append(document)
        if number in (3, 7):
            await killed_and_back(at)
    assert {(await at.verdict(document, 90.0))["reason"] for document in documents} == {"OK"}
    events = await at.checked(documents)
    assert {record.event.cause_id for record in events} == {document.event_id for document in documents}
    assert len({record.event.event_id for record in events}) == len(documents)


async def test_the_rows_are_what_the_log_says(at: Site) -> None:
    await at.register(1, "required")
    documents = [await at.accepted(await at.package()), await at.accepted(at.letter(pdfs_unsigned()).bytes())]
    await at.append(*documents)
    live = [await at.verdict(document) for document in documents]
    client: AsyncIOMotorClient[Any] = AsyncIOMotorClient(at.settings.mongo_url, tz_aware=True)
    fresh = client[f"fresh_{at.mark}"]
    try:
        events, project = await projector(fresh)
        assert events == (SignatureChecked,)
        records = await at.checked(documents)
        for _ in range(2):  # from an older mark over newer rows
            await project(records)
        assert PROJECTED == ("verdicts",)
        assert [await fresh["verdicts"].find_one({"_id": row["_id"]}) for row in live] == live
        assert await fresh["verdicts"].count_documents({}) == len(live)
    finally:
        await client.drop_database(fresh.name)
        client.close()


async def test_readiness_names_its_parts(at: Site) -> None:
    answer = await at.client.get(at.place.metrics()["signature"].replace("/metrics", "/health/ready"))
    assert answer.status_code == 200, answer.text
    text = (await at.client.get(at.place.metrics()["signature"])).text
    for part in ("kafka", "mongo", "directory", "blobs", "trust", "workers", "own events"):
        assert f'hub_ready{{part="{part}"}} 1.0' in text
