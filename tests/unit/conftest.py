"""Unit tests touch no network: sockets are off, but for the pipes of event loops."""

from collections.abc import Iterator

import pytest
from pytest_socket import disable_socket, enable_socket


@pytest.fixture(autouse=True)
def _sockets_off() -> Iterator[None]:
    disable_socket(allow_unix_socket=True)
    yield
    enable_socket()
