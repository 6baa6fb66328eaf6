"""Who judges what: one judge a kind of file."""

from collections.abc import Mapping

from services.signature.reasons import Reason
from services.signature.verification import Answer, Judge, Kind, Request, refusal


def judge(request: Request, judges: Mapping[Kind, Judge]) -> Answer:
    """The answer to a request. What a hostile file makes a judge raise is VERIFIER_CRASHED, never an exception."""
    try:
        return judges[request.kind](request)
    except MemoryError:
        return refusal(Reason.LIMITS, "more memory than a file may take")
    except RecursionError:
        return refusal(Reason.LIMITS, "nested deeper than a file may be")
    except Exception as error:  # noqa: BLE001 - this file fails, the next one need not
        return refusal(Reason.VERIFIER_CRASHED, type(error).__name__)
