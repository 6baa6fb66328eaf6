from pathlib import Path

import pytest
from pydantic import ValidationError

from services.notifier.settings import NotifierSettings

WRONG = [
    {"HUB_NOT_FETCHED_SECONDS": "0"},
    {"HUB_NOT_FETCHED_SECONDS": "soon"},
    {"HUB_SMTP_PORT": "70000"},
    {"HUB_MAIL_FROM": "nobody"},
    {"HUB_MAIL_FROM": "Trục <a@x.vn>"},
    {"HUB_SMS_URL": "ftp://gateway"},
    {"HUB_SMTP_USER": "hub"},
    {"HUB_SMTP_PASSWORD_FILE": "{file}"},
    {"HUB_SMTP_USER": "hub", "HUB_SMTP_PASSWORD_FILE": "{file}"},
    {"HUB_SMTP_USER": "hub", "HUB_SMTP_PASSWORD_FILE": "{file}.gone", "HUB_SMTP_TLS": "starttls"},
    {"HUB_SMTP_TLS": "maybe"},
    {"HUB_SMS_TOKEN_FILE": "{file}.gone"},
    {"HUB_ALERT_RETRY_SECONDS": "400"},
    {"HUB_SMS_SECONDS": "0"},
]


@pytest.mark.parametrize("environment", WRONG)
def test_a_wrong_combination_dies_at_start(
    environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "secret"
    file.write_text("geheim\n", encoding="utf-8")
    for name, value in environment.items():
        monkeypatch.setenv(name, value.replace("{file}", str(file)))
    with pytest.raises(ValidationError):
        NotifierSettings()


def test_what_the_relay_needs_can_be_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "secret"
    file.write_text("geheim\n", encoding="utf-8")
    monkeypatch.setenv("HUB_SMTP_USER", "hub")
    monkeypatch.setenv("HUB_SMTP_PASSWORD_FILE", str(file))
    monkeypatch.setenv("HUB_SMTP_TLS", "starttls")
    monkeypatch.setenv("HUB_NOT_FETCHED_SECONDS", "20")
    settings = NotifierSettings()
    assert settings.not_fetched_seconds == 20
    assert settings.attempt_limit_seconds > 2 * settings.smtp_seconds


def test_half_an_hour_is_the_limit_unless_set() -> None:
    assert NotifierSettings().not_fetched_seconds == 1800
