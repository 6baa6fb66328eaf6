"""The 95 agencies of `data/agencies.csv`: who sends and who receives."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NewType

AgencyCode = NewType("AgencyCode", str)
"""Identifier of an agency (mã định danh), QCVN 102:2016 form: `000.00.00.G22`."""

DATA = Path(__file__).resolve().parent.parent / "data"
"""The repository's tables."""

UNKNOWN_AGENCY = AgencyCode("000.00.99.H99")
"""Well formed, and in no directory: where a document with an unknown recipient is addressed to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """One row of the table, as far as a sender needs it."""

    code: AgencyCode
    name: str
    kind: str
    """`ministry`, `government_agency` or `province`."""

    @property
    def group(self) -> str:
        """Last group of the code, `G22`: short and unique among the 95."""
        return self.code.rsplit(".", 1)[-1]

    @property
    def email(self) -> str:
        """The clerks' mailbox, in a domain that can never be delivered to (RFC 2606)."""
        return f"vanthu@{self.group.lower()}.example"


def load_agencies(path: Path = DATA / "agencies.csv") -> tuple[Agency, ...]:
    """All agencies, in the table's order. Raises OSError without the file, KeyError on a missing column."""
    with path.open(encoding="utf-8", newline="") as rows:
        return tuple(
            Agency(code=AgencyCode(row["code"]), name=row["name"].strip(), kind=row["kind"])
            for row in csv.DictReader(rows)
        )


def by_code(agencies: Sequence[Agency]) -> Mapping[AgencyCode, Agency]:
    """The same agencies, to look up."""
    return {agency.code: agency for agency in agencies}
