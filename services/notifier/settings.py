"""Settings of the notifier."""

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from hub.runtime.settings import HubSettings, OptionalPath
from services.notifier.alerts import mailbox


class SmtpTls(StrEnum):
    """How the connection to the mail relay is protected."""

    OFF = "off"
    STARTTLS = "starttls"
    IMPLICIT = "implicit"


class NotifierSettings(HubSettings):
    """What the notifier needs on top of the hub's settings; all of it starts with HUB_."""

    group: str = Field(default="notifier", min_length=1)
    not_fetched_seconds: float = Field(default=1800, gt=0, le=30 * 86400)
    smtp_host: str = Field(default="127.0.0.1", min_length=1)
    smtp_port: int = Field(default=21040, ge=1, le=65535)
    smtp_tls: SmtpTls = SmtpTls.OFF
    smtp_user: str = ""
    smtp_password_file: OptionalPath = None
    smtp_seconds: float = Field(default=60, gt=0, le=600)
    mail_from: str = "truc-lien-thong@hub.local"
    sms_url: str = Field(default="http://127.0.0.1:21041/send", pattern="^https?://")
    sms_token_file: OptionalPath = None
    sms_seconds: float = Field(default=20, gt=0, le=600)
    alert_retry_seconds: float = Field(default=5, gt=0, le=3600)
    alert_retry_longest_seconds: float = Field(default=300, gt=0, le=3600)
    alert_give_up_seconds: float = Field(default=7200, gt=0, le=7 * 86400)

    @property
    def attempt_limit_seconds(self) -> float:
        """Longer than any try can take, the write of its row included: an older try is dead."""
        return 2 * max(self.smtp_seconds, self.sms_seconds) + 10

    @model_validator(mode="after")
    def _gateways(self) -> Self:
        if not mailbox(self.mail_from):
            raise ValueError("HUB_MAIL_FROM must be a plain mailbox like alerts@hub.gov.vn")
        if bool(self.smtp_user) != bool(self.smtp_password_file):
            raise ValueError("HUB_SMTP_USER and HUB_SMTP_PASSWORD_FILE belong together")
        if self.smtp_user and self.smtp_tls is SmtpTls.OFF:
            raise ValueError("HUB_SMTP_USER without HUB_SMTP_TLS would send the password in clear")
        for file in (self.smtp_password_file, self.sms_token_file):
            if file is not None and not file.is_file():
                raise ValueError(f"secret file {file} does not exist")
        if self.alert_retry_longest_seconds < self.alert_retry_seconds:
            raise ValueError("HUB_ALERT_RETRY_LONGEST_SECONDS must not be below HUB_ALERT_RETRY_SECONDS")
        return self
