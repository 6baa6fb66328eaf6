"""Facts of the signatures inside one PDF: what each covers, what came after it, and its CMS message.

A signature that is intact says nothing about bytes it does not cover. So the byte range is held against the file
itself: [0 a b c] with the gap from a to b filled by exactly the signature's own /Contents, and b + c the end of the
file, or the end of a revision after which pyHanko finds nothing but what may follow a signature.
"""

import io
from dataclasses import replace
from datetime import UTC, datetime

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfError

from services.signature import cms
from services.signature.chain import Chains
from services.signature.facts import (
    Changes,
    Coverage,
    PdfFacts,
    PdfSignatureFacts,
    Permission,
    Reading,
    SignatureFacts,
)
from services.signature.pades.changes import History
from services.signature.pades.ranges import ByteRange, byte_range
from services.signature.pdf_reader import PdfOddity, SignatureField, open_pdf, signature_fields, value_of

_MOST_SIGNATURES = 32
_TIME_STAMP = "/DocTimeStamp"
_DETACHED = ("/adbe.pkcs7.detached", "/ETSI.CAdES.detached")


def facts(file: io.BytesIO, chains: Chains, moment: datetime) -> PdfFacts:
    """Facts of a file that is a PDF or says that it is; never raises but MemoryError."""
    try:
        reader = open_pdf(file)
        if reader.encrypt_dict is not None:
            return PdfFacts(reading=Reading.ENCRYPTED)
        fields = signature_fields(reader)
        if len(fields) > _MOST_SIGNATURES:
            return PdfFacts(reading=Reading.LIMITS)
        return PdfFacts(reading=Reading.READ, signatures=_in_order(file, fields, chains, moment))
    except MemoryError:
        raise
    except PdfOddity:
        return PdfFacts(reading=Reading.LIMITS)
    except Exception:  # noqa: BLE001 - hostile files make the parser raise anything
        return PdfFacts(reading=Reading.MALFORMED)


def _in_order(
    file: io.BytesIO, fields: tuple[SignatureField, ...], chains: Chains, moment: datetime
) -> tuple[PdfSignatureFacts, ...]:
    """Signatures by the end of what they cover; time stamps of the document are no signatures of anybody."""
    history, size = History(file.getvalue()), len(file.getbuffer())
    placed = [
        (byte_range(one.signature, file, size), one)
        for one in fields
        if value_of(one.signature, "/Type") != _TIME_STAMP
    ]
    placed.sort(key=lambda pair: pair[0].end if pair[0] else 0)
    return tuple(
        _signature(file, history, field, ranges, chains, moment, last=number == len(placed))
        for number, (ranges, field) in enumerate(placed, start=1)
    )


def _signature(
    file: io.BytesIO,
    history: History,
    field: SignatureField,
    ranges: ByteRange | None,
    chains: Chains,
    moment: datetime,
    *,
    last: bool,
) -> PdfSignatureFacts:
    if ranges is None:
        return PdfSignatureFacts(
            byte_range=False,
            coverage=Coverage.PARTIAL,
            changes=Changes.OTHER,
            last=last,
            signature=SignatureFacts(signing_time=_claimed_time(field.signature)),
        )
    after = history.since(field.name, ranges.end)
    return PdfSignatureFacts(
        byte_range=True,
        coverage=after.coverage,
        changes=after.changes,
        last=last,
        signature=_message(file, field, ranges, chains, moment),
    )


def _message(
    file: io.BytesIO, field: SignatureField, ranges: ByteRange, chains: Chains, moment: datetime
) -> SignatureFacts:
    claimed = _claimed_time(field.signature)
    if value_of(field.signature, "/SubFilter") not in _DETACHED:
        return SignatureFacts(methods=Permission.UNSUPPORTED, signing_time=claimed)
    found = cms.facts(ranges.contents, lambda name: ranges.digest(file.getbuffer(), name), chains, moment)
    return found if found.signing_time else replace(found, signing_time=claimed)


def _claimed_time(signature: generic.DictionaryObject) -> str:
    """The dictionary's /M in RFC 3339; empty when it has none that can be read."""
    try:
        moment: datetime = generic.parse_pdf_date(signature["/M"], strict=False)
        return moment.astimezone(UTC).isoformat(timespec="seconds")
    except (KeyError, ValueError, TypeError, OverflowError, PdfError):
        return ""
