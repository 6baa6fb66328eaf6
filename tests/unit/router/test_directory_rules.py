"""What may stand in the directory, entry by entry; what may not is refused with every reason at once."""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from hub.model.directory import Directory
from hub.model.events import AgencyChanged, ConnectionChanged, Event
from hub.model.ids import AgencyCode, SystemId
from hub.model.statuses import AgencyState, SignaturePolicy
from hub.model.values import Contact, Identifier
from services.router import directory_forms, directory_rules
from services.router.directory_rules import AgencyEntry, ChangeAgencies, ChangeConnection, NotInOrder, SecretFacts
from tests.fakes.events import NOW, agency, connection
from tests.fakes.router import HUB, directory

SEALED = SecretFacts(sealed="sealed", changed=True)
KEPT = SecretFacts(sealed="", changed=False)


def identifier(code: str, start: str = "", end: str = "") -> Identifier:
    return Identifier(code=AgencyCode(code), scheme="legacy", valid_from=start, valid_to=end)


def contact(**changes: str) -> Contact:
    return replace(Contact(name="Nguyễn Văn A", position="Văn thư", unit="", mobile="0912345678", email=""), **changes)


def entry(code: str = "000.00.00.G22", *codes: str, **changes: Any) -> AgencyEntry:
    given = AgencyEntry(
        code=AgencyCode(code), name="Văn phòng Chính phủ", kind="ministry", parent=AgencyCode(""),
        state=AgencyState.ACTIVE, signature_policy=SignaturePolicy.REQUIRED,
        identifiers=tuple(identifier(each) for each in codes), contacts=(),
    )  # fmt: skip
    return replace(given, **changes)


def put(entries: Sequence[AgencyEntry], present: Directory | None = None) -> tuple[Event, ...]:
    return directory_rules.change_agencies(ChangeAgencies(entries=tuple(entries), at=NOW), present or directory(), HUB)


def faults(entries: Sequence[AgencyEntry], present: Directory | None = None) -> list[tuple[str, str]]:
    with pytest.raises(NotInOrder) as refused:
        put(entries, present)
    return [(refusal.code, refusal.field) for refusal in refused.value.refusals]


def agencies(events: Sequence[Event]) -> list[AgencyChanged]:
    return [event for event in events if isinstance(event, AgencyChanged)]


def test_a_new_agency_stands_with_its_own_code_first() -> None:
    (event,) = agencies(put([entry("000.00.00.G22", "01.01.G22")]))
    assert [each.code for each in event.identifiers] == ["000.00.00.G22", "01.01.G22"]
    assert event.identifiers[0].scheme == "qcvn2016"
    assert event.occurred_at == NOW


def test_an_unchanged_entry_says_nothing_and_a_repeat_is_the_same_event() -> None:
    (event,) = agencies(put([entry()]))
    assert agencies(put([entry()]))[0].event_id == event.event_id
    assert put([entry()], directory(event)) == ()
    (change,) = agencies(put([entry(name="Văn phòng")], directory(event)))
    assert change.event_id != event.event_id
    (back,) = agencies(put([entry()], directory(event, change)))
    assert back.event_id != event.event_id


def test_former_codes_are_kept_though_they_are_not_given_again() -> None:
    (event,) = agencies(put([entry(name="Tên mới")], directory(agency("000.00.00.G22", "01.01.G22"))))
    assert [each.code for each in event.identifiers] == ["000.00.00.G22", "01.01.G22"]


def test_an_agency_may_get_a_new_code_in_force() -> None:
    present = directory(agency("H26", "01.26"), connection("ha-tay", "H26"))
    (event,) = agencies(put([entry("H27", "H26")], present))
    assert [each.code for each in event.identifiers] == ["H27", "H26", "01.26"]
    present.learn(event)
    found = present.resolve(AgencyCode("01.26"))
    assert found is not None
    assert found.code == "H27"
    assert present.server_of(found) == "ha-tay"
    assert [each.code for each in present.agencies()] == ["H27"]


