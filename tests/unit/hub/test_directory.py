"""Identifiers resolve for ever; lower levels are served by the nearest ancestor's connection."""

import time

from hub.model.directory import Directory
from hub.model.ids import AgencyCode, SystemId
from tests.fakes.events import agency, connection


def directory(*events: object) -> Directory:
    found = Directory()
    for event in events:
        found.learn(event)  # type: ignore[arg-type]
    return found


def test_every_code_an_agency_had_resolves_to_it() -> None:
    found = directory(agency("000.00.00.G22", "01.01.G22"))
    resolved = found.resolve(AgencyCode("01.01.G22"))
    assert resolved is not None
    assert resolved.code == "000.00.00.G22"
    assert found.same_agency(AgencyCode("01.01.G22"), AgencyCode("000.00.00.G22"))


def test_an_old_code_still_resolves_after_the_entry_forgot_it() -> None:
    found = directory(agency("000.00.00.G22", "01.01.G22"), agency("000.00.00.G22"))
    assert found.resolve(AgencyCode("01.01.G22")) is not None


def test_unknown_codes_resolve_to_nothing() -> None:
    assert directory().resolve(AgencyCode("000.00.99.H99")) is None


def test_own_connection_goes_before_the_ancestors() -> None:
    found = directory(
        agency("H53"), agency("H53.01", parent="H53"), agency("H53.02", parent="H53"),
        connection("lgsp", "H53"), connection("own", "H53.01"),
    )  # fmt: skip
    assert found.may_act_for(SystemId("own"), AgencyCode("H53.01"))
    assert not found.may_act_for(SystemId("lgsp"), AgencyCode("H53.01"))
    assert found.may_act_for(SystemId("lgsp"), AgencyCode("H53.02"))
    assert set(found.served_by(SystemId("lgsp"))) == {"H53", "H53.02"}


def test_a_circle_of_parents_ends() -> None:
    found = directory(agency("A", parent="B"), agency("B", parent="A"))
    resolved = found.resolve(AgencyCode("A"))
    assert resolved is not None
    assert found.server_of(resolved) is None


def test_a_locked_connection_serves_nobody() -> None:
    found = directory(agency("A"), connection("s", "A"), connection("s", "A", active=False))
    assert found.served_by(SystemId("s")) == ()


def test_locking_an_own_connection_hands_the_inbox_to_nobody() -> None:
    found = directory(
        agency("H53"), agency("H53.01", parent="H53"), agency("H53.01.02", parent="H53.01"),
        connection("lgsp", "H53"), connection("own", "H53.01"), connection("own", "H53.01", active=False),
    )  # fmt: skip
    for code in ("H53.01", "H53.01.02"):
        agency_ = found.resolve(AgencyCode(code))
        assert agency_ is not None
        assert found.server_of(agency_) is None
        for system in ("lgsp", "own"):
            assert not found.may_act_for(SystemId(system), AgencyCode(code))
    assert found.served_by(SystemId("lgsp")) == ("H53",)
    found.learn(connection("own", active=False))  # given up: now the province's platform serves it
    assert set(found.served_by(SystemId("lgsp"))) == {"H53", "H53.01", "H53.01.02"}


def test_an_active_connection_goes_before_a_locked_one_of_the_same_agency() -> None:
    for events in ((("new", True), ("old", False)), (("old", False), ("new", True))):
        found = directory(agency("A"), *(connection(system, "A", active=active) for system, active in events))
        assert found.served_by(SystemId("new")) == ("A",)
    found.learn(connection("new", "A", active=False))
    assert found.served_by(SystemId("new")) == ()


def test_locking_after_a_merger_hands_nothing_to_the_connection_of_the_old_code() -> None:
    found = directory(
        agency("H26"), connection("ha-tay", "H26"), agency("H27", "H26"), connection("ha-noi", "H27"),
        connection("ha-noi", "H27", active=False),
    )  # fmt: skip
    assert found.served_by(SystemId("ha-tay")) == ()


def test_of_two_active_connections_the_one_that_stays_serves_again() -> None:
    found = directory(agency("A"), connection("one", "A"), connection("two", "A"), connection("two"))
    assert found.served_by(SystemId("one")) == ("A",)


def test_who_serves_whom_is_worked_out_once_after_a_change() -> None:
    found = directory(*(agency(f"P{n}") for n in range(20)), *(connection(f"s{n}", f"P{n}") for n in range(20)))
    for number in range(20_000):
        found.learn(agency(f"P{number % 20}.{number}", parent=f"P{number % 20}"))
    begun = time.monotonic()
    assert sum(len(found.served_by(SystemId(f"s{number}"))) for number in range(20)) == 20_020
    assert time.monotonic() - begun < 0.5


def test_a_connection_that_gives_an_agency_up_serves_it_no_more() -> None:
    found = directory(agency("A"), agency("B"), connection("s", "A", "B"), connection("s", "B"))
    assert found.served_by(SystemId("s")) == ("B",)


def test_an_agency_with_a_new_code_in_force_stands_once() -> None:
    found = directory(agency("H26", "01.26"), connection("ha-tay", "H26"), agency("H27", "H26", "01.26"))
    assert [each.code for each in found.agencies()] == ["H27"]
    assert found.served_by(SystemId("ha-tay")) == ("H27",)
    assert found.all_codes([AgencyCode("01.26")]) == ("H27", "H26", "01.26")
    assert len(found) == 1
