"""All that is found about one PDF: its signatures and document time stamps in order, each with what came after it.

Time stamps are looked at from the last to the first: the moment that a later one proves is the moment at which an
earlier one, and the signatures before it, are judged.
"""

import io
import re
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.crypt.api import AuthStatus
from pyhanko.pdf_utils.misc import PdfDecodeLimitError
from pyhanko.pdf_utils.reader import PdfFileReader

from services.signature.facts import Changes, Coverage, PdfSignatureFacts, Reading, SignatureFacts
from services.signature.pades.changes import History
from services.signature.pades.levels import Level, level
from services.signature.pades.ranges import ByteRange, byte_range
from services.signature.pades.signers import Covered, Question, Signer, claimed_time, signer
from services.signature.pades.stamps import stamp
from services.signature.pades.trust import Moments
from services.signature.pades.validation_data import Store, store
from services.signature.pdf_reader import PdfOddity, SignatureField, check_pages, open_pdf, signature_fields, value_of

_MOST_SIGNATURES = 32
_MOST_REVISIONS = 300
_SHORTEST = 64
_BYTE_RANGE = re.compile(rb"/ByteRange\s{0,9}\[\s{0,9}0\s{1,99}\d{1,10}\s{1,99}(\d{1,10})\s{1,99}(\d{1,10})")
_TIME_STAMP, _RFC3161 = "/DocTimeStamp", "/ETSI.RFC3161"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """One signature, or one time stamp of the document."""

    field: SignatureField
    is_stamp: bool
    facts: PdfSignatureFacts
    covered: int
    """How many bytes."""
    signer: Signer
    level: Level = Level.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """A file with its signatures by the end of what they cover."""

    reading: Reading
    signatures: tuple[Signed, ...] = ()
    reader: PdfFileReader | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    reader: PdfFileReader
    content: bytes
    history: History


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    field: SignatureField
    is_stamp: bool
    ranges: ByteRange | None
    oddity: str


def examine(content: bytes, question: Question, at: datetime, password: str | None = None) -> Examined:
    """Examine a file that is a PDF or says that it is; never raises but MemoryError and NoAnchors."""
    found = _examined(content, question, at, password)
    return _once_whole(content, question, at, password) if found.reading is Reading.MALFORMED else found


def _examined(content: bytes, question: Question, at: datetime, password: str | None) -> Examined:
    try:
        reader = open_pdf(io.BytesIO(content))
        if reader.encrypt_dict is not None and not _unlocked(reader, password):
            return Examined(reading=Reading.ENCRYPTED)
        fields = signature_fields(reader)
        if len(fields) > _MOST_SIGNATURES or reader.total_revisions > _MOST_REVISIONS:
            return Examined(reading=Reading.LIMITS)
        check_pages(reader, content)
        file = _File(reader=reader, content=content, history=History(content, password))
        signed = _in_order(file, fields, question, at)
        return Examined(reading=Reading.READ, signatures=signed, reader=reader)
    except MemoryError:
        raise
    except (PdfOddity, PdfDecodeLimitError, RecursionError):
        return Examined(reading=Reading.LIMITS)
    except Exception:  # noqa: BLE001 - hostile files make the parser raise anything
        return Examined(reading=Reading.MALFORMED)


def _once_whole(content: bytes, question: Question, at: datetime, password: str | None) -> Examined:
    """A file that cannot be read, but could be when it was signed: something else came after its signatures."""
    ends = [int(found[1]) + int(found[2]) for found in _BYTE_RANGE.finditer(content)]
    end = max((end for end in ends if _SHORTEST <= end < len(content)), default=0)
    before = _examined(content[:end], question, at, password) if end else Examined(reading=Reading.MALFORMED)
    if before.reading is not Reading.READ or not before.signatures:
        return Examined(reading=Reading.MALFORMED)
    return replace(
        before,
        signatures=tuple(
            replace(one, facts=replace(one.facts, coverage=Coverage.REVISION, changes=Changes.OTHER))
            for one in before.signatures
        ),
    )


def _unlocked(reader: PdfFileReader, password: str | None) -> bool:
    """Whether the password opens it; without one that which readers try first, the empty one, does not count."""
    if password is None:
        return False
    try:
        return reader.decrypt(password).status is not AuthStatus.FAILED
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - a way to encrypt that is not known, or certificates instead of a password
        return False


