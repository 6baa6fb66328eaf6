"""Search without diacritics: `van phong` finds `Văn phòng`, `125/sm` finds `125/SM-VP`, `g22` finds `000.00.00.G22`."""

import re
import unicodedata
from collections.abc import Iterable

from hub.model.directory import Directory
from hub.model.ids import AgencyCode
from services.status.life import Life

_STROKES = str.maketrans({"đ": "d", "Đ": "d", "ð": "d", "Ð": "d"})  # letters that have no decomposition
_PARTS = re.compile(r"[^0-9a-z]+")
_PUNCTUATION = "\"'“”.,;:()[]"
_NUMBER_WORD = re.compile(r"\A\s*so\s*:")  # `Số: 125/SM-VP`, as letters print it
_LONGEST_WORD = 60
_MOST_WORDS = 150
_MOST_TERMS = 8


def folded(text: str) -> str:
    """Lower case, no diacritics, nothing unseen but white space: no database pattern holds a NUL."""
    plain = unicodedata.normalize("NFD", text.translate(_STROKES).casefold())
    return "".join(letter for letter in plain if letter.isspace() or unicodedata.category(letter)[0] not in "MC")


def words(texts: Iterable[str]) -> tuple[str, ...]:
    """The words under which texts are found: as they stand, between commas, and by letters and digits."""
    found: dict[str, None] = {}
    for piece in (piece for text in texts for piece in folded(text).split()):
        for word in (piece.strip(_PUNCTUATION), *piece.split(","), *_PARTS.split(piece)):
            if word:
                found[word[:_LONGEST_WORD]] = None
    return tuple(sorted(list(found)[:_MOST_WORDS]))


def words_of(life: Life) -> tuple[str, ...]:
    """The words under which a document is found, its own code and subject first."""
    header = life.header
    if header is None:
        return words(text for turned in life.turned for text in (turned.document_id, turned.sender, turned.subject))
    own = (header.code, header.number, header.document_id, header.sender, header.sender_name, header.subject)
    return words((*own, *header.recipients[:20]))


def terms(query: str) -> tuple[str, ...]:
    """The terms of a query; a document is found when each of them begins one of its words.

    What stands around a word in a letter, or around a number copied out of one, is no part of what is sought.
    """
    pieces = (piece.strip(_PUNCTUATION) for piece in _NUMBER_WORD.sub("", folded(query)).split())
    return tuple([piece[:_LONGEST_WORD] for piece in pieces if any(map(str.isalnum, piece))][:_MOST_TERMS])


def agencies_named(query: str, directory: Directory) -> tuple[AgencyCode, ...]:
    """Codes, old ones too, of the agencies whose name contains the query; none for an empty query."""
    wanted = " ".join(folded(query).split())
    if not wanted:
        return ()
    named = [agency.code for agency in directory.agencies() if wanted in folded(agency.name)]
    return directory.all_codes(named)
