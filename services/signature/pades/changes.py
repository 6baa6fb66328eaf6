"""What was appended to a PDF after a signature: pyHanko's difference analysis, once every byte is accounted for.

The base is the revision at whose end the byte range ends, whatever the file says about when the signature came in. The
analysis and what it needs are loaded with this module: a worker may not import once it has confined itself.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import lxml.etree  # noqa: F401 - pyHanko imports it when it meets metadata
import pyhanko.pdf_utils.metadata.xmp_xml  # noqa: F401 - the same
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader
from pyhanko.sign.diff_analysis import (
    DEFAULT_DIFF_POLICY,
    DiffResult,
    FormUpdate,
    FormUpdatingRule,
    ModificationLevel,
    StandardDiffPolicy,
)
from pyhanko.sign.fields import FieldMDPSpec, MDPPerm

from services.signature.facts import Changes, Coverage
from services.signature.pades import revisions
from services.signature.pdf_reader import signature_fields, value_of

_LEVELS = {
    ModificationLevel.NONE: Changes.NONE,
    ModificationLevel.LTA_UPDATES: Changes.ARCHIVAL,
    ModificationLevel.FORM_FILLING: Changes.FORM,
}


class _InThisRevision(FormUpdatingRule):
    """pyHanko's rules for forms, about what a revision touches: they report the looks of untouched fields too."""

    def apply(self, old: HistoricalResolver, new: HistoricalResolver) -> Iterator[tuple[ModificationLevel, FormUpdate]]:
        touched = new.explicit_refs_in_revision()  # type: ignore[no-untyped-call]
        return ((level, update) for level, update in super().apply(old, new) if update.updated_ref in touched)


_FORM_RULE = DEFAULT_DIFF_POLICY.form_rule
_POLICY = StandardDiffPolicy(
    DEFAULT_DIFF_POLICY.global_rules, _InThisRevision(_FORM_RULE.field_rules) if _FORM_RULE else None
)


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """How much a signature covers, and what came after it."""

    coverage: Coverage
    changes: Changes


_CANNOT_FOLLOW = After(coverage=Coverage.PARTIAL, changes=Changes.OTHER)


class History:
    """The revisions of one file, read strictly: a careless file can be signed whole, but not changed afterwards."""

    def __init__(self, content: bytes, password: str | None = None) -> None:
        self._content, self._password = content, password
        self._reader: PdfFileReader | None = None

    def since(self, field_name: str, end: int) -> After:
        """What came after the signature in this field, whose byte range ends at `end`; never raises but MemoryError."""
        if end == len(self._content):
            return After(coverage=Coverage.WHOLE_FILE, changes=Changes.NONE)
        try:
            return self._since(field_name, end)
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001 - hostile files make the parser raise anything
            return _CANNOT_FOLLOW

    def catalogue(self, end: int) -> Any:
        """The catalogue as it stood in the revision that ends there. Raises what the reader does."""
        reader = self._opened()
        number = revisions.ending_at(reader, self._content, end)
        return reader.trailer["/Root"] if number is None else reader.get_historical_resolver(number).root

    def _since(self, field_name: str, end: int) -> After:
        reader = self._opened()
        signed = revisions.ending_at(reader, self._content, end)
        if signed is None:
            return _CANNOT_FOLLOW
        other = After(coverage=Coverage.REVISION, changes=Changes.OTHER)
        try:
            revisions.account(reader, self._content, signed, end)
        except revisions.Unaccounted:
            return other
        permission, locked = _permissions(reader.get_historical_resolver(signed), field_name)
        result = _POLICY.review_file(reader, signed, field_mdp_spec=locked, doc_mdp=permission)
        if not isinstance(result, DiffResult):
            return other
        level = result.modification_level
        if level is ModificationLevel.OTHER or (permission is not None and level.value > permission.value):
            return other
        return After(coverage=Coverage.REVISION, changes=_LEVELS.get(level, Changes.OTHER))

    def _opened(self) -> PdfFileReader:
        if self._reader is None:
            self._reader = PdfFileReader(io.BytesIO(self._content))
            if self._reader.encrypt_dict is not None:
                self._reader.decrypt(self._password or "")
        return self._reader


def _permissions(then: HistoricalResolver, field_name: str) -> tuple[MDPPerm | None, FieldMDPSpec | None]:
    """What the signature lets others do (DocMDP, FieldMDP), as it stood in the revision it signed.

    A field that did not hold it then raises: it was made to point here afterwards.
    """
    field = next(one for one in signature_fields(then) if one.name == field_name)
    permission = _method(field.signature, "/DocMDP")
    locked = _method(field.signature, "/FieldMDP")
    lock = value_of(field.field, "/Lock") or {}
    level = permission.get("/P", 2) if permission is not None else lock.get("/P")
    return (
        None if level is None else MDPPerm(int(level)),
        None if locked is None else FieldMDPSpec.from_pdf_object(locked),
    )


def _method(signature: generic.DictionaryObject, name: str) -> Any:
    """Parameters of the signature reference with this transform method."""
    references = value_of(signature, "/Reference") or ()
    for position in range(len(references)):
        if references[position].get("/TransformMethod") == name:
            found = references[position]
            return value_of(found, "/TransformParams") or {}
    return None
