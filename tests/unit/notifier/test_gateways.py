"""The gateways in memory behave like the real ones (the same suite runs over SMTP and HTTP in tests/integration)."""

import pytest

from services.notifier.attempts import Answer, Handover
from tests.fakes.notifier import FakeGateway
from tests.unit.notifier.gateway_behaviour import MAIL, SMS, Far, GatewayBehaviour, Mood

ANSWERS = {
    Mood.TAKES: Handover.TAKEN,
    Mood.REFUSES: Handover.REFUSED,
    Mood.LATER: Handover.NOT_TAKEN,
    Mood.AWAY: Handover.NOT_TAKEN,
    Mood.HANGS: Handover.IN_DOUBT,
    Mood.DROPS: Handover.IN_DOUBT,
}


class FakeFar(Far):
    def __init__(self, message: object) -> None:
        self._gateway = FakeGateway()
        self._message = message

    async def be(self, mood: Mood) -> None:
        self._gateway.will(ANSWERS[mood])

    async def send(self) -> Answer:
        return await self._gateway.send(self._message)  # type: ignore[arg-type]

    def got(self) -> int:
        return len(self._gateway.took)


class TestFakeGateways(GatewayBehaviour):
    @pytest.fixture(params=[MAIL, SMS], ids=["mail", "sms"])
    def far(self, request: pytest.FixtureRequest) -> Far:
        return FakeFar(request.param)
