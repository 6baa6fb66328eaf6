"""Every wrong combination of settings stops the process with exit code 78 and one line."""

from pathlib import Path

import pytest

from hub.runtime.settings import EXIT_MISCONFIGURED, HubSettings, load


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HUB_BLOB_URL", "ftp://somewhere"),
        ("HUB_BLOB_URL", "s3://bucket"),
        ("HUB_SEAL_KEY_FILE", "/nowhere/key"),
        ("HUB_PARTITIONS", "0"),
        ("HUB_REPLICATION", "six"),
        ("HUB_HTTP_PORT", "70000"),
        ("HUB_LOG_LEVEL", "loud"),
        ("HUB_HUB_AGENCY", ""),
        ("HUB_APPEND_LIMIT_SECONDS", "0"),
    ],
)
def test_wrong_settings_stop_the_process(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as stopped:
        load(HubSettings)
    assert stopped.value.code == EXIT_MISCONFIGURED
    assert capsys.readouterr().err.startswith("misconfigured: HUB")


def test_defaults_are_right_for_the_local_stack(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert load(HubSettings).brokers == "127.0.0.1:21010"
