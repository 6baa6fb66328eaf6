import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sim import __main__, authority_command, make_command
from sim.agencies import Agency, AgencyCode
from sim.factory import Order, Workshop, produce
from sim.plan import DEFAULT_MIX, PlannedDocument, Special, plan
from tests.unit.sim.conftest import TODAY
from tests.unit.sim.reading import verify_envelope

SMALL = replace(DEFAULT_MIX, sizes=(1, 0, 0))


@pytest.fixture
def documents(agencies: tuple[Agency, ...]) -> tuple[PlannedDocument, ...]:
    return plan(seed=2, documents=6, agencies=agencies, promulgated=TODAY, mix=SMALL)


def test_worker_processes_make_every_parcel_once(order: Order, documents: tuple[PlannedDocument, ...]) -> None:
    told: list[tuple[int, int]] = []
    parcels = list(produce(documents, order, progress=lambda done, total: told.append((done, total))))

    assert sorted(parcel.document.index for parcel in parcels) == list(range(6))
    assert len({parcel.sha256 for parcel in parcels}) == 6
    assert told == [(done, 6) for done in range(1, 7)]
    for parcel in parcels:
        verify_envelope(parcel.package, order.state / "trust" / "anchors.pem")


def test_a_worker_that_fails_is_heard_of(order: Order, documents: tuple[PlannedDocument, ...]) -> None:
    stranger = replace(documents[0], sender=AgencyCode("000.00.00.X99"))

    with pytest.raises(KeyError):
        list(produce([stranger], order, processes=1))


def test_the_cache_gives_the_same_bytes_again(order: Order, document: PlannedDocument, cache: Path) -> None:
    cached = replace(order, cache=cache)
    first, second = Workshop(cached).make(document), Workshop(cached).make(document)

    assert first == second
    assert len(list(cache.rglob("*.edxml"))) == 1


def test_the_cache_never_serves_another_document(order: Order, document: PlannedDocument, cache: Path) -> None:
    cached = replace(order, cache=cache)
    first = Workshop(cached).make(document)
    of_another_run = Workshop(replace(cached, nonce=43)).make(document)
    tampered = Workshop(cached).make(replace(document, special=Special.TAMPERED))

    assert len({first.package, of_another_run.package, tampered.package}) == 3


def test_make_writes_packages_and_a_manifest(
    monkeypatch: pytest.MonkeyPatch, agencies: tuple[Agency, ...], order: Order, tmp_path: Path
) -> None:
    monkeypatch.setattr(make_command, "load_agencies", lambda: agencies)
    arguments = ["make", "--out", str(tmp_path), "--count", "5", "--dir", str(order.state), "--specials"]
    result = CliRunner().invoke(__main__.app, arguments)

    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in (tmp_path / "manifest.jsonl").read_text("utf-8").splitlines()]
    assert len(lines) == 5
    assert {line["file"] for line in lines} == {path.name for path in tmp_path.glob("*.edxml")}
    assert {line["special"] for line in lines} == {
        None, "tampered", "sent_twice", "unknown_recipient", "silent_recipient",
    }  # fmt: skip


def test_authority_says_what_the_hub_is_to_trust(
    monkeypatch: pytest.MonkeyPatch, agencies: tuple[Agency, ...], order: Order
) -> None:
    monkeypatch.setattr(authority_command, "load_agencies", lambda: agencies)
    result = CliRunner().invoke(__main__.app, ["authority", "--dir", str(order.state)])

    assert result.exit_code == 0, result.output
    settings = dict(line.split("=", 1) for line in result.stdout.splitlines() if "=" in line)
    assert Path(settings["HUB_TRUST_FILE"]).is_file()
    assert Path(settings["HUB_CRL_DIR"]).is_dir()
