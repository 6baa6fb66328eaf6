"""x"""

from typing import Any


def add_console(*a: Any) -> None: ...  # noqa: D103
