"""SMTP server that delivers to files: `python -m hubctl.local.smtp_sink HOST PORT INSPECTION_PORT FOLDER`.

Every accepted mail becomes `FOLDER/mail/<number>.eml` and one line of `FOLDER/mail.jsonl`
({at, message_id, to, from, subject, headers, file}), both fsynced before the sender gets its 250.
"""

import asyncio
import hashlib
import os
import signal
import sys
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from hubctl.local.inspection import Fault, FaultKind, Journal, door, serve

_SIZE_LIMIT = 10_000_000


class Mailbox:
    """aiosmtpd's handler: what to answer to RCPT and DATA."""

    def __init__(self, folder: Path, fault: Fault, journal: Journal) -> None:
        self._mails = folder / "mail"
        self._mails.mkdir(parents=True, exist_ok=True)
        self._fault = fault
        self._journal = journal

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take the recipient, or not."""
        if self._fault.kind is FaultKind.REFUSE:
            return "550 5.1.1 mailbox unavailable"
        if self._fault.kind is FaultKind.GREYLIST and self._fault.first_attempt(f"{envelope.mail_from} {address}"):
            return "451 4.7.1 greylisted, try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name for it
        """Take the mail."""
        if self._fault.kind is FaultKind.HANG:
            await self._fault.hang()
            return "451 4.3.0 not taken, try again"
        await asyncio.to_thread(self._keep, envelope)
        if self._fault.kind is FaultKind.DROP and isinstance(server.transport, asyncio.WriteTransport):
            server.transport.abort()
        return "250 2.0.0 taken"

    def _keep(self, envelope: Envelope) -> None:
        raw = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        mail = message_from_bytes(raw, EmailMessage, policy=policy.default)
        file = self._write(raw)
        self._journal.add(
            {
                "message_id": str(mail["Message-ID"] or ""),
                "to": list(envelope.rcpt_tos),
                "from": envelope.mail_from or "",
                "subject": str(mail["Subject"] or ""),
                "headers": {name: str(value) for name, value in mail.items()},
                "file": file.name,
            }
        )

    def _write(self, raw: bytes) -> Path:
        number = sum(1 for _ in self._mails.glob("*.eml")) + 1
        file = self._mails / f"{number:05}-{hashlib.sha256(raw).hexdigest()[:12]}.eml"
        with file.open("wb") as mail:
            mail.write(raw)
            mail.flush()
            os.fsync(mail.fileno())
        return file


async def run(host: str, port: int, inspection_port: int, folder: Path) -> None:
    """Serve until SIGTERM."""
    loop, end = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end.set)
    fault, journal = Fault(), Journal(folder / "mail.jsonl")
    mailbox = Mailbox(folder, fault, journal)
    server = await loop.create_server(
        lambda: SMTP(mailbox, hostname="sink.local", enable_SMTPUTF8=True, data_size_limit=_SIZE_LIMIT), host, port
    )
    inspection = await serve(door(journal, fault), host, inspection_port)
    await end.wait()
    server.close()
    await inspection.cleanup()


def main() -> None:
    """Entry of the process."""
    host, port, inspection_port, folder = sys.argv[1:]
    asyncio.run(run(host, int(port), int(inspection_port), Path(folder)))


if __name__ == "__main__":
    main()
