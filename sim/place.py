"""Where the simulator finds a local stack: its addresses, secrets and the sinks' files."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hubctl.local.ports import HOST, Port
from hubctl.local.state import ADMIN_TOKEN, OPERATOR_PASSWORD, Stack
from sim.check import Alert


@dataclass(frozen=True, slots=True)
class Place:
    """One local stack as the simulator sees it."""

    stack: Stack

    @classmethod
    def at(cls, folder: Path) -> "Place":
        """The stack that lives in this folder."""
        return cls(Stack.at(folder))

    @property
    def folder(self) -> Path:
        """The stack's folder; the test authority and the ledger live below it."""
        return self.stack.state.root

    @property
    def edge(self) -> str:
        """Address of the edge."""
        return f"http://{self.stack.address(Port.EDGE_HTTP)}"

    @property
    def admin(self) -> str:
        """Address of the directory door."""
        return f"http://{self.stack.address(Port.ROUTER_INTERNAL)}"

    @property
    def admin_token(self) -> str:
        """Bearer token of the directory door."""
        return (self.stack.state.secrets / ADMIN_TOKEN.name).read_text(encoding="ascii").strip()

    @property
    def operator_password(self) -> str:
        """Password of the console's user `operator`."""
        return (self.stack.state.secrets / OPERATOR_PASSWORD.name).read_text(encoding="ascii").strip()

    @property
    def ledger(self) -> Path:
        """The stack's ledger."""
        return self.folder / "sim" / "ledger.jsonl"

    @property
    def secrets(self) -> Path:
        """Secrets of the simulated agencies' connections."""
        return self.folder / "sim" / "secrets.json"

    def metrics(self) -> dict[str, str]:
        """Address of /metrics of each service."""
        ports = {
            "ingest": Port.INGEST_INTERNAL,
            "signature": Port.SIGNATURE_INTERNAL,
            "router": Port.ROUTER_INTERNAL,
            "status": Port.STATUS_INTERNAL,
            "notifier": Port.NOTIFIER_INTERNAL,
        }
        return {service: f"http://{HOST}:{self.stack.port(port)}/metrics" for service, port in ports.items()}

    def alerts(self) -> list[Alert]:
        """Every mail and SMS that the sinks took. Mails carry X-Hub headers, SMS the same in their reference."""
        mails = [
            Alert(
                channel="email",
                document=entry["headers"].get("X-Hub-Document", ""),
                recipient=entry["headers"].get("X-Hub-Recipient", ""),
                level=entry["headers"].get("X-Hub-Level", ""),
                message_id=entry["message_id"],
            )
            for entry in _lines(self.stack.state.sinks / "mail.jsonl")
        ]
        texts = [_sms(entry["reference"]) for entry in _lines(self.stack.state.sinks / "sms.jsonl")]
        return mails + texts


def _sms(reference: str) -> Alert:
    document, recipient, level = [*reference.split("|"), "", "", ""][:3]
    return Alert(channel="sms", document=document, recipient=recipient, level=level)


def _lines(file: Path) -> list[dict[str, Any]]:
    if not file.is_file():
        return []
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line]
