"""Settings from the environment (prefix HUB_) and secret files; a wrong combination stops the process at start."""

import sys
from pathlib import Path
from typing import Annotated, NoReturn, Self, TypeVar

from pydantic import BeforeValidator, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from hub.model.ids import LONGEST_CODE

EXIT_MISCONFIGURED = 78  # EX_CONFIG of sysexits.h

OptionalPath = Annotated[Path | None, BeforeValidator(lambda text: text or None)]
"""A path from the environment; set but empty means none."""


class HubSettings(BaseSettings):
    """What all processes need. Services add their own in their `settings.py`."""

    model_config = SettingsConfigDict(env_prefix="HUB_", extra="ignore", frozen=True)

    brokers: str = "127.0.0.1:21010"
    mongo_url: str = "mongodb://127.0.0.1:21020/?replicaSet=rs0"
    mongo_database: str = ""
    mongo_password_file: OptionalPath = None
    registry_url: str = "http://127.0.0.1:21030/apis/ccompat/v7"
    blob_url: str = "file://.local/blobs"
    s3_endpoint: str = ""
    s3_region: str = "vn"
    s3_access_key_file: OptionalPath = None
    s3_secret_key_file: OptionalPath = None
    data_dir: Path = Path(".local/data")
    instance: str = Field(default="", max_length=100, pattern=r"^[0-9A-Za-z._-]*$")
    """Lasting name of this process in its consumer group; empty: made of the host's name and HUB_DATA_DIR."""
    seal_key_file: OptionalPath = None
    http_host: str = "127.0.0.1"
    http_port: int = Field(default=0, ge=0, le=65535)
    internal_host: str = "127.0.0.1"
    internal_port: int = Field(default=0, ge=0, le=65535)
    otlp_endpoint: str = ""
    trace_file: OptionalPath = None
    log_level: str = Field(default="info", pattern="^(debug|info|warning|error)$")
    hub_agency: str = Field(default="000.00.00.HUB", min_length=1, max_length=LONGEST_CODE)
    partitions: int = Field(default=6, ge=1, le=1000)
    replication: int = Field(default=1, ge=1, le=5)
    append_limit_seconds: float = Field(default=4.0, gt=0, le=60)

    @model_validator(mode="after")
    def _stores(self) -> Self:
        scheme = self.blob_url.split("://", 1)[0]
        if scheme not in ("file", "s3"):
            raise ValueError("HUB_BLOB_URL must start with file:// or s3://")
        if scheme == "s3" and not (self.s3_access_key_file and self.s3_secret_key_file):
            raise ValueError("an S3 HUB_BLOB_URL needs HUB_S3_ACCESS_KEY_FILE and HUB_S3_SECRET_KEY_FILE")
        for file in (self.seal_key_file, self.mongo_password_file, self.s3_access_key_file, self.s3_secret_key_file):
            if file is not None and not file.is_file():
                raise ValueError(f"secret file {file} does not exist")
        return self


S = TypeVar("S", bound=HubSettings)


def load(settings: type[S]) -> S:
    """Settings of this process; prints one line per fault and exits 78 when they are wrong."""
    try:
        return settings()
    except ValidationError as error:
        for fault in error.errors():
            name = "_".join(("HUB", *(str(part).upper() for part in fault["loc"])))
            print(f"misconfigured: {name}: {fault['msg']}", file=sys.stderr)  # noqa: T201 - logs are not up yet
        sys.exit(EXIT_MISCONFIGURED)


def misconfigured(line: str) -> NoReturn:
    """Stop at start because of `line`."""
    print(f"misconfigured: {line}", file=sys.stderr)  # noqa: T201 - logs are not up yet
    sys.exit(EXIT_MISCONFIGURED)


def secret(file: Path) -> str:
    """Text of a secret file without its line end."""
    return file.read_text(encoding="utf-8").strip()
