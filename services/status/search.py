"""Search without diacritics: `van phong` finds `Văn phòng`, `125/sm` finds `125/SM-VP`, `g22` finds `000.00.00.G22`."""

import re
import unicodedata
from collections.abc import Iterable

from hub.model.directory import Directory
from hub.model.ids import AgencyCode
from services.status.life import Life

_STROKES = str.maketrans({"đ": "d", "Đ": "d", "ð": "d", "Ð": "d"})  # letters that have no decomposition
_PARTS = re.compile(r"[^0-9a-z]+")
_LONGEST_WORD = 60
_MOST_WORDS = 150
_MOST_TERMS = 8


def folded(text: str) -> str:
    """Lower case, no diacritics."""
    plain = unicodedata.normalize("NFD", text.translate(_STROKES).casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def words(texts: Iterable[str]) -> tuple[str, ...]:
    """The words under which texts are found: as they stand, between commas, and by letters and digits."""
    found: dict[str, None] = {}
    for piece in (piece for text in texts for piece in folded(text).split()):
        for word in (piece.strip("\"'“”.,;:()[]"), *piece.split(","), *_PARTS.split(piece)):
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
    """The terms of a query; a document is found when each of them begins one of its words."""
    return tuple(term[:_LONGEST_WORD] for term in folded(query).split()[:_MOST_TERMS])


def agencies_named(query: str, directory: Directory) -> tuple[AgencyCode, ...]:
    """Codes, old ones too, of the agencies whose name contains the query; none for an empty query."""
    wanted = " ".join(folded(query).split())
    if not wanted:
        return ()
    named = [agency.code for agency in directory.agencies() if wanted in folded(agency.name)]
    return directory.all_codes(named)
