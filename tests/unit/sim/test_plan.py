from collections import Counter
from datetime import date
from statistics import mean

import pytest

from sim.agencies import UNKNOWN_AGENCY, load_agencies
from sim.kinds import Issuer, load_kinds
from sim.plan import DEMO_SPECIALS, Character, PlannedDocument, SizeClass, Special, plan

TODAY = date(2026, 11, 20)


def planned(
    seed: int = 5, documents: int = 1000, specials: tuple[Special, ...] = DEMO_SPECIALS
) -> tuple[PlannedDocument, ...]:
    return plan(seed=seed, documents=documents, agencies=load_agencies(), promulgated=TODAY, specials=specials)


def test_all_agencies_of_the_table_take_part() -> None:
    agencies = load_agencies()

    assert len(agencies) == 95
    assert len({agency.code for agency in agencies}) == 95
    assert UNKNOWN_AGENCY not in {agency.code for agency in agencies}


def test_same_seed_same_plan_other_seed_other_plan() -> None:
    assert planned(seed=5) == planned(seed=5)
    assert planned(seed=5) != planned(seed=6)


def test_a_longer_plan_begins_with_the_shorter_one() -> None:
    assert planned(documents=300, specials=())[:100] == planned(documents=100, specials=())


def test_fan_out_has_mean_three_and_stays_within_twenty() -> None:
    fan_outs = [len(document.recipients) for document in planned(specials=())]

    assert mean(fan_outs) == pytest.approx(3, abs=0.3)
    assert min(fan_outs) == 1
    assert max(fan_outs) <= 20


def test_nobody_sends_to_himself_or_twice_to_somebody() -> None:
    for document in planned():
        assert document.sender not in document.codes
        assert len(set(document.codes)) == len(document.codes)


def test_each_special_case_falls_on_a_document_of_its_own() -> None:
    found = Counter(document.special for document in planned(documents=40))

    assert found == {Special.NONE: 36, **dict.fromkeys(DEMO_SPECIALS, 1)}


def test_silence_and_unknown_recipients_belong_to_their_special_cases_only() -> None:
    for document in planned(documents=200):
        silent = [recipient for recipient in document.recipients if recipient.character is Character.SILENT]
        assert bool(silent) == (document.special in {Special.SILENT_RECIPIENT, Special.UNKNOWN_RECIPIENT})
        assert (UNKNOWN_AGENCY in document.codes) == (document.special is Special.UNKNOWN_RECIPIENT)


def test_more_special_cases_than_documents_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        planned(documents=3)


def test_one_agency_alone_is_refused() -> None:
    with pytest.raises(ValueError, match="two agencies"):
        plan(seed=1, documents=1, agencies=load_agencies()[:1], promulgated=TODAY)


def test_government_documents_leave_through_the_government_office_only() -> None:
    kinds = load_kinds()
    issuers = {
        document.sender for document in planned(documents=3000) if kinds[document.kind].issuer == Issuer.GOVERNMENT
    }

    assert issuers == {"000.00.00.G22"}


def test_most_documents_are_ordinary_and_small() -> None:
    documents = planned()

    assert mean(document.priority == 0 for document in documents) == pytest.approx(0.85, abs=0.05)
    assert {document.priority for document in documents} == {0, 1, 2, 3}
    assert mean(document.size is SizeClass.SMALL for document in documents) == pytest.approx(0.9, abs=0.05)
    assert all(60_000 <= document.pdf_bytes <= 2_000_000 for document in documents)
