"""Settings that are wrong stop the process at start, with one line each."""

from pathlib import Path

import pytest

from hub.runtime.settings import EXIT_MISCONFIGURED, load
from services.signature.settings import SignatureSettings


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HUB_TRUST_FILE", str(tmp_path / "anchors.pem"))


def test_the_anchors_need_not_be_there_yet(tmp_path: Path) -> None:
    settings = load(SignatureSettings)
    assert settings.trust_file == tmp_path / "anchors.pem"
    assert (settings.workers, settings.worker_memory_bytes, settings.worker_seconds) == (2, 536870912, 10.0)


@pytest.mark.parametrize(
    ("workers", "seconds", "batch"), [(2, 10, 20), (1, 20, 5), (64, 10, 100), (1, 10, 10), (64, 0.1, 100)]
)
def test_a_batch_of_poison_is_done_before_the_group_gives_this_process_up(
    workers: int, seconds: float, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_WORKERS", str(workers))
    monkeypatch.setenv("HUB_WORKER_SECONDS", str(seconds))
    settings = load(SignatureSettings)
    assert settings.batch == batch
    assert batch / workers * seconds + 3 * 3 * seconds < 300


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HUB_TRUST_FILE", None),
        ("HUB_WORKERS", "0"),
        ("HUB_WORKERS", "many"),
        ("HUB_WORKER_MEMORY_BYTES", "1000000"),
        ("HUB_WORKER_SECONDS", "0"),
        ("HUB_WORKER_SECONDS", "21"),
        ("HUB_WORKER_DOCUMENTS", "0"),
    ],
)
def test_a_wrong_setting_is_named(
    name: str, value: str | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if value is None:
        monkeypatch.delenv(name)
    else:
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        load(SignatureSettings)
    assert ended.value.code == EXIT_MISCONFIGURED
    assert name in capsys.readouterr().err
