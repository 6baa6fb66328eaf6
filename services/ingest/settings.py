"""Settings of intake."""

from typing import Self

from pydantic import Field, model_validator

from hub.runtime.settings import HubSettings
from services.ingest.handlers import BYTES_PER_SECOND, PATIENCE_SECONDS


class IngestSettings(HubSettings):
    """What intake needs beside the common settings."""

    package_limit_bytes: int = Field(default=209_715_200, ge=1024, le=1 << 31)
    status_limit_bytes: int = Field(default=1_048_576, ge=1024, le=16 << 20)
    spool_memory_bytes: int = Field(default=1_048_576, ge=0, le=64 << 20)
    request_limit_seconds: float = Field(default=60.0, gt=0, le=600)
    """After this long a request that claimed a DocumentId has certainly ended, one way or the other."""

    @model_validator(mode="after")
    def _requests_end_in_time(self) -> Self:
        longest = PATIENCE_SECONDS + self.package_limit_bytes / BYTES_PER_SECOND + self.append_limit_seconds
        if self.request_limit_seconds < longest:
            raise ValueError(
                f"HUB_REQUEST_LIMIT_SECONDS must be at least {longest:.0f}: the largest package may take that long"
            )
        if self.http_port == 0:
            raise ValueError("HUB_HTTP_PORT is needed by this service")
        if self.seal_key_file is None:
            raise ValueError("HUB_SEAL_KEY_FILE is needed by this service")
        return self
