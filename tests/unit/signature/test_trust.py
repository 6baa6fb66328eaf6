"""Trust anchors as files: read again when they change, kept when they turn bad."""

from pathlib import Path

import pytest

from hub.model.errors import Transient
from services.signature.adapters_trust import TrustFiles


class Timer:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def timer() -> Timer:
    return Timer()


@pytest.fixture
def files(tmp_path: Path, timer: Timer) -> TrustFiles:
    (tmp_path / "anchors.pem").write_bytes(b"one")
    (tmp_path / "crls").mkdir()
    return TrustFiles(tmp_path / "anchors.pem", tmp_path / "crls", timer)


def test_both_are_read(files: TrustFiles, tmp_path: Path) -> None:
    (tmp_path / "crls" / "b.crl").write_bytes(b"B")
    (tmp_path / "crls" / "a.crl").write_bytes(b"A")
    trust = files.current()
    assert (trust.anchors, trust.crls, trust.revocation) == (b"one", (b"A", b"B"), "require")


def test_without_a_folder_of_lists_none_is_asked(tmp_path: Path) -> None:
    (tmp_path / "anchors.pem").write_bytes(b"one")
    trust = TrustFiles(tmp_path / "anchors.pem", None).current()
    assert (trust.crls, trust.revocation) == ((), "off")


def test_a_change_is_seen_within_a_second(files: TrustFiles, tmp_path: Path, timer: Timer) -> None:
    first = files.current()
    (tmp_path / "crls" / "a.crl").write_bytes(b"A")
    assert files.current() is first
    timer.now = 1.0
    second = files.current()
    assert second.crls == (b"A",)
    assert second.version != first.version
    timer.now = 2.0
    assert files.current() is second


async def test_missing_anchors_are_waited_for(tmp_path: Path, timer: Timer) -> None:
    files = TrustFiles(tmp_path / "anchors.pem", None, timer)
    for ask in (files.current, files.current):
        with pytest.raises(Transient, match="trust"):
            ask()
    with pytest.raises(Transient, match="FileNotFoundError"):
        await files.ping()
    (tmp_path / "anchors.pem").write_bytes(b"one")
    timer.now = 1.0
    assert files.current().anchors == b"one"
    await files.ping()


async def test_anchors_that_go_away_stay_in_force_and_are_named(
    files: TrustFiles, tmp_path: Path, timer: Timer
) -> None:
    first = files.current()
    await files.ping()
    (tmp_path / "anchors.pem").unlink()
    timer.now = 1.0
    assert files.current() is first
    with pytest.raises(Transient, match=r"anchors\.pem"):
        await files.ping()


async def test_what_no_worker_can_use_is_put_back(files: TrustFiles, tmp_path: Path, timer: Timer) -> None:
    first = files.current()
    files.accepted(first)
    (tmp_path / "anchors.pem").write_bytes(b"rubbish")
    timer.now = 1.0
    files.refused(files.current(), "rubbish")
    assert files.current() is first
    with pytest.raises(Transient, match="rubbish"):
        await files.ping()
    (tmp_path / "anchors.pem").write_bytes(b"three")
    timer.now = 2.0
    assert files.current().anchors == b"three"
    await files.ping()


async def test_rubbish_from_the_start_is_waited_out(files: TrustFiles) -> None:
    files.refused(files.current(), "rubbish")
    with pytest.raises(Transient, match="rubbish"):
        files.current()
