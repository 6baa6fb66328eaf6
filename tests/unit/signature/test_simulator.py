"""Packages of the simulator, one of each special kind, read by intake: all three must agree on what is signed how."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.model import ids
from hub.model.ids import SystemId
from hub.model.values import DocumentHeader, Package
from hub.wire.edxml import ReadDocument
from hub.wire.edxml_reader import EdxmlReader
from services.ingest.header import received
from services.ingest.intake import Submission
from services.signature import document, verdict
from services.signature.chain import Chains, Revocation
from sim.agencies import load_agencies
from sim.authority import open_authority
from sim.factory import Order, Parcel, Workshop
from sim.plan import Mix, Special, plan

NOW = datetime.now(UTC).replace(microsecond=0)
EXPECTED = {
    Special.NONE: ["OK", "OK"],
    Special.SENT_TWICE: ["OK", "OK"],
    Special.TAMPERED: ["DIGEST_MISMATCH", "OK"],
    Special.UNSIGNED: ["NO_SIGNATURE", "NO_SIGNATURE"],
    Special.EXPIRED_CERTIFICATE: ["EXPIRED", "EXPIRED"],
    Special.REVOKED_CERTIFICATE: ["REVOKED", "REVOKED"],
    Special.UNKNOWN_AUTHORITY: ["UNTRUSTED", "UNTRUSTED"],
    Special.OTHER_AGENCY: ["SENDER_MISMATCH", "OK"],
}


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("authority")
    return folder


@pytest.fixture(scope="module")
def parcels(state: Path) -> Mapping[Special, Parcel]:
    """With workbooks beside the PDFs, which are not judged."""
    agencies = load_agencies()[:5]
    open_authority(state, agencies, NOW)
    workshop = Workshop(Order(state=state, agencies=agencies, nonce=1, sent_at=NOW))
    specials = [special for special in EXPECTED if special is not Special.NONE]
    planned = plan(
        seed=1,
        documents=len(EXPECTED),
        agencies=agencies,
        promulgated=NOW.date(),
        specials=specials,
        mix=Mix(annex_share=1.0),
    )
    return {one.special: workshop.make(one) for one in planned}


@pytest.fixture(scope="module")
def chains(state: Path, parcels: Mapping[Special, Parcel]) -> Chains:
    assert parcels
    lists = [file.read_bytes() for file in sorted((state / "trust" / "crls").iterdir())]
    return Chains((state / "trust" / "anchors.pem").read_bytes(), lists, Revocation.REQUIRE)


def header_of(package: bytes) -> DocumentHeader:
    reader = EdxmlReader()
    reader.feed(package)
    read = reader.close()
    assert isinstance(read, ReadDocument)
    about = Package(digest=ids.digest(package), size=len(package))
    submission = Submission(moment=NOW, system_id=SystemId("sim"), package=about, content=package, read=read)
    return received(submission, read).header


@pytest.mark.parametrize("special", EXPECTED)
def test_each_kind_of_package_has_its_reasons(
    special: Special, parcels: Mapping[Special, Parcel], chains: Chains
) -> None:
    parcel = parcels[special]
    header = header_of(parcel.package)
    facts = document.facts(parcel.package, header.package.digest, chains, NOW)
    found = verdict.findings(facts, header, {header.sender})
    assert [finding.verdict.reason for finding in found] == EXPECTED[special]
    assert [finding.part for finding in found] == ["envelope", header.attachments[0].content_id]
    assert found[1].name == header.attachments[0].name
