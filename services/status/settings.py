"""Settings of the status service."""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from hub.runtime.settings import HubSettings, secret

_SHORTEST_PASSWORD = 8


class StatusSettings(HubSettings):
    """Adds the operator's password, and the consumer group: another one makes a second read model beside the first."""

    group: str = Field(default="status", min_length=1)
    operator_password_file: Path = Field(description="text file: password of the user `operator`")

    @model_validator(mode="after")
    def _password(self) -> Self:
        file = self.operator_password_file
        if not file.is_file():
            raise ValueError(f"secret file {file} does not exist")
        if len(secret(file)) < _SHORTEST_PASSWORD:
            raise ValueError(f"HUB_OPERATOR_PASSWORD_FILE: {file} must hold at least {_SHORTEST_PASSWORD} characters")
        return self
