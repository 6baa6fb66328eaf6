"""Wrong settings stop the process at start, with a line that says what is wrong."""

from pathlib import Path

import pytest

from hub.runtime.settings import EXIT_MISCONFIGURED, load
from services.status.settings import StatusSettings


@pytest.mark.parametrize(("content", "said"), [(None, "does not exist"), ("short", "at least 8 characters")])
def test_a_password_file_that_will_not_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], content: str | None, said: str
) -> None:
    file = tmp_path / "password"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    monkeypatch.setenv("HUB_OPERATOR_PASSWORD_FILE", str(file))
    with pytest.raises(SystemExit) as stopped:
        load(StatusSettings)
    assert stopped.value.code == EXIT_MISCONFIGURED
    assert said in capsys.readouterr().err


def test_no_password_file_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("HUB_OPERATOR_PASSWORD_FILE", raising=False)
    with pytest.raises(SystemExit):
        load(StatusSettings)
    assert "HUB_OPERATOR_PASSWORD_FILE" in capsys.readouterr().err
