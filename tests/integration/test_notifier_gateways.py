"""The real mailer and texter against real servers that misbehave in every way a gateway does."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiohttp import web
from aiosmtpd.smtp import SMTP, Envelope, Session

from services.notifier.adapters_sms import HttpTexter
from services.notifier.adapters_smtp import Relay, SmtpMailer
from services.notifier.attempts import Answer, Handover
from services.notifier.settings import SmtpTls
from tests.unit.notifier.gateway_behaviour import MAIL, SMS, Far, GatewayBehaviour, Mood

LIMIT_SECONDS = 0.6


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


class SmtpFar(Far):
    """aiosmtpd: `replies` override its answers to RCPT and DATA."""

    def __init__(self) -> None:
        self.port = free_port()
        self.mails: list[tuple[list[str], EmailMessage]] = []
        self.rcpt: Callable[[str], str] = lambda _: "250 ok"
        self.data = "250 taken"
        self.mood = Mood.TAKES
        self._server: asyncio.Server | None = None

    async def be(self, mood: Mood) -> None:
        self.mood = mood
        self.rcpt = {
            Mood.REFUSES: lambda _: "550 5.1.1 no such user",
            Mood.LATER: lambda _: "451 4.7.1 greylisted",
        }.get(mood, lambda _: "250 ok")
        await self.close()
        if mood is not Mood.AWAY:
            self._server = await asyncio.get_running_loop().create_server(
                lambda: SMTP(self, hostname="far"), "127.0.0.1", self.port
            )

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        reply = self.rcpt(address)
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name for it
        if not self.data.startswith("250"):
            return self.data
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        self.mails.append((envelope.rcpt_tos, message_from_bytes(content, EmailMessage, policy=policy.default)))
        if self.mood is Mood.HANGS:
            await asyncio.sleep(2 * LIMIT_SECONDS)
        if self.mood is Mood.DROPS and isinstance(server.transport, asyncio.WriteTransport):
            server.transport.abort()
        return self.data

    async def send(self) -> Answer:
        return await self.mailer().send(MAIL)

    def mailer(self, tls: SmtpTls = SmtpTls.OFF, user: str = "") -> SmtpMailer:
        relay = Relay(host="127.0.0.1", port=self.port, tls=tls, user=user, password=user, local_name="hub.local")
        return SmtpMailer(relay, LIMIT_SECONDS)

    def got(self) -> int:
        return len(self.mails)


class SmsFar(Far):
    """aiohttp: `answer` overrides what it says after taking."""

    def __init__(self) -> None:
        self.port = free_port()
        self.texts: list[dict[str, str]] = []
        self.headers: list[Any] = []
        self.mood = Mood.TAKES
        self.answer: Callable[[], web.Response] = lambda: web.json_response({"id": "42"})
        self.texter = HttpTexter(f"http://127.0.0.1:{self.port}/send", "token", LIMIT_SECONDS)
        self._runner: web.AppRunner | None = None

    async def be(self, mood: Mood) -> None:
        self.mood = mood
        await self.close()
        if mood is not Mood.AWAY:
            app = web.Application()
            app.add_routes([web.post("/send", self._take)])
            self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
            await self._runner.setup()
            await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def close(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _take(self, request: web.Request) -> web.Response:
        if self.mood is Mood.REFUSES:
            return web.json_response({"error": "barred"}, status=422)
        if self.mood is Mood.LATER:
            return web.json_response({"error": "busy"}, status=503, headers={"Retry-After": "1"})
        self.texts.append(await request.json())
        self.headers.append(request.headers)
        if self.mood is Mood.HANGS:
            await asyncio.sleep(2 * LIMIT_SECONDS)
        if self.mood is Mood.DROPS and request.transport is not None:
            request.transport.abort()
        return self.answer()

    async def send(self) -> Answer:
        return await self.texter.send(SMS)

    def got(self) -> int:
        return len(self.texts)


class TestSmtp(GatewayBehaviour):
    @pytest.fixture
    async def far(self) -> AsyncIterator[SmtpFar]:
        found = SmtpFar()
        await found.be(Mood.TAKES)
        yield found
        await found.close()

    async def test_the_mail_arrives_as_written(self, far: SmtpFar) -> None:
        await far.send()
        ((recipients, mail),) = far.mails
        assert recipients == ["hoa@bnv.gov.vn", "duc@bnv.gov.vn"]
        assert str(mail["Subject"]).endswith("Văn bản 125/QĐ-VPCP chưa được tải về")
        assert "Kính gửi: Nguyễn Thị Hoa, Trần Đức" in mail.get_content()

    @pytest.mark.parametrize(
        ("reply", "handover"),
        [("451 4.3.0 try again", Handover.NOT_TAKEN), ("421 shutting down", Handover.NOT_TAKEN),
         ("554 5.6.0 no", Handover.REFUSED)],
    )  # fmt: skip
    async def test_a_reply_to_the_content_is_definite(self, far: SmtpFar, reply: str, handover: Handover) -> None:
        far.data = reply
        answer = await far.send()
        assert answer.handover is handover
        assert answer.detail.startswith(reply[:3])

    async def test_one_willing_recipient_is_enough(self, far: SmtpFar) -> None:
        far.rcpt = lambda address: "550 no" if address.startswith("hoa") else "250 ok"
        answer = await far.send()
        assert answer.handover is Handover.TAKEN
        assert "1 recipients refused" in answer.detail
        assert [recipients for recipients, _ in far.mails] == [["duc@bnv.gov.vn"]]

    async def test_one_recipient_that_is_only_busy_is_named_for_later(self, far: SmtpFar) -> None:
        far.rcpt = lambda address: "450 later" if address.startswith("duc") else "250 ok"
        answer = await far.send()
        assert (answer.handover, answer.later) == (Handover.TAKEN, ("duc@bnv.gov.vn",))
        assert [recipients for recipients, _ in far.mails] == [["hoa@bnv.gov.vn"]]

    async def test_one_recipient_that_is_only_busy_keeps_the_mail_alive(self, far: SmtpFar) -> None:
        far.rcpt = lambda address: "550 no" if address.startswith("hoa") else "451 later"
        assert (await far.send()).handover is Handover.NOT_TAKEN

    async def test_a_relay_that_lacks_what_we_insist_on_gets_nothing(self, far: SmtpFar) -> None:
        assert (await far.mailer(tls=SmtpTls.STARTTLS).send(MAIL)).handover is Handover.NOT_TAKEN
        assert (await far.mailer(user="hub").send(MAIL)).handover is Handover.NOT_TAKEN
        assert far.got() == 0

    @pytest.mark.parametrize("greeting", [b"554 go away\r\n", b"421 busy\r\n", b"\x00garbage\r\n", b""])
    async def test_a_relay_that_does_not_greet_is_tried_again(self, far: SmtpFar, greeting: bytes) -> None:
        async def rude(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(greeting)
            writer.close()

        await far.be(Mood.AWAY)
        async with await asyncio.start_server(rude, "127.0.0.1", far.port):
            assert (await far.send()).handover is Handover.NOT_TAKEN

    async def test_a_relay_that_never_speaks_is_left_in_time(self, far: SmtpFar) -> None:
        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

        await far.be(Mood.AWAY)
        async with await asyncio.start_server(silent, "127.0.0.1", far.port), asyncio.timeout(2 * LIMIT_SECONDS):
            assert (await far.send()).handover is Handover.NOT_TAKEN

    async def test_a_name_that_does_not_resolve_is_tried_again(self) -> None:
        relay = Relay(host="relay.invalid", port=25, tls=SmtpTls.OFF, user="", password="", local_name="hub.local")
        assert (await SmtpMailer(relay, 3).send(MAIL)).handover is Handover.NOT_TAKEN


class TestSms(GatewayBehaviour):
    @pytest.fixture
    async def far(self) -> AsyncIterator[SmsFar]:
        found = SmsFar()
        await found.be(Mood.TAKES)
        yield found
        await found.close()
        await found.texter.close()

    async def test_the_sms_arrives_as_written(self, far: SmsFar) -> None:
        answer = await far.send()
        assert answer.detail == "HTTP 200 id 42"
        assert far.texts == [{"to": SMS.to, "text": SMS.text, "reference": "hub-one|000.00.00.G01|not_fetched"}]
        assert far.headers[0]["Authorization"] == "Bearer token"

    @pytest.mark.parametrize(
        ("answer", "handover"),
        [
            (lambda: web.json_response({"error": "internal"}, status=500), Handover.IN_DOUBT),
            (lambda: web.json_response({"error": "gateway"}, status=502), Handover.IN_DOUBT),
            (lambda: web.json_response({"error": "unavailable"}, status=503), Handover.IN_DOUBT),
            (lambda: web.json_response({"error": "timeout"}, status=504), Handover.IN_DOUBT),
            (lambda: web.Response(status=429), Handover.NOT_TAKEN),
            (lambda: web.Response(status=302, headers={"Location": "/elsewhere"}), Handover.REFUSED),
            (lambda: web.Response(status=401), Handover.NOT_TAKEN),
            (lambda: web.Response(status=404), Handover.NOT_TAKEN),
            (lambda: web.Response(status=400), Handover.REFUSED),
            (lambda: web.Response(text="<html>welcome"), Handover.IN_DOUBT),
            (lambda: web.json_response(["id"]), Handover.IN_DOUBT),
            (lambda: web.json_response({"id": ""}), Handover.IN_DOUBT),
            (lambda: web.json_response({"id": 7}, status=202), Handover.TAKEN),
        ],
    )
    async def test_only_an_id_is_a_yes_and_a_failure_after_taking_is_doubt(
        self, far: SmsFar, answer: Callable[[], web.Response], handover: Handover
    ) -> None:
        far.answer = answer
        assert (await far.send()).handover is handover

    async def test_an_answer_that_drips_is_left_in_time(self, far: SmsFar) -> None:
        async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
            for _ in range(40):
                writer.write(b" ")
                await asyncio.sleep(0.05)
            writer.close()

        await far.be(Mood.AWAY)
        async with await asyncio.start_server(drip, "127.0.0.1", far.port), asyncio.timeout(2 * LIMIT_SECONDS):
            assert (await far.send()).handover is Handover.IN_DOUBT