def test_a_successor_takes_over_a_dissolved_agency_and_no_other() -> None:
    dissolved = agency("H28", state=AgencyState.DISSOLVED)
    (event,) = agencies(put([entry("H26", "H28")], directory(agency("H26"), dissolved)))
    assert {each.code for each in event.identifiers} == {"H26", "H28"}
    assert faults([entry("H26", "H28")], directory(agency("H26"), agency("H28"))) == [("CODE_TAKEN", "0.identifiers")]
    assert faults([entry("H26", "01.28")], directory(agency("H26"), agency("H28", "01.28"))) == [
        ("CODE_TAKEN", "0.identifiers")
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"code": AgencyCode("G22 ")}, "0.code"),
        ({"code": AgencyCode("Ｇ22")}, "0.code"),
        ({"code": AgencyCode("G22.")}, "0.code"),
        ({"code": AgencyCode("G" * 36)}, "0.code"),
        ({"name": ""}, "0.name"),
        ({"name": "hai\ndòng"}, "0.name"),
        ({"name": "x" * 201}, "0.name"),
        ({"name": "=?utf-8?q?x=0D=0ABcc:_y@x.vn?="}, "0.name"),
        ({"kind": "Bộ"}, "0.kind"),
        ({"identifiers": (identifier("a b"),)}, "0.identifiers.1.code"),
        ({"identifiers": (identifier("G23", "2020"),)}, "0.identifiers.1.valid_from"),
        ({"identifiers": (identifier("G23", "", "2020-01-01T00:00:00"),)}, "0.identifiers.1.valid_to"),
        (
            {"identifiers": (identifier("G23", "2020-01-02T00:00:00Z", "2020-01-01T00:00:00Z"),)},
            "0.identifiers.1.valid_to",
        ),
        ({"identifiers": (identifier("000.00.00.G22", "", "2020-01-01T00:00:00Z"),)}, "0.identifiers.0.valid_to"),
        ({"identifiers": (replace(identifier("G23"), scheme="xyz"),)}, "0.identifiers.1.scheme"),
        ({"contacts": (contact(name=""),)}, "0.contacts.0.name"),
        ({"contacts": (contact(email="ai đó@x.vn"),)}, "0.contacts.0.email"),
        ({"contacts": (contact(email="a@x.vn\r\nBcc: b@x.vn"),)}, "0.contacts.0.email"),
        ({"contacts": (contact(mobile="024 3804 1234"),)}, "0.contacts.0.mobile"),
        ({"contacts": (contact(mobile="+84 24 3804 1234"),)}, "0.contacts.0.mobile"),
        ({"contacts": tuple(contact() for _ in range(21))}, "0.contacts"),
    ],
)
def test_forms(changes: dict[str, Any], expected: str) -> None:
    assert ("BAD_FIELD", expected) in faults([entry(**changes)])


def test_a_contact_needs_a_way_to_reach_it() -> None:
    assert faults([entry(contacts=(contact(mobile=""),))]) == [("MISSING_FIELD", "0.contacts.0.email")]


@pytest.mark.parametrize("mobile", ["0912345678", "0912 345 678", "+84912345678", "038.123.4567", "0700-123-456"])
def test_mobile_numbers_are_kept_without_what_is_between_the_digits(mobile: str) -> None:
    (event,) = agencies(put([entry(contacts=(contact(mobile=mobile),))]))
    assert event.contacts[0].mobile.lstrip("+").isdigit()


def test_a_whole_list_is_judged_in_one_go() -> None:
    begun = time.monotonic()
    assert len(put([entry(f"H{number}") for number in range(5000)])) == 5000
    assert time.monotonic() - begun < 3.0


def test_all_reasons_come_at_once() -> None:
    assert len(faults([entry(name="", kind=""), entry("G 23")])) == 3


def test_the_hubs_own_code_is_nobody_elses() -> None:
    assert faults([entry(HUB)]) == [("CODE_TAKEN", "identifiers")]


def test_two_entries_may_not_share_a_code() -> None:
    assert ("CODE_TAKEN", "identifiers") in faults([entry("G22", "01.22"), entry("G23", "01.22")])


def test_parents_stand_in_the_directory_or_in_the_same_list() -> None:
    child = entry("H53.01", parent=AgencyCode("H53"))
    assert faults([child]) == [("UNKNOWN_AGENCY", "0.parent")]
    assert len(put([child, entry("H53")])) == 2
    assert len(put([child], directory(agency("H53")))) == 1


@pytest.mark.parametrize("entries", [
    [entry("H53", parent=AgencyCode("H53"))],
    [entry("H53", parent=AgencyCode("H54")), entry("H54", parent=AgencyCode("H53"))],
])  # fmt: skip
def test_nobody_stands_above_itself(entries: list[AgencyEntry]) -> None:
    assert {field.split(".")[1] for _, field in faults(entries)} == {"parent"}


def test_a_circle_through_what_stands_already_is_seen() -> None:
    present = directory(agency("H53"), agency("H54", parent="H53"))
    assert faults([entry("H53", parent=AgencyCode("H54"))], present) == [("BAD_FIELD", "0.parent")]


def connect(present: Directory, *codes: str, facts: SecretFacts = SEALED, **changes: Any) -> tuple[Event, ...]:
    command = ChangeConnection(
        system_id=SystemId("lgsp"), agencies=tuple(map(AgencyCode, codes)), active=True, secret="a" * 16,
        moved_from=(), at=NOW,
    )  # fmt: skip
    return directory_rules.change_connection(replace(command, **changes), present, facts)


