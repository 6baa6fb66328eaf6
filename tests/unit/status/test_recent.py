"""Large lives at hand: bounded, and a version is given for the very life that is kept, never for another."""

from hub.model.ids import HubId
from services.status.adapters_recent import Recent
from services.status.life import Life
from services.status.lifecycle import follow, grown
from services.status.versions import version_of
from tests.fakes.lives import Document


def large(number: int, lines: int = 30) -> tuple[Life, Document]:
    document = Document(number, "A", [f"B{line}" for line in range(lines)])
    return grown(Life(hub_id=document.hub_id), [document.received()]), document


def kept(recent: Recent, *lives: Life) -> list[HubId]:
    return list(recent.of([life.hub_id for life in lives]))


def test_small_lives_and_too_large_ones_are_not_kept() -> None:
    recent = Recent(most_lines=100)
    small, big, huge = (large(number, lines)[0] for number, lines in ((1, 3), (2, 30), (3, 101)))
    for life in (small, big, huge):
        recent.put(life, version_of(life))
    assert kept(recent, small, big, huge) == [big.hub_id]


def test_the_one_put_longest_ago_makes_room() -> None:
    recent = Recent(most_lines=100)
    lives = [large(number)[0] for number in range(4)]
    for life in (*lives[:3], lives[0], lives[3]):
        recent.put(life, version_of(life))
    assert kept(recent, *lives) == [lives[0].hub_id, lives[2].hub_id, lives[3].hub_id]


def test_the_version_of_another_life_of_the_document_is_its_own() -> None:
    recent = Recent()
    life, document = large(1)
    recent.put(life, version_of(life))
    after = follow(life, document.checked())
    assert recent.version(life) == version_of(life)
    assert recent.version(after) == version_of(after)