def _in_order(file: _File, fields: tuple[SignatureField, ...], question: Question, at: datetime) -> tuple[Signed, ...]:
    placed = _placed(file, fields)
    kept = store(file.reader) if placed else Store()
    last = max((number for number, one in enumerate(placed) if not one.is_stamp), default=len(placed) - 1)
    found: list[Signed] = []
    moments = Moments(now=at)
    sealed = False
    for number, one in reversed(list(enumerate(placed))):
        covered = None
        if one.ranges is not None:
            digest = partial(one.ranges.digest, file.content)
            covered = Covered(contents=one.ranges.contents, digest=digest, brought=kept.brought, moments=moments)
        made = _signed(one, covered, question, file.history, last=number >= last)
        if one.is_stamp and one.ranges is not None and made.signer.proven is not None:
            moments = moments.and_proven(made.signer.proven)
            sealed = sealed or _sealed(file.history, one.ranges.end)
        elif not one.is_stamp:
            form = str(value_of(one.field.signature, "/SubFilter"))
            made = replace(made, level=level(form, made.signer, stored=kept.lasts, sealed=sealed))
        found.append(made)
    return tuple(reversed(found))


def _placed(file: _File, fields: tuple[SignatureField, ...]) -> list[_Placed]:
    """By the end of what they cover; those without a byte range first. Whatever repeats another is odd."""
    names = Counter(one.name for one in fields)
    placed = []
    for one in fields:
        ranges = byte_range(one.signature, file.reader.stream, len(file.content))
        kind, form = value_of(one.signature, "/Type"), value_of(one.signature, "/SubFilter")
        is_stamp = kind == _TIME_STAMP or form == _RFC3161
        oddity = "two fields of one name" if names[one.name] > 1 else ""
        if is_stamp and (kind != _TIME_STAMP or form != _RFC3161):
            oddity = "neither a signature nor a time stamp of the document"
        placed.append(_Placed(field=one, is_stamp=is_stamp, ranges=ranges, oddity=oddity))
    met = Counter((one.ranges.first, one.ranges.second) for one in placed if one.ranges is not None)
    repeated = [
        replace(one, oddity="a field that points to another's signature")
        if one.ranges is not None and met[one.ranges.first, one.ranges.second] > 1
        else one
        for one in placed
    ]
    return sorted(repeated, key=lambda one: one.ranges.end if one.ranges else 0)


def _signed(one: _Placed, covered: Covered | None, question: Question, history: History, *, last: bool) -> Signed:
    if one.ranges is None or covered is None:
        facts = SignatureFacts(signing_time=claimed_time(one.field.signature))
        nowhere = PdfSignatureFacts(
            byte_range=False, coverage=Coverage.PARTIAL, changes=Changes.OTHER, last=last, signature=facts
        )
        return Signed(field=one.field, is_stamp=one.is_stamp, facts=nowhere, covered=0, signer=Signer(facts=facts))
    after = history.since(one.field.name, one.ranges.end)
    if one.oddity:
        made = Signer(facts=SignatureFacts(oddity=one.oddity, signing_time=claimed_time(one.field.signature)))
    elif one.is_stamp:
        made = _document_stamp(covered, question)
    else:
        made = signer(one.field.signature, covered, question)
    return Signed(
        field=one.field,
        is_stamp=one.is_stamp,
        facts=PdfSignatureFacts(
            byte_range=True, coverage=after.coverage, changes=after.changes, last=last, signature=made.facts
        ),
        covered=one.ranges.covered,
        signer=made,
    )


def _document_stamp(covered: Covered, question: Question) -> Signer:
    made = stamp(covered.contents, covered.digest, question.trust, covered.brought, covered.moments)
    proven = made.proves if made.proves is not None and made.proves <= covered.moments.latest else None
    return Signer(facts=made.facts, standing=made.standing, proven=proven, stamps=(made,))


def _sealed(history: History, end: int) -> bool:
    """Whether the file had validation data already when it ended there."""
    try:
        return isinstance(value_of(history.catalogue(end), "/DSS"), generic.DictionaryObject)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - hostile files make the parser raise anything
        return False
