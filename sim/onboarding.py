"""Agencies and their connections: registers the 95 through the directory door, keeps the secrets for the clients."""

import json
import secrets as randomness
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from hubctl.admin import door_at
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


def register(admin_base: str, admin_token: str, agencies: Sequence[Agency], secrets: Mapping[AgencyCode, str]) -> None:
    """Put every agency into the directory with its contacts, and give each its own connection."""
    with door_at(admin_base, admin_token) as door, ThreadPoolExecutor(_AT_ONCE) as hands:
        door.put_agencies([_entry(agency) for agency in agencies])

        def connect(agency: Agency) -> None:
            entry = {"agencies": [agency.code], "secret": secrets[agency.code], "active": True}
            door.put_connection(agency.code, entry)

        list(hands.map(connect, agencies))


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
