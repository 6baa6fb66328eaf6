"""Who judges what: one judge a kind of file."""

import traceback
from collections.abc import Mapping
from pathlib import PurePath

from services.signature.reasons import Reason
from services.signature.verification import Answer, Judge, Kind, Request, refusal

OUT_OF_MEMORY = refusal(Reason.LIMITS, "more memory than a file may take")


def judge(request: Request, judges: Mapping[Kind, Judge]) -> Answer:
    """The answer to a request. What a hostile file makes a judge raise is VERIFIER_CRASHED, never an exception."""
    try:
        return judges[request.kind](request)
    except MemoryError:
        return OUT_OF_MEMORY
    except RecursionError:
        return refusal(Reason.LIMITS, "nested deeper than a file may be")
    except Exception as error:  # noqa: BLE001 - this file fails, the next one need not
        return refusal(Reason.VERIFIER_CRASHED, place_of(error))


def place_of(error: BaseException) -> str:
    """Where it was raised: never the message, which quotes the document, and without a look at the source file."""
    *_, (frame, line) = traceback.walk_tb(error.__traceback__)
    return f"{type(error).__name__} at {PurePath(frame.f_code.co_filename).name}:{line}"
