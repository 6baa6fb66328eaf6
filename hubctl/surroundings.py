"""Whose hub a command speaks to: what the environment names, else the local stack."""

import os
from pathlib import Path
from typing import Annotated

import typer

from hub.runtime.settings import HubSettings, load
from hubctl.errors import CommandError
from hubctl.local.commands import DEFAULT_DIR
from hubctl.local.components import named
from hubctl.local.state import Stack

Dir = Annotated[
    Path,
    typer.Option("--dir", envvar="HUBCTL_DIR", help="Local stack to speak to, unless HUB_BROKERS is set.",
                 show_default=".local"),
]  # fmt: skip

_BORROWED = ("HUB_BROKERS", "HUB_REGISTRY_URL", "HUB_MONGO_URL", "HUB_BLOB_URL", "HUB_SEAL_KEY_FILE")


def settings_of(directory: Path = DEFAULT_DIR) -> HubSettings:
    """Settings from the environment when it names brokers, else those of the local stack in `directory`."""
    if "HUB_BROKERS" not in os.environ:
        stack = Stack.at(directory)
        if not stack.state.settings_file.exists():
            raise CommandError("no hub is named: set HUB_BROKERS and the others, or start one with `hubctl local up`")
        environment = dict(named("router").prepare(stack).environment)
        os.environ.update({name: environment[name] for name in _BORROWED})
        os.environ.setdefault("HUB_DATA_DIR", str(stack.state.data / "hubctl"))
    return load(HubSettings)
