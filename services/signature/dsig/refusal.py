"""A finding that ends the judging of one signature, or of one of its references."""

from services.signature.reasons import Reason


class Refused(Exception):  # noqa: N818 - a finding about the document, not an error of ours
    """Why; the message is the answer's `detail`."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
