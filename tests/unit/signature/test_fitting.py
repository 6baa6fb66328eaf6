"""An event stays below 64 KB whatever a package holds, and its verdict stays what it is."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from hub.model.events import SignatureChecked
from hub.model.ids import AgencyCode, EventId, SystemId
from hub.model.statuses import SignaturePolicy
from hub.model.values import DocumentHeader, SignatureFinding
from hub.wire.avro import encode
from services.ingest.header import LARGEST_EVENT as LARGEST_RECEIVED
from services.signature.fitting import LARGEST_EVENT, fitted
from services.signature.policy import verdict_on_document
from services.signature.reasons import Reason, verdict_for
from tests.unit.signature.documents import LETTER, header_of

LOG_LIMIT = 64 * 1024


def finding(reason: Reason = Reason.OK, letters: int = 10) -> SignatureFinding:
    text = "Ộ" * letters
    return SignatureFinding(
        part="x" * 100, name=f"{text}.pdf", verdict=verdict_for(reason), signer=f"CN={text},C=VN", issuer=text,
        serial="f" * letters, signing_time="2026-11-25T08:00:00Z", covered="WHOLE_FILE",
    )  # fmt: skip


def event(*findings: SignatureFinding, header: DocumentHeader | None = None) -> SignatureChecked:
    return SignatureChecked(
        event_id=EventId("6f2c1a34-7d0e-5b7e-9b53-6f7f0c7e1d28"),
        occurred_at=datetime(2026, 11, 25, tzinfo=UTC),
        cause_id="6f2c1a34-7d0e-5b7e-9b53-6f7f0c7e1d28",
        header=header or header_of(LETTER, b""),
        system_id=SystemId("VP.99"),
        verdict=verdict_on_document(findings),
        findings=findings,
        policy=SignaturePolicy.REQUIRED,
        stop=True,
    )


def heavy() -> DocumentHeader:
    """As much as intake lets through."""
    header = header_of(LETTER, b"")
    recipients = [AgencyCode(f"000.00.{number:02}.H99{'x' * 80}") for number in range(620)]
    while len(encode(event(finding(), header=replace(header, recipients=tuple(recipients))), 0)) > LARGEST_RECEIVED:
        recipients.pop()
    return replace(header, recipients=tuple(recipients))


def test_what_fits_stays_as_it_is() -> None:
    small = event(finding(), finding(Reason.REVOKED))
    assert fitted(small) == small


@pytest.mark.parametrize("letters", [100, 255, 2000, 100_000])
@pytest.mark.parametrize("count", [1, 128, 500])
def test_the_event_fits_whatever_the_package_holds(count: int, letters: int) -> None:
    for header in (header_of(LETTER, b""), heavy()):
        large = event(*[finding(letters=letters)] * count, finding(Reason.REVOKED, letters), header=header)
        small = fitted(large)
        assert len(encode(small, 0)) <= LARGEST_EVENT < LOG_LIMIT
        assert replace(small, findings=()) == replace(large, findings=())
        assert "REVOKED" in [one.verdict.reason for one in small.findings]


def test_names_keep_both_ends() -> None:
    (first, *_) = fitted(event(*[finding(letters=3000)] * 128)).findings
    assert first.name.endswith(".pdf")
    assert first.signer.startswith("CN=")
    assert first.signer.endswith(",C=VN")
    assert first.part == "x" * 100
