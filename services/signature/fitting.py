"""A `signature.checked` small enough for the log: what a hostile package makes long gives way, the verdict never."""

from dataclasses import replace

from hub.model.events import SignatureChecked
from hub.model.values import SignatureFinding
from hub.wire.avro import encode
from services.signature.policy import shown

LARGEST_EVENT = 64_000
"""Bytes of an encoded event; the log's own agreement is 64 KB (DESIGN §3), and intake leaves 4 KB of it free."""
_STEPS = (
    (500, 128), (255, 128), (100, 128), (40, 128), (40, 64), (40, 32), (40, 16), (40, 8), (24, 4), (12, 2), (12, 1),
)  # fmt: skip
"""(longest text in characters, most findings), tried in turn."""
_TIME, _SERIAL = 40, 64


def fitted(event: SignatureChecked) -> SignatureChecked:
    """The event with its texts shortened, and with the worst of its findings only, as far as it must be."""
    for longest, most in _STEPS:
        findings = tuple(_shortened(finding, longest) for finding in shown(event.findings, most))
        smaller = replace(event, findings=findings)
        if len(encode(smaller, 0)) <= LARGEST_EVENT:
            break
    return smaller


def _shortened(finding: SignatureFinding, longest: int) -> SignatureFinding:
    """The part's name stays whole: intake has bounded it, and it says which file is meant."""
    return replace(
        finding,
        name=_cut(finding.name, longest),
        signer=_cut(finding.signer, longest),
        issuer=_cut(finding.issuer, longest),
        serial=_cut(finding.serial, min(longest, _SERIAL)),
        signing_time=finding.signing_time[:_TIME],
    )


def _cut(text: str, longest: int) -> str:
    """Keep both ends: a name's extension, a distinguished name's common name and country."""
    if len(text) <= longest:
        return text
    end = longest // 3
    return f"{text[: longest - end - 1]}…{text[-end:]}"
