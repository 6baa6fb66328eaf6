"""Whether signatures look as the rules for electronic documents want: findings, never the verdict.

Thông tư 01/2019/TT-BNV, as repeated in Annex I of Nghị định 30/2020/NĐ-CP: the signature of the agency alone, or that
of the competent person and then that of the agency; each with its picture at its place on a page, the agency's with its
name and the time of signing. What a picture shows is not looked at; text is found where it stands as text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

from services.signature.facts import SignerFacts
from services.signature.pades.examining import Examined, Signed
from services.signature.pdf_reader import SignatureField, value_of

_PERSONAL = re.compile(r"(?:^|,)(?:T|SN|GN|givenName|title)=|UID=(?:CCCD|CMND|HC)\b", re.IGNORECASE)
_COMMON_NAME = re.compile(r"(?:^|,)CN=((?:\\.|[^,\\])*)")
_TEXT = re.compile(rb"\(((?:\\.|[^()\\]){1,400})\)|<([0-9A-Fa-f\s]{2,1600})>")
_TIME = re.compile(r"\d{1,4}[/.-]\d{1,2}[/.-]\d{2,4}\D{1,12}\d{1,2}:\d{2}")
_MOST_TEXT = 1_000_000
_MOST_PAGES = 500
_DEEPEST = 4


class Kind(StrEnum):
    """Whom a certificate names."""

    ORGANISATION = "organisation"
    PERSON = "person"
    UNKNOWN = "unknown"


class Pattern(StrEnum):
    """Who signed, in which order."""

    ORGANISATION_ONLY = "organisation_only"
    PERSON_THEN_ORGANISATION = "person_then_organisation"
    OTHER = "other"
    """Neither of the two ways that the rules know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How one signature appears."""

    field: str
    kind: Kind
    page: int | None
    """Counted from 1; None when it is on no page."""
    visible: bool
    picture: bool
    name_shown: bool
    time_shown: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What was found about a document's form."""

    pattern: Pattern
    looks: tuple[Look, ...]

    @property
    def follows(self) -> bool:
        """Whether it is as the rules want, as far as it can be seen."""
        placed = all(look.visible and look.picture and look.page is not None for look in self.looks)
        agencies = [look for look in self.looks if look.kind is Kind.ORGANISATION]
        said = all(look.name_shown and look.time_shown for look in agencies)
        return self.pattern is not Pattern.OTHER and placed and said


def form(found: Examined) -> Form | None:
    """The form of a file that was examined; None without a signature. Never raises but MemoryError."""
    people = [one for one in found.signatures if not one.is_stamp]
    if found.reader is None or not people:
        return None
    looks = tuple(_look(found.reader, one) for one in people)
    return Form(pattern=_pattern([look.kind for look in looks]), looks=looks)


def kind_of(signer: SignerFacts | None) -> Kind:
    """Whom the certificate names: an agency by its code, a person by what only persons have."""
    if signer is None:
        return Kind.UNKNOWN
    if _PERSONAL.search(signer.subject):
        return Kind.PERSON
    return Kind.ORGANISATION if signer.agency else Kind.UNKNOWN


def _pattern(kinds: list[Kind]) -> Pattern:
    if all(kind is Kind.ORGANISATION for kind in kinds):
        return Pattern.ORGANISATION_ONLY
    persons = [kind is Kind.PERSON for kind in kinds]
    agencies = [kind is Kind.ORGANISATION for kind in kinds]
    in_order = persons == sorted(persons, reverse=True) and any(persons) and any(agencies)
    return Pattern.PERSON_THEN_ORGANISATION if in_order and Kind.UNKNOWN not in kinds else Pattern.OTHER


def _look(reader: PdfFileReader, one: Signed) -> Look:
    signer = one.facts.signature.signer
    try:
        visible, picture, text = _appearance(one.field)
        page = _page(reader, one.field)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - hostile files make the parser raise anything
        visible, picture, text, page = False, False, "", None
    named = _COMMON_NAME.search(signer.subject) if signer else None
    name = named[1].replace("\\", "") if named else ""
    return Look(
        field=one.field.name,
        kind=kind_of(signer),
        page=page,
        visible=visible,
        picture=picture,
        name_shown=bool(name) and _plain(name) in _plain(text),
        time_shown=bool(_TIME.search(text)),
    )


def _appearance(field: SignatureField) -> tuple[bool, bool, str]:
    """Whether it takes room, whether there is a picture in it, and its text."""
    corners = [float(one) for one in value_of(field.field, "/Rect") or ()]
    looks = value_of(field.field, "/AP")
    stream = value_of(looks, "/N") if isinstance(looks, generic.DictionaryObject) else None
    roomy = len(corners) == 4 and corners[0] != corners[2] and corners[1] != corners[3]  # noqa: PLR2004 - a rectangle
    if not roomy or not isinstance(stream, generic.StreamObject):
        return False, False, ""
    parts = list(_parts(stream, 0))
    picture = any(value_of(part, "/Subtype") == "/Image" for part in parts)
    data = b"".join(bytes(part.data)[:_MOST_TEXT] for part in parts if value_of(part, "/Subtype") != "/Image")
    return True, picture, " ".join(_texts(data))


def _parts(stream: generic.StreamObject, depth: int) -> Iterator[generic.StreamObject]:
    """The stream and what it draws, some steps down."""
    yield stream
    resources = value_of(stream, "/Resources")
    drawn = value_of(resources, "/XObject") if isinstance(resources, generic.DictionaryObject) else None
    if depth >= _DEEPEST or not isinstance(drawn, generic.DictionaryObject):
        return
    for name in list(drawn)[:8]:
        if isinstance(drawn[name], generic.StreamObject):
            yield from _parts(drawn[name], depth + 1)


def _texts(data: bytes) -> Iterator[str]:
    for literal, letters in _TEXT.findall(data[:_MOST_TEXT]):
        raw = literal or bytes.fromhex(letters.decode() + "0" * (len(b"".join(letters.split())) % 2))
        yield raw.decode("utf-16", errors="replace") if raw[:2] in (b"\xfe\xff", b"\xff\xfe") else _decoded(raw)


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _plain(text: str) -> str:
    return "".join(text.split()).casefold()


def _page(reader: PdfFileReader, field: SignatureField) -> int | None:
    """The number of the page that the field stands on."""
    try:
        wanted: Any = field.field.raw_get("/P").reference
    except (KeyError, AttributeError):
        return None
    branches, number, met = [reader.root.raw_get("/Pages")], 0, 0
    while branches and met < _MOST_PAGES:
        met += 1
        node = branches.pop(0)
        kids = value_of(node.get_object(), "/Kids")
        if kids is not None:
            branches = [*list(kids)[:_MOST_PAGES], *branches]
            continue
        number += 1
        if node.reference == wanted:
            return number
    return None
