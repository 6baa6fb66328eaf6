"""Processing statuses a recipient returns (QĐ 28/2018 art. 10.2h; letter 1597 Annex IV; edXML StatusCode)."""

from enum import StrEnum


class StatusCode(StrEnum):
    """Closed list of status codes on the wire, two digits."""

    ARRIVED = "01"
    REFUSED = "02"
    ACCEPTED = "03"
    ASSIGNED = "04"
    PROCESSING = "05"
    FINISHED = "06"
    RECALL_ASKED = "13"
    RECALL_AGREED = "15"
    RECALL_DECLINED = "16"

    @property
    def vi(self) -> str:
        """The decree's Vietnamese word."""
        return _VIETNAMESE[self]

    @property
    def en(self) -> str:
        """The same in English."""
        return self.name.replace("_", " ").capitalize()

    @property
    def from_sender(self) -> bool:
        """True for the one code that the document's sender reports: 13, asking the document back."""
        return self is StatusCode.RECALL_ASKED


_VIETNAMESE = {
    StatusCode.ARRIVED: "Đã đến",
    StatusCode.REFUSED: "Từ chối tiếp nhận",
    StatusCode.ACCEPTED: "Đã tiếp nhận",
    StatusCode.ASSIGNED: "Phân công",
    StatusCode.PROCESSING: "Đang xử lý",
    StatusCode.FINISHED: "Hoàn thành",
    StatusCode.RECALL_ASKED: "Lấy lại",
    StatusCode.RECALL_AGREED: "Đồng ý lấy lại/cập nhật",
    StatusCode.RECALL_DECLINED: "Từ chối lấy lại/cập nhật",
}

_ALIASES = {"14": StatusCode.RECALL_AGREED}  # one .NET client writes 14 for 15 (edXML notes §2.2); never emitted


def status_code(text: str) -> StatusCode | None:
    """Read a code as clients write it: `1` is `01`, `14` is `15`; None when there is no such code."""
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 2):  # noqa: PLR2004 - two digits on the wire
        return None
    padded = digits.zfill(2)
    if padded in _ALIASES:
        return _ALIASES[padded]
    return StatusCode(padded) if padded in StatusCode.__members__.values() else None


class InboxState(StrEnum):
    """Transport state of an inbox item (SDK updateStatus); no person ever sees it."""

    INITIAL = "initial"
    PROCESSING = "processing"
    DONE = "done"
    FAIL = "fail"


class BusinessType(StrEnum):
    """BussinessDocType of edXML: what a package does."""

    NEW = "0"
    RECALL = "1"
    UPDATE = "2"
    REPLACE = "3"


class Outcome(StrEnum):
    """Outcome of judging a signature: three outcomes and absent, never two."""

    VALID = "VALID"
    INVALID = "INVALID"
    INDETERMINATE = "INDETERMINATE"
    ABSENT = "ABSENT"


class SignaturePolicy(StrEnum):
    """What the hub does with an agency's documents whose signature does not hold."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    LEGACY_UNSIGNED = "legacy_unsigned"


class AgencyState(StrEnum):
    """Whether an agency takes part."""

    ACTIVE = "active"
    LOCKED = "locked"
    DISSOLVED = "dissolved"


class Channel(StrEnum):
    """Ways to warn a contact."""

    EMAIL = "email"
    SMS = "sms"


class AlertOutcome(StrEnum):
    """What is known of one alert's sending."""

    SENT = "sent"
    FAILED = "failed"
    """Given up: definitely nobody was told."""
    UNKNOWN = "unknown"
    """It may have left, and no answer says so; never sent again."""
    NEEDLESS = "needless"
    """The document was fetched before the alert had certainly left."""
    NO_CONTACT = "no_contact"
    """Nobody is registered who could be told this way."""
