"""Adapters without a database: packages of a remote store, senders in the directory."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from hub.model.directory import Directory
from hub.model.errors import Transient
from hub.model.events import AgencyChanged, DocumentReceived
from hub.model.ids import AgencyCode, Digest, EventId, SystemId
from hub.model.statuses import AgencyState, SignaturePolicy
from hub.model.values import Identifier, Package
from services.signature.adapters import DirectorySenders, PooledExaminer
from services.signature.frames import Task, Trust
from services.signature.reasons import Reason
from tests.unit.signature import authority
from tests.unit.signature.documents import LETTER, header_of

TRUST = Trust(version="1", anchors=b"", crls=(), revocation="off")


class RemoteStore:
    """A store whose packages have no path."""

    def __init__(self, *chunks: bytes) -> None:
        self.chunks = chunks
        self.away = False

    def local_path(self, _digest: Digest) -> None:
        return None

    async def read(self, _package: Package) -> AsyncIterator[bytes]:
        if self.away:
            raise Transient("blobs")
        for chunk in self.chunks:
            yield chunk


class Readers:
    """Stands for the workers: reads each file and remembers how many lay there at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.read: list[bytes] = []
        self.most = 0

    async def examine(self, task: Task, trust: Trust) -> Reason:
        assert trust is TRUST
        self.most = max(self.most, len(list(self.folder.iterdir())))
        await asyncio.sleep(0)
        self.read.append(Path(task.path).read_bytes())  # noqa: ASYNC240 - a few bytes
        assert task.moment == authority.RECEIVED
        return Reason.LIMITS


def received(number: int) -> DocumentReceived:
    return DocumentReceived(
        event_id=EventId(str(number)),
        occurred_at=authority.RECEIVED,
        cause_id="",
        header=header_of(LETTER, b"x"),
        system_id=SystemId("VP.99"),
    )


async def test_packages_of_a_remote_store_are_files_for_a_moment(tmp_path: Path) -> None:
    folder = tmp_path / "incoming"
    workers = Readers(folder)
    examiner = PooledExaminer(cast("Any", RemoteStore(b"ab", b"cd")), cast("Any", workers), folder, at_once=2)
    found = await examiner.examine([received(number) for number in range(5)], TRUST)
    assert found == [Reason.LIMITS] * 5
    assert workers.read == [b"abcd"] * 5
    assert 1 <= workers.most <= 2
    assert list(folder.iterdir()) == []


async def test_a_store_that_is_away_is_waited_for_and_leaves_nothing_behind(tmp_path: Path) -> None:
    store = RemoteStore()
    store.away = True
    examiner = PooledExaminer(cast("Any", store), cast("Any", Readers(tmp_path)), tmp_path, at_once=2)
    with pytest.raises(Transient, match="blobs"):
        await examiner.examine([received(1), received(2)], TRUST)
    assert list(tmp_path.iterdir()) == []  # noqa: ASYNC240 - a few names


def agency(*codes: str) -> AgencyChanged:
    return AgencyChanged(
        event_id=EventId("1"),
        occurred_at=authority.RECEIVED,
        cause_id="",
        code=AgencyCode(codes[0]),
        name="Sở Mẫu",
        kind="unit",
        parent=AgencyCode(""),
        state=AgencyState.ACTIVE,
        signature_policy=SignaturePolicy.OPTIONAL,
        identifiers=tuple(
            Identifier(code=AgencyCode(code), scheme="legacy", valid_from="", valid_to="") for code in codes[1:]
        ),
        contacts=(),
    )


def test_a_sender_has_all_codes_it_ever_had() -> None:
    directory, ready = Directory(), asyncio.Event()
    directory.learn(agency("H99.7", "000.00.07.H99"))
    senders = DirectorySenders(cast("Any", SimpleNamespace(directory=directory, ready=ready)))
    with pytest.raises(Transient, match="directory"):
        senders.sender(AgencyCode("H99.7"))
    ready.set()
    for code in ("H99.7", "000.00.07.H99"):
        found = senders.sender(AgencyCode(code))
        assert found.policy is SignaturePolicy.OPTIONAL
        assert sorted(found.codes) == ["000.00.07.H99", "H99.7"]


def test_a_sender_that_nobody_knows_must_sign() -> None:
    ready = asyncio.Event()
    ready.set()
    found = DirectorySenders(cast("Any", SimpleNamespace(directory=Directory(), ready=ready))).sender(AgencyCode("X"))
    assert (found.policy, found.codes) == (SignaturePolicy.REQUIRED, frozenset())
