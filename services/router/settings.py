"""Settings of the router beside those of every process."""

from pathlib import Path
from typing import Self

from pydantic import model_validator

from hub.runtime.settings import HubSettings

_SHORTEST_TOKEN = 16


class RouterSettings(HubSettings):
    """HUB_ADMIN_TOKEN_FILE: the bearer token of the directory door on the internal port."""

    admin_token_file: Path

    @model_validator(mode="after")
    def _admin_token(self) -> Self:
        if not self.admin_token_file.is_file():
            raise ValueError(f"HUB_ADMIN_TOKEN_FILE {self.admin_token_file} does not exist")
        if len(self.admin_token_file.read_text(encoding="utf-8").strip()) < _SHORTEST_TOKEN:
            raise ValueError(f"HUB_ADMIN_TOKEN_FILE must hold at least {_SHORTEST_TOKEN} characters")
        return self
