"""A tiny authority, made once a session, and what the tests build with it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from sim.agencies import Agency, load_agencies
from sim.authority import Authority, open_authority
from sim.factory import Order, Parcel, Workshop
from sim.plan import PlannedDocument, SizeClass, Special, plan

NOW = datetime.now(UTC)  # certificates are judged by the real clock
TODAY = date(2026, 11, 20)
SOME = ("000.00.00.G22", "000.00.00.G12", "000.00.00.G07", "000.00.00.H17", "000.00.00.H53")

Make = Callable[..., Parcel]


@pytest.fixture(scope="session")
def agencies() -> tuple[Agency, ...]:
    return tuple(agency for agency in load_agencies() if agency.code in SOME)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory, agencies: tuple[Agency, ...]) -> Authority:
    return open_authority(tmp_path_factory.mktemp("state"), agencies, NOW)


@pytest.fixture(scope="session")
def order(authority: Authority, agencies: tuple[Agency, ...]) -> Order:
    return Order(state=authority.state, agencies=agencies, nonce=42, sent_at=NOW)


@pytest.fixture(scope="session")
def workshop(order: Order) -> Workshop:
    return Workshop(order)


@pytest.fixture(scope="session")
def document(agencies: tuple[Agency, ...]) -> PlannedDocument:
    planned = plan(seed=11, documents=1, agencies=agencies, promulgated=TODAY)[0]
    return replace(planned, size=SizeClass.SMALL, pdf_bytes=90_000, annex=False)


@pytest.fixture
def make(workshop: Workshop, document: PlannedDocument) -> Make:
    """Makes the parcel of one small document, changed as the test says."""

    def make_parcel(special: Special = Special.NONE, *, annex: bool = False) -> Parcel:
        return workshop.make(replace(document, special=special, annex=annex))

    return make_parcel


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"
