"""The notifier, killed by SIGKILL at one exact point: `python -m tests.integration.notifier_dying POINT`.

| POINT          | the process dies                                                     |
|----------------|----------------------------------------------------------------------|
| raised         | after alert.raised was acknowledged, before it was projected         |
| before-attempt | after alert.raised was projected, before the attempt row             |
| after-attempt  | after the attempt row, before anything left                          |
| after-message  | after the relay's 250, before alert.sent                             |
| sent           | after alert.sent was acknowledged, before it was projected           |

It dies of the document whose hub id is in DYING_FOR, and handles all others as ever.
"""

import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

from hub.model.events import AlertRaised, AlertSent
from hub.runtime.four_steps import FourSteps
from services.notifier.__main__ import main
from services.notifier.adapters_attempts import MongoAttempts
from services.notifier.adapters_smtp import SmtpMailer

FOR = os.environ["DYING_FOR"]


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def arm(point: str) -> None:
    match point:
        case "raised":
            _after_append(AlertRaised)
        case "sent":
            _after_append(AlertSent)
        case "before-attempt":
            _around(MongoAttempts, "begin", before=True)
        case "after-attempt":
            _around(MongoAttempts, "begin", before=False)
        case "after-message":
            _around(SmtpMailer, "send", before=False)
        case _:
            sys.exit(f"no point {point}")


def _around(owner: Any, name: str, *, before: bool) -> None:
    original = getattr(owner, name)

    async def deed(*arguments: Any) -> Any:
        meant = FOR in str(arguments[1])
        if meant and before:
            die()
        result = await original(*arguments)
        if meant:
            die()
        return result

    setattr(owner, name, deed)


def _after_append(event: type[AlertRaised] | type[AlertSent]) -> None:
    original = FourSteps._append

    async def append(self: Any, events: Sequence[Any]) -> Any:
        records = await original(self, events)
        if any(isinstance(record.event, event) and record.event.hub_id == FOR for record in records):
            die()
        return records

    FourSteps._append = append  # type: ignore[method-assign]


if __name__ == "__main__":
    arm(sys.argv[1])
    main()
