"""What every mailer and texter answers: run over the ones in memory and over SMTP and HTTP."""

from abc import ABC, abstractmethod
from enum import StrEnum

import pytest

from hub.model.statuses import Channel
from services.notifier.attempts import Answer, Handover
from services.notifier.messages import Mail, Notice, Sms, mail, sms
from tests.fakes.notifier import planned, raised


class Mood(StrEnum):
    """How the far side behaves."""

    TAKES = "takes"
    REFUSES = "refuses"
    LATER = "later"
    AWAY = "away"
    HANGS = "hangs"
    DROPS = "drops"


NOTICE = Notice(raised=raised(planned()), sender="VPCP", sender_code="000.00.00.G22", agency="BNV")
MAIL: Mail = mail(NOTICE, "hub@hub.local")
SMS: Sms = sms(Notice(raised=raised(planned(), Channel.SMS), sender="VPCP", sender_code="", agency="BNV"))

ANSWERS = [
    (Mood.TAKES, Handover.TAKEN, 1),
    (Mood.REFUSES, Handover.REFUSED, 0),
    (Mood.LATER, Handover.NOT_TAKEN, 0),
    (Mood.AWAY, Handover.NOT_TAKEN, 0),
    (Mood.HANGS, Handover.IN_DOUBT, 1),
    (Mood.DROPS, Handover.IN_DOUBT, 1),
]


class Far(ABC):
    """A gateway and what stands behind it."""

    @abstractmethod
    async def be(self, mood: Mood) -> None:
        """Behave like this from now on."""

    @abstractmethod
    async def send(self) -> Answer:
        """One try of one message."""

    @abstractmethod
    def got(self) -> int:
        """Messages that arrived."""


class GatewayBehaviour:
    """Subclasses give the fixture `far`."""

    @pytest.mark.parametrize(("mood", "handover", "arrived"), ANSWERS)
    async def test_the_answer_says_what_is_known_and_no_more(
        self, far: Far, mood: Mood, handover: Handover, arrived: int
    ) -> None:
        await far.be(mood)
        answer = await far.send()
        assert answer.handover is handover, answer
        assert answer.detail
        assert far.got() == arrived

    @pytest.mark.parametrize("mood", [mood for mood in Mood if mood is not Mood.TAKES])
    async def test_it_recovers(self, far: Far, mood: Mood) -> None:
        await far.be(mood)
        await far.send()
        before = far.got()
        await far.be(Mood.TAKES)
        assert (await far.send()).handover is Handover.TAKEN
        assert far.got() == before + 1
