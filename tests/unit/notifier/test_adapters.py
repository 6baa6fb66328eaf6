"""What the mailer and the texter make of replies, over a relay and a gateway that answer from a script.

The same over real SMTP and HTTP: tests/integration/test_notifier_gateways.py.
"""

from collections.abc import Callable, Mapping

import aiosmtplib
import httpx
import pytest

from services.notifier.adapters_sms import HttpTexter
from services.notifier.adapters_smtp import Relay, SmtpMailer
from services.notifier.attempts import Answer, Handover
from services.notifier.settings import SmtpTls
from tests.unit.notifier.gateway_behaviour import MAIL, SMS

HOA, DUC = MAIL.recipients
RELAY = Relay(host="relay", port=25, tls=SmtpTls.OFF, user="", password="", local_name="hub.local")


class ScriptedRelay:
    """aiosmtplib's client as far as the mailer uses it: raises for what is not a 250, as the real one does."""

    def __init__(self, *, sender: int = 250, recipients: Mapping[str, int] | None = None, data: int = 250) -> None:
        self._sender, self._recipients, self._data = sender, recipients or {}, data
        self.took: list[bytes] = []

    async def connect(self) -> None: ...

    async def mail(self, address: str) -> None:
        if self._sender != 250:
            raise aiosmtplib.SMTPSenderRefused(self._sender, "sender", address)

    async def rcpt(self, address: str) -> None:
        if (code := self._recipients.get(address, 250)) != 250:
            raise aiosmtplib.SMTPRecipientRefused(code, "mailbox", address)

    async def data(self, content: bytes, timeout: float) -> aiosmtplib.SMTPResponse:
        assert timeout
        if self._data != 250:
            raise aiosmtplib.SMTPDataError(self._data, "content")
        self.took.append(content)
        return aiosmtplib.SMTPResponse(250, "taken")

    async def quit(self, timeout: float) -> None:
        assert timeout

    def close(self) -> None: ...


async def mailed(relay: ScriptedRelay, monkeypatch: pytest.MonkeyPatch) -> Answer:
    mailer = SmtpMailer(RELAY, 1)
    monkeypatch.setattr(mailer, "_client", lambda: relay)
    return await mailer.send(MAIL)


@pytest.mark.parametrize("code", [451, 530, 550, 553])
async def test_a_relay_that_refuses_our_sender_is_asked_again(code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = await mailed(ScriptedRelay(sender=code), monkeypatch)
    assert answer == Answer(handover=Handover.NOT_TAKEN, detail=f"{code} sender")


@pytest.mark.parametrize(("code", "handover"), [(451, Handover.NOT_TAKEN), (554, Handover.REFUSED)])
async def test_a_reply_to_the_content_is_about_this_mail(
    code: int, handover: Handover, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await mailed(ScriptedRelay(data=code), monkeypatch)).handover is handover


@pytest.mark.parametrize(
    ("codes", "handover", "later"),
    [
        ({}, Handover.TAKEN, ()),
        ({DUC: 450}, Handover.TAKEN, (DUC,)),
        ({HOA: 451}, Handover.TAKEN, (HOA,)),
        ({DUC: 550}, Handover.TAKEN, ()),
        ({HOA: 450, DUC: 450}, Handover.NOT_TAKEN, ()),
        ({HOA: 550, DUC: 450}, Handover.NOT_TAKEN, ()),
        ({HOA: 550, DUC: 550}, Handover.REFUSED, ()),
    ],
)
async def test_mailboxes_put_off_are_named_when_others_were_served(
    codes: Mapping[str, int], handover: Handover, later: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    relay = ScriptedRelay(recipients=codes)
    answer = await mailed(relay, monkeypatch)
    assert (answer.handover, answer.later) == (handover, later)
    assert len(relay.took) == (handover is Handover.TAKEN)


async def texted(answer: Callable[[], httpx.Response]) -> Answer:
    texter = HttpTexter("http://gateway/send", "token", 1)
    await texter.close()
    texter._client = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: answer()))
    try:
        return await texter.send(SMS)
    finally:
        await texter.close()


@pytest.mark.parametrize(
    ("status", "handover"),
    [
        (401, Handover.NOT_TAKEN),
        (403, Handover.NOT_TAKEN),
        (404, Handover.NOT_TAKEN),
        (408, Handover.NOT_TAKEN),
        (429, Handover.NOT_TAKEN),
        (400, Handover.REFUSED),
        (422, Handover.REFUSED),
        (500, Handover.IN_DOUBT),
    ],
)
async def test_a_gateway_that_complains_about_us_and_not_the_message_is_asked_again(
    status: int, handover: Handover
) -> None:
    answer = await texted(lambda: httpx.Response(status))
    assert (answer.handover, answer.detail) == (handover, f"HTTP {status}")
