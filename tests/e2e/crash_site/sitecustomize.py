"""Kills a service's process at exact points, without any hook in the product.

Put this folder on PYTHONPATH and name a plan file in CRASH_PLAN: a JSON list of {"step", "nth"}. Each start of the
process takes the first entry off the list and dies by SIGKILL right after that step has run for the nth time; with an
empty list it lives. The file beside the plan, `.killed`, has a line for each death. Steps: facts, decide, append,
project, acknowledge.
"""

import fcntl
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

MODULES = tuple(f"services.{name}" for name in ("ingest", "signature", "router", "status", "notifier"))
_HUSK: dict[str, Any] = {"left": 0}


def main() -> None:
    """Arm this process when it is a service with a plan."""
    file = os.environ.get("CRASH_PLAN")
    if not file or not any(argument in MODULES for argument in sys.orig_argv):
        return
    point = take(Path(file))
    if point is not None:
        _HUSK.update(point=point, killed=Path(file).with_suffix(".killed"))
        arm(point["step"], int(point["nth"]))


def take(file: Path) -> dict[str, Any] | None:
    """The first point of the plan, taken off it; None when none is left."""
    with file.open("r+", encoding="utf-8") as plan:
        fcntl.flock(plan, fcntl.LOCK_EX)
        points = json.load(plan)
        if not points:
            return None
        plan.seek(0)
        plan.truncate()
        json.dump(points[1:], plan)
        plan.flush()
        os.fsync(plan.fileno())
        return dict(points[0])


def arm(step: str, nth: int) -> None:
    """Die right after the nth run of the step."""
    _HUSK["left"] = nth
    if step == "acknowledge":
        _arm_acknowledge()
        return
    from hub.runtime.four_steps import FourSteps  # noqa: PLC0415 - only armed processes load it here

    name = f"_{step}"
    original = getattr(FourSteps, name)
    setattr(FourSteps, name, _dying_sync(original) if step == "decide" else _dying(original))


def _arm_acknowledge() -> None:
    if any(argument == "services.ingest" for argument in sys.orig_argv):
        from hub.runtime.http import Watched  # noqa: PLC0415 - only armed processes load it here

        answer = Watched.__call__

        async def answered(app: Watched, scope: Any, receive: Any, send: Any) -> None:
            await answer(app, scope, receive, send)
            _count()

        Watched.__call__ = answered  # type: ignore[method-assign,assignment]  # not *arguments: uvicorn asks what it may pass
        return
    from aiokafka import AIOKafkaConsumer  # noqa: PLC0415 - only armed processes load it here

    AIOKafkaConsumer.commit = _dying(AIOKafkaConsumer.commit)


def _count() -> None:
    _HUSK["left"] -= 1
    if _HUSK["left"] == 0:
        with _HUSK["killed"].open("a", encoding="utf-8") as killed:
            killed.write(json.dumps({**_HUSK["point"], "pid": os.getpid()}) + "\n")
        os.kill(os.getpid(), signal.SIGKILL)


def _dying(original: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def step(*arguments: Any, **named: Any) -> Any:
        result = await original(*arguments, **named)
        _count()
        return result

    return step


def _dying_sync(original: Callable[..., Any]) -> Callable[..., Any]:
    def step(*arguments: Any, **named: Any) -> Any:
        result = original(*arguments, **named)
        _count()
        return result

    return step


main()
