"""The closed list of reasons, and which outcome each belongs to.

VALID is never a guess: what is wrong is INVALID, what cannot be judged is INDETERMINATE, what is not there is ABSENT.
"""

from enum import StrEnum

from hub.model.statuses import Outcome
from hub.model.values import Verdict


class Reason(StrEnum):
    """Why a signature is judged as it is. The words are a contract with everybody who reads verdicts."""

    OK = "OK"
    NO_SIGNATURE = "NO_SIGNATURE"
    PLACEHOLDER = "PLACEHOLDER"
    MALFORMED = "MALFORMED"
    DOCTYPE_FORBIDDEN = "DOCTYPE_FORBIDDEN"
    STRUCTURE = "STRUCTURE"
    WRAPPING = "WRAPPING"
    NOT_COVERED = "NOT_COVERED"
    DIGEST_MISMATCH = "DIGEST_MISMATCH"
    SIGNATURE_MISMATCH = "SIGNATURE_MISMATCH"
    ALGORITHM_FORBIDDEN = "ALGORITHM_FORBIDDEN"
    UNSUPPORTED_ALGORITHM = "UNSUPPORTED_ALGORITHM"
    TRANSFORM_FORBIDDEN = "TRANSFORM_FORBIDDEN"
    UNSUPPORTED_TRANSFORM = "UNSUPPORTED_TRANSFORM"
    EXTERNAL_REFERENCE = "EXTERNAL_REFERENCE"
    WEAK_ALGORITHM = "WEAK_ALGORITHM"
    NO_KEY = "NO_KEY"
    UNTRUSTED = "UNTRUSTED"
    PATH = "PATH"
    NOT_YET_VALID = "NOT_YET_VALID"
    EXPIRED = "EXPIRED"
    REVOKED = "REVOKED"
    REVOCATION_UNKNOWN = "REVOCATION_UNKNOWN"
    SENDER_MISMATCH = "SENDER_MISMATCH"
    PDF_BYTERANGE = "PDF_BYTERANGE"
    MODIFIED_AFTER_SIGNING = "MODIFIED_AFTER_SIGNING"
    ENCRYPTED = "ENCRYPTED"
    LIMITS = "LIMITS"
    TIMEOUT = "TIMEOUT"
    VERIFIER_CRASHED = "VERIFIER_CRASHED"
    BAD_REQUEST = "BAD_REQUEST"


_ABSENT = {Reason.NO_SIGNATURE, Reason.PLACEHOLDER}
_CANNOT_SAY = {
    Reason.UNSUPPORTED_ALGORITHM,
    Reason.UNSUPPORTED_TRANSFORM,
    Reason.EXTERNAL_REFERENCE,
    Reason.WEAK_ALGORITHM,
    Reason.REVOCATION_UNKNOWN,
    Reason.ENCRYPTED,
    Reason.LIMITS,
    Reason.TIMEOUT,
}


def verdict_for(reason: Reason) -> Verdict:
    """The verdict that this reason stands for."""
    return Verdict(outcome=_outcome(reason), reason=reason)


def _outcome(reason: Reason) -> Outcome:
    if reason is Reason.OK:
        return Outcome.VALID
    if reason in _ABSENT:
        return Outcome.ABSENT
    return Outcome.INDETERMINATE if reason in _CANNOT_SAY else Outcome.INVALID
