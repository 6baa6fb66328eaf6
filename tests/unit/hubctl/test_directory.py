from pathlib import Path

import pytest

from hubctl.directory import LEGACY_UNTIL, entry, read_rows
from hubctl.errors import CommandError

AGENCIES = Path(__file__).resolve().parents[3] / "data" / "agencies.csv"


def test_all_95_agencies_are_read() -> None:
    rows = read_rows(AGENCIES)
    assert len({row["code"] for row in rows}) == 95


def test_the_legacy_code_routes_beside_the_one_in_force() -> None:
    made = entry(
        {"code": "000.00.00.G02", "name": "Bộ Công Thương", "kind": "ministry", "legacy_code": "01.01.G02"}, {}
    )
    assert made["identifiers"] == [
        {"code": "000.00.00.G02", "valid_from": LEGACY_UNTIL, "valid_to": ""},
        {"code": "01.01.G02", "scheme": "legacy", "valid_from": "", "valid_to": LEGACY_UNTIL},
    ]


def test_a_code_that_never_changed_has_no_second_one() -> None:
    assert "identifiers" not in entry({"code": "A", "name": "x", "kind": "unit", "legacy_code": "A"}, {})


def test_what_the_file_does_not_say_stays_as_it_is() -> None:
    present = {"code": "A", "name": "old", "state": "locked", "contacts": [{"name": "x"}], "connected": True}
    assert entry({"code": "A", "name": "new", "kind": "unit", "state": ""}, present) == {
        "code": "A", "name": "new", "kind": "unit", "state": "locked", "contacts": [{"name": "x"}],
    }  # fmt: skip


def test_a_contact_in_the_file_replaces_the_present_ones() -> None:
    row = {"code": "A", "name": "x", "kind": "unit", "contact_name": "Lan", "contact_email": "lan@x.vn"}
    made = entry(row, {"contacts": [{"name": "old"}]})
    assert made["contacts"] == [{"name": "Lan", "position": "", "unit": "", "mobile": "", "email": "lan@x.vn"}]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("code,name\nA,x\n", "no column kind"),
        ("code,name,kind\nA,,unit\n", "line 2: name is empty"),
        ("code,name,kind\n", "holds no agencies"),
        ("code,name,kind\nA,\udcff,unit\n", "cannot be read"),
    ],
)
def test_a_wrong_file_is_told(tmp_path: Path, content: str, complaint: str) -> None:
    file = tmp_path / "agencies.csv"
    file.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(CommandError, match=complaint):
        read_rows(file)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        read_rows(tmp_path / "nothing.csv")
