"""The spool: small packages stay in memory, others go to a file, nothing stays behind."""

import os
from pathlib import Path

import pytest

from hub.model.errors import Transient
from services.ingest.adapters_spool import FolderSpool


@pytest.fixture
def spool(tmp_path: Path) -> FolderSpool:
    made = FolderSpool(tmp_path / "spool", 1000)
    made.clean()
    return made


def files(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "spool").iterdir())


async def test_a_small_package_stays_in_memory(spool: FolderSpool, tmp_path: Path) -> None:
    async with spool.open() as sink:
        await sink.write(b"a" * 600)
        await sink.write(b"b" * 400)
        assert await sink.finish() == b"a" * 600 + b"b" * 400
        assert files(tmp_path) == []


async def test_a_larger_one_goes_to_a_file_and_is_gone_afterwards(spool: FolderSpool, tmp_path: Path) -> None:
    pieces = [os.urandom(700_000) for _ in range(4)]
    async with spool.open() as sink:
        for piece in pieces:
            await sink.write(piece)
        place = await sink.finish()
        assert isinstance(place, Path)
        assert place.read_bytes() == b"".join(pieces)
    assert files(tmp_path) == []


async def test_nothing_stays_when_the_request_breaks(spool: FolderSpool, tmp_path: Path) -> None:
    async def broken() -> None:
        async with spool.open() as sink:
            await sink.write(b"x" * 5000)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await broken()
    assert files(tmp_path) == []


async def test_a_full_disk_is_a_part_that_is_away(
    spool: FolderSpool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("services.ingest.adapters_spool.os.write", full)
    async with spool.open() as sink:
        with pytest.raises(Transient, match="spool"):
            await sink.write(b"x" * 5000)
    assert files(tmp_path) == []


def test_orphans_are_removed_and_files_of_the_living_are_not(tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    folder.mkdir()
    living = os.getppid()
    for name in (f"{living}-a.package", f"{os.getpid()}-b.package", "999999999-c.package", "odd.package", "note.txt"):
        (folder / name).write_bytes(b"x")
    assert FolderSpool(folder, 0).clean() == 3
    assert {file.name for file in folder.iterdir()} == {f"{living}-a.package", "note.txt"}
