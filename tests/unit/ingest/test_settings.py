"""Wrong combinations stop intake at its start."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from services.ingest.settings import IngestSettings


@pytest.fixture
def good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    key = tmp_path / "key"
    key.write_text("0" * 64, encoding="ascii")
    monkeypatch.setenv("HUB_SEAL_KEY_FILE", str(key))
    monkeypatch.setenv("HUB_HTTP_PORT", "8080")
    return monkeypatch


def test_defaults(good: pytest.MonkeyPatch) -> None:
    assert good
    assert IngestSettings().package_limit_bytes == 200 << 20


@pytest.mark.parametrize(("name", "text"), [
    ("HUB_REQUEST_LIMIT_SECONDS", "15"),  # the largest package may take longer than that
    ("HUB_REQUEST_LIMIT_SECONDS", "0"),
    ("HUB_PACKAGE_LIMIT_BYTES", "10"),
    ("HUB_STATUS_LIMIT_BYTES", "x"),
    ("HUB_SPOOL_MEMORY_BYTES", "-1"),
    ("HUB_HTTP_PORT", "0"),
    ("HUB_SEAL_KEY_FILE", "/nowhere"),
    ("HUB_BLOB_URL", "ftp://x"),
])  # fmt: skip
def test_what_stops_it(good: pytest.MonkeyPatch, name: str, text: str) -> None:
    good.setenv(name, text)
    with pytest.raises(ValidationError):
        IngestSettings()


def test_without_a_seal_key(good: pytest.MonkeyPatch) -> None:
    good.delenv("HUB_SEAL_KEY_FILE")
    with pytest.raises(ValidationError, match="HUB_SEAL_KEY_FILE"):
        IngestSettings()
