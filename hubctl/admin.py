"""The router's directory door, as the operator's commands use it: on the internal port, with a token from a file."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from hubctl.errors import CommandError

_TIMEOUT = httpx.Timeout(30.0, connect=3.0)
_SHOWN_REASONS = 10

Entry = Mapping[str, object]
"""One agency or connection as the door speaks of it."""


class AdminDoor:
    """HUB_ADMIN_URL with the token in HUB_ADMIN_TOKEN_FILE."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def agencies(self) -> dict[str, Entry]:
        """Every agency of the directory by its code in force."""
        return {str(entry["code"]): entry for entry in self._list("/agencies", "agencies")}

    def put_agencies(self, entries: Iterable[Entry]) -> tuple[str, ...]:
        """Write agencies, all or none; the codes that are different now."""
        return self._put("/agencies", list(entries))

    def connections(self) -> dict[str, Entry]:
        """Every connection by its system id."""
        return {str(entry["system_id"]): entry for entry in self._list("/connections", "connections")}

    def put_connection(self, system_id: str, entry: Entry) -> tuple[str, ...]:
        """Write one connection; its id when it is different now."""
        return self._put(f"/connections/{system_id}", entry)

    def _list(self, path: str, member: str) -> list[Entry]:
        found: list[Entry] = self._call("GET", path)[member]
        return found

    def _put(self, path: str, body: object) -> tuple[str, ...]:
        return tuple(str(key) for key in self._call("PUT", path, body)["changed"])

    def _call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        try:
            answer = self._client.request(method, f"/admin/v1{path}", json=body)
        except httpx.HTTPError as error:
            where = self._client.base_url
            raise CommandError(f"the router's directory door at {where} does not answer: {error}") from error
        if answer.is_error:
            raise CommandError(refusal(answer))
        parsed: dict[str, Any] = answer.json()
        return parsed


def refusal(answer: httpx.Response) -> str:
    """What a problem answer says, reason by reason."""
    try:
        reasons = answer.json()["reasons"]
        lines = [f"{each['field']}: {each['code']} {each['en']} {each['detail']}".strip(": ") for each in reasons]
    except (json.JSONDecodeError, KeyError, TypeError):
        return f"the hub answers {answer.status_code}: {answer.text[:300]}"
    more = [f"… and {len(lines) - _SHOWN_REASONS} more"] if len(lines) > _SHOWN_REASONS else []
    return "refused: " + "\n  ".join([*lines[:_SHOWN_REASONS], *more])


def open_door() -> AdminDoor:
    """The door that HUB_ADMIN_URL and HUB_ADMIN_TOKEN_FILE name; CommandError when they do not."""
    url, token_file = os.environ.get("HUB_ADMIN_URL", ""), os.environ.get("HUB_ADMIN_TOKEN_FILE", "")
    if not (url and token_file):
        raise CommandError("HUB_ADMIN_URL and HUB_ADMIN_TOKEN_FILE name the router's directory door: set both")
    try:
        token = Path(token_file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise CommandError(f"the admin token cannot be read: {error}") from error
    return AdminDoor(_client(url, token))


@contextmanager
def door_at(url: str, token: str) -> Iterator[AdminDoor]:
    """The door at an address, for as long as it is used; several threads may."""
    with _client(url, token) as client:
        yield AdminDoor(client)


def _client(url: str, token: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.Client(base_url=url, headers=headers, timeout=_TIMEOUT, trust_env=False)
