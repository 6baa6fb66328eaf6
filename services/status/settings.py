"""Settings of the status service."""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from hub.runtime.settings import HubSettings, secret

_SHORTEST_PASSWORD = 8


class StatusSettings(HubSettings):
    """Adds the operator's password."""

    operator_password_file: Path = Field(description="text file: password of the user `operator`")

    @model_validator(mode="after")
    def _password(self) -> Self:
        file = self.operator_password_file
        if not file.is_file():
            raise ValueError(f"secret file {file} does not exist")
        if len(secret(file)) < _SHORTEST_PASSWORD:
            raise ValueError(f"HUB_OPERATOR_PASSWORD_FILE: {file} must hold at least {_SHORTEST_PASSWORD} characters")
        return self
