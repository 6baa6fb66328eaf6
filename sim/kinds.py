"""Document types: the list of letter 1597 (`data/paperless_document_types.csv`) with what the wire needs of each.

Numbers are those of QCVN 102:2016/SĐ1:2022 (A normative, B administrative), abbreviations those of NĐ 30/2020
Annex III. On the wire `Type` is the group and `TypeDetail` the number in it.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import NewType

from sim.agencies import DATA, Agency

KindKey = NewType("KindKey", str)
"""Row of the list: `A1`, `B14`."""

_GROUPS = {"Văn bản quy phạm pháp luật": "A", "Văn bản hành chính": "B"}
_GOVERNMENT_OFFICE = "G22"


class Issuer(StrEnum):
    """Who may issue a type; the suffix of the notation follows from it."""

    GOVERNMENT = "CP"
    PRIME_MINISTER = "TTg"
    MINISTER = "minister"
    ANYBODY = "anybody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One document type."""

    key: KindKey
    name: str
    """TypeName on the wire: `Công văn`."""
    abbreviation: str
    """Empty for a công văn, which has none."""
    number: int
    """TypeDetail."""
    issuer: Issuer
    weight: int
    """How often it is sent, relative to the others."""

    @property
    def group(self) -> int:
        """Type on the wire: 1 normative, 2 administrative."""
        return 1 if self.normative else 2

    @property
    def normative(self) -> bool:
        """Văn bản quy phạm pháp luật: its notation carries the year."""
        return self.key.startswith("A")

    @property
    def letter(self) -> bool:
        """A công văn: no title of its own, addressed by `Kính gửi`."""
        return not self.abbreviation

    def may_issue(self, agency: Agency) -> bool:
        """The Government's and the Prime Minister's documents leave through the Government Office."""
        if self.issuer is Issuer.ANYBODY:
            return True
        if self.issuer is Issuer.MINISTER:
            return agency.kind == "ministry" and agency.group != _GOVERNMENT_OFFICE
        return agency.group == _GOVERNMENT_OFFICE


_ROWS: dict[str, tuple[str, str, int, Issuer, int]] = {
    "A1": ("Nghị định", "NĐ", 7, Issuer.GOVERNMENT, 6),
    "A2": ("Quyết định", "QĐ", 8, Issuer.PRIME_MINISTER, 6),
    "A3": ("Thông tư", "TT", 9, Issuer.MINISTER, 4),
    "B1": ("Công văn", "", 18, Issuer.GOVERNMENT, 20),
    "B2": ("Nghị quyết", "NQ", 1, Issuer.GOVERNMENT, 6),
    "B3": ("Quyết định", "QĐ", 2, Issuer.ANYBODY, 12),
    "B4": ("Chỉ thị", "CT", 3, Issuer.ANYBODY, 3),
    "B5": ("Quy chế", "QC", 4, Issuer.ANYBODY, 2),
    "B6": ("Quy định", "QyĐ", 5, Issuer.ANYBODY, 2),
    "B7": ("Thông báo", "TB", 7, Issuer.ANYBODY, 9),
    "B8": ("Hướng dẫn", "HD", 8, Issuer.ANYBODY, 3),
    "B9": ("Kế hoạch", "KH", 10, Issuer.ANYBODY, 8),
    "B10": ("Đề án", "ĐA", 12, Issuer.ANYBODY, 2),
    "B11": ("Dự án", "DA", 13, Issuer.ANYBODY, 1),
    "B12": ("Báo cáo", "BC", 14, Issuer.ANYBODY, 12),
    "B13": ("Tờ trình", "TTr", 16, Issuer.ANYBODY, 6),
    "B14": ("Công văn", "", 18, Issuer.ANYBODY, 45),
    "B15": ("Công điện", "CĐ", 19, Issuer.ANYBODY, 2),
    "B16": ("Giấy mời", "GM", 25, Issuer.ANYBODY, 6),
    "B17": ("Phiếu gửi", "PG", 30, Issuer.ANYBODY, 1),
    "B18": ("Phiếu chuyển", "PC", 31, Issuer.ANYBODY, 1),
}


def load_kinds(path: Path = DATA / "paperless_document_types.csv") -> Mapping[KindKey, Kind]:
    """The types of the list. Raises ValueError when the list has a row that the table above does not know."""
    with path.open(encoding="utf-8", newline="") as rows:
        keys = [KindKey(f"{_GROUPS.get(row['group'], '?')}{row['number']}") for row in csv.DictReader(rows)]
    unknown = [key for key in keys if key not in _ROWS]
    if unknown:
        raise ValueError(f"{path}: document types without wire numbers: {', '.join(unknown)}")
    return {key: _kind(key) for key in keys}


def _kind(key: KindKey) -> Kind:
    name, abbreviation, number, issuer, weight = _ROWS[key]
    return Kind(key=key, name=name, abbreviation=abbreviation, number=number, issuer=issuer, weight=weight)
