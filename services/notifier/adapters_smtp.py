"""Mail through an SMTP relay; one connection per mail, every step limited in time.

What a reply means follows RFC 5321 §4.2: 4yz says "not taken, try again", 5yz says "never". Without a reply the message
was not taken as long as its content had not begun to leave; from then on nobody can say.
"""

import asyncio
import contextlib
from dataclasses import dataclass

import aiosmtplib

from hub.runtime.logs import logger
from services.notifier.attempts import Answer, Handover
from services.notifier.messages import Mail
from services.notifier.settings import SmtpTls

_STEP_SECONDS = 10.0
_QUIT_SECONDS = 2.0
_PERMANENT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """The mail relay."""

    host: str
    port: int
    tls: SmtpTls
    user: str
    password: str
    local_name: str
    """How we greet (EHLO)."""


class SmtpMailer:
    """Mailer for real."""

    def __init__(self, relay: Relay, limit_seconds: float) -> None:
        """`limit_seconds` bounds a whole try; waiting for the reply to the content gets all that the steps leave."""
        self._relay = relay
        self._limit = limit_seconds

    async def send(self, mail: Mail) -> Answer:
        """One try."""
        client = self._client()
        leaving = False
        try:
            async with asyncio.timeout(self._limit):
                await client.connect()
                refused = await self._envelope(client, mail)
                leaving = True
                reply = await client.data(mail.content, timeout=self._limit)
        except aiosmtplib.SMTPDataError as error:
            return _replied(error)
        except aiosmtplib.SMTPRecipientsRefused as error:
            return _all_refused(error)
        except aiosmtplib.SMTPSenderRefused as error:  # the sender is ours: about us, not about this mail
            return Answer(handover=Handover.NOT_TAKEN, detail=f"{error.code} {error.message}")
        except (aiosmtplib.SMTPException, OSError, TimeoutError, EOFError) as error:
            return Answer(
                handover=Handover.IN_DOUBT if leaving else Handover.NOT_TAKEN,
                detail=f"{type(error).__name__} {'after' if leaving else 'before'} the mail began to leave",
            )
        else:
            await _goodbye(client)
            detail = f"{reply.code} {reply.message}{_note(refused)}"
            return Answer(handover=Handover.TAKEN, detail=detail, later=_put_off(refused))
        finally:
            client.close()

    def _client(self) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=self._relay.host, port=self._relay.port, local_hostname=self._relay.local_name,
            timeout=min(_STEP_SECONDS, self._limit), use_tls=self._relay.tls is SmtpTls.IMPLICIT,
            start_tls=self._relay.tls is SmtpTls.STARTTLS, username=self._relay.user or None,
            password=self._relay.password or None,
        )  # fmt: skip

    async def _envelope(self, client: aiosmtplib.SMTP, mail: Mail) -> list[aiosmtplib.SMTPRecipientRefused]:
        """MAIL and RCPT; gives who was refused. The mail goes to all who are not, once, not once per recipient."""
        await client.mail(mail.sender)
        refused = []
        for recipient in mail.recipients:
            try:
                await client.rcpt(recipient)
            except aiosmtplib.SMTPRecipientRefused as error:
                refused.append(error)
        if len(refused) == len(mail.recipients):
            raise aiosmtplib.SMTPRecipientsRefused(refused)
        return refused


def _replied(error: aiosmtplib.SMTPResponseException) -> Answer:
    """A refusal of this mail. Other 5yz (greeting, login, sender) are about us and pass when the relay is set right."""
    handover = Handover.REFUSED if error.code >= _PERMANENT else Handover.NOT_TAKEN
    return Answer(handover=handover, detail=f"{error.code} {error.message}")


def _all_refused(error: aiosmtplib.SMTPRecipientsRefused) -> Answer:
    first = error.recipients[0]
    for_ever = all(refusal.code >= _PERMANENT for refusal in error.recipients)
    return Answer(
        handover=Handover.REFUSED if for_ever else Handover.NOT_TAKEN,
        detail=f"{first.code} {first.message} ({len(error.recipients)} recipients refused)",
    )


def _put_off(refused: list[aiosmtplib.SMTPRecipientRefused]) -> tuple[str, ...]:
    return tuple(refusal.recipient for refusal in refused if refusal.code < _PERMANENT)


def _note(refused: list[aiosmtplib.SMTPRecipientRefused]) -> str:
    if not refused:
        return ""
    logger().warning("relay refused some recipients of an alert", count=len(refused), code=str(refused[0].code))
    return f" ({len(refused)} recipients refused: {refused[0].code})"


async def _goodbye(client: aiosmtplib.SMTP) -> None:
    with contextlib.suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
        await client.quit(timeout=_QUIT_SECONDS)
