"""What the operator's own commands need to know of a local stack: the same variables as in production."""

import os
from collections.abc import MutableMapping
from pathlib import Path

from hubctl.local.ports import Port
from hubctl.local.services import log_environment, store_environment
from hubctl.local.state import ADMIN_TOKEN, Stack


def operator_environment(stack: Stack) -> dict[str, str]:
    """Variables of topics, directory, connection, replay and fsck."""
    return {
        **log_environment(stack),
        **store_environment(stack),
        "HUB_DATA_DIR": str(stack.state.data / "operator"),
        "HUB_ADMIN_URL": f"http://{stack.address(Port.ROUTER_INTERNAL)}",
        "HUB_ADMIN_TOKEN_FILE": str(stack.state.secrets / ADMIN_TOKEN.name),
    }


def assume_local_stack(directory: Path, environment: MutableMapping[str, str] = os.environ) -> None:
    """Fill in what the environment does not say from the local stack in this folder, if there is one."""
    stack = Stack.at(directory)
    if not stack.state.settings_file.exists():
        return
    for name, value in operator_environment(stack).items():
        environment.setdefault(name, value)