def connection_faults(present: Directory, *codes: str, **changes: Any) -> list[tuple[str, str]]:
    with pytest.raises(NotInOrder) as refused:
        connect(present, *codes, **changes)
    return [(refusal.code, refusal.field) for refusal in refused.value.refusals]


def test_a_connection_names_agencies_by_their_code_in_force_once_each() -> None:
    (event,) = connect(directory(agency("H53", "01.53")), "01.53", "H53")
    assert isinstance(event, ConnectionChanged)
    assert (event.agencies, event.sealed_secret, event.active) == (("H53",), "sealed", True)


def test_a_connection_that_stands_so_already_says_nothing() -> None:
    present = directory(agency("H53"), connection("lgsp", "H53"))
    assert connect(present, "H53", facts=SecretFacts(sealed="x", changed=False), secret=None) == ()
    assert len(connect(present, "H53")) == 1


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"system_id": SystemId("")}, ("BAD_FIELD", "system_id")),
        ({"system_id": SystemId("a/b")}, ("BAD_FIELD", "system_id")),
        ({"secret": "short"}, ("BAD_FIELD", "secret")),
        ({"secret": "x" * 257}, ("BAD_FIELD", "secret")),
        ({"secret": None, "facts": KEPT}, ("MISSING_FIELD", "secret")),
        ({"agencies": (AgencyCode("X99"),)}, ("UNKNOWN_AGENCY", "agencies")),
    ],
)
def test_connections_that_may_not_stand(changes: dict[str, Any], expected: tuple[str, str]) -> None:
    assert connection_faults(directory(agency("H53")), "H53", **changes) == [expected]


def test_an_agency_is_moved_only_when_that_is_said() -> None:
    present = directory(agency("H53"), agency("H54"), connection("old", "H53", "H54"))
    assert connection_faults(present, "H53") == [("SERVED_ELSEWHERE", "agencies")]
    loss, gain = connect(present, "H53", moved_from=(SystemId("old"),))
    assert isinstance(loss, ConnectionChanged)
    assert (loss.system_id, loss.agencies) == ("old", ("H54",))
    present.learn(loss)
    present.learn(gain)  # type: ignore[arg-type]
    assert present.served_by(SystemId("lgsp")) == ("H53",)
    assert present.served_by(SystemId("old")) == ("H54",)


def test_an_agency_is_moved_away_from_a_locked_connection_for_good() -> None:
    present = directory(agency("H53"), agency("H54"), connection("old", "H53", "H54", active=False))
    loss, gain = connect(present, "H53", moved_from=(SystemId("old"), SystemId("lgsp"), SystemId("nobody")))
    assert isinstance(loss, ConnectionChanged)
    assert (loss.system_id, loss.agencies, loss.active) == ("old", ("H54",), False)
    for event in (loss, gain):
        present.learn(event)  # type: ignore[arg-type]
    assert connect(present, "H53", facts=SecretFacts(sealed="x", changed=False), moved_from=(SystemId("old"),)) == ()


def test_a_locked_connection_that_names_an_agency_keeps_it_from_those_above() -> None:
    present = directory(agency("H53"), agency("H53.01", parent="H53"), connection("lgsp", "H53"))
    for event in connect(present, "H53.01", system_id=SystemId("own"), active=False):
        present.learn(event)  # type: ignore[arg-type]
    assert present.served_by(SystemId("lgsp")) == ("H53",)
    for event in connect(present, system_id=SystemId("own"), active=False):
        present.learn(event)  # type: ignore[arg-type]
    assert present.served_by(SystemId("lgsp")) == ("H53", "H53.01")


def test_a_locked_connection_takes_nothing_from_anybody() -> None:
    present = directory(agency("H53"), connection("old", "H53"))
    (event,) = connect(present, "H53", active=False)
    assert isinstance(event, ConnectionChanged)
    assert not event.active


def test_what_an_inactive_connection_had_is_free() -> None:
    present = directory(agency("H53"), connection("old", "H53", active=False))
    assert len(connect(present, "H53")) == 1


@pytest.mark.parametrize(
    ("code", "scheme"),
    [("000.00.00.G22", "qcvn2016"), ("H37.02.02", "qd20"), ("01.01.G22", "legacy"), ("vxp.saas.01", "legacy")],
)
def test_schemes_are_told_by_their_form(code: str, scheme: str) -> None:
    assert directory_forms.scheme_of(AgencyCode(code)) == scheme


@pytest.mark.parametrize("text", ["Văn phòng Đảng", "VĂN PHÒNG ĐẢNG", "văn phòng đảng", "van phong dang"])
def test_search_does_not_see_diacritics(text: str) -> None:
    assert directory_forms.folded(text) == "van phong dang"
