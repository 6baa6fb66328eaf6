"""Agencies and their connections: registers the 95 through the directory door, keeps the secrets for the clients."""

import asyncio
import json
import secrets as randomness
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp

from sim.agencies import Agency, AgencyCode

_AT_ONCE = 8


def contacts(agency: Agency) -> list[dict[str, str]]:
    """The clerk and the duty phone of an agency, invented."""
    return [
        {
            "name": f"Văn thư {agency.name}",
            "position": "Văn thư",
            "unit": "Văn phòng",
            "mobile": f"09{int(agency.group[1:]):02d}{ord(agency.group[0]):03d}000",
            "email": agency.email,
        }
    ]


def kept_secrets(file: Path, agencies: Sequence[Agency]) -> Mapping[AgencyCode, str]:
    """Secrets of the agencies' connections; made once, mode 0600."""
    kept: dict[str, str] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    for agency in agencies:
        kept.setdefault(agency.code, randomness.token_urlsafe(32))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.write_text(json.dumps(kept, indent=1), encoding="utf-8")
    return {AgencyCode(code): secret for code, secret in kept.items()}


class Admin:
    """The hub's directory door on the router's internal port."""

    def __init__(self, session: aiohttp.ClientSession, base: str, token: str) -> None:
        self._session = session
        self._base = f"{base}/admin/v1"
        self._headers = {"Authorization": f"Bearer {token}"}

    async def put(self, path: str, body: Any) -> None:
        """PUT one entry; RuntimeError with the hub's own words when it refuses."""
        async with self._session.put(f"{self._base}{path}", json=body, headers=self._headers) as answer:
            if answer.status >= HTTPStatus.BAD_REQUEST:
                raise RuntimeError(f"{path}: HTTP {answer.status}: {(await answer.text())[:500]}")


async def register(
    admin_base: str, admin_token: str, agencies: Sequence[Agency], secrets: Mapping[AgencyCode, str]
) -> None:
    """Put every agency into the directory with its contacts, and give each its own connection."""
    gate = asyncio.Semaphore(_AT_ONCE)
    async with aiohttp.ClientSession() as session:
        admin = Admin(session, admin_base, admin_token)
        await admin.put("/agencies", [_entry(agency) for agency in agencies])

        async def connect(agency: Agency) -> None:
            async with gate:
                body = {"agencies": [agency.code], "secret": secrets[agency.code], "active": True}
                await admin.put(f"/connections/{agency.code}", body)

        await asyncio.gather(*(connect(agency) for agency in agencies))


def _entry(agency: Agency) -> dict[str, Any]:
    return {
        "code": agency.code,
        "name": agency.name,
        "kind": agency.kind,
        "parent": "",
        "state": "active",
        "signature_policy": "required",
        "identifiers": [{"code": agency.code, "scheme": "qcvn2016", "valid_from": "", "valid_to": ""}],
        "contacts": contacts(agency),
    }
