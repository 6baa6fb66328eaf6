"""Names, prefixes and namespaces: the XML library never forgets one, and receivers' parsers want them declared."""

import pytest

from hub.model.reasons import Code
from hub.wire import edxml_tree
from hub.wire.edxml import Unreadable
from tests.fakes.packages import Letter
from tests.unit.wire.test_edxml_reader import codes, document, memory, unreadable


def inventive(first: int, count: int, length: int = 150) -> bytes:
    """A package that declares prefixes nobody has seen before."""
    declared = "".join(f'<x xmlns:p{first + n}{"q" * length}="urn:x"/>' for n in range(count))
    return Letter(extra=f'<y:Extra xmlns:y="urn:y">{declared}</y:Extra>').bytes()


@pytest.fixture
def met(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names this process has met: none, and gone after the test."""
    names: set[str] = set()
    monkeypatch.setattr(edxml_tree, "_MET", names)
    return names


@pytest.mark.usefixtures("met")
@pytest.mark.parametrize(
    "extra",
    [
        "".join(f'<x xmlns:p{n}="urn:x"/>' for n in range(500)),
        "".join(f'<x xmlns:p="urn:x{n}"/>' for n in range(500)),
        "".join(f"<?p{n} x?>" for n in range(500)),
        f'<x xmlns:{"p" * 201}="urn:x"/>',
    ],
    ids=["prefixes", "namespaces", "instructions", "a long prefix"],
)
def test_invented_names_are_limited_in_a_file(extra: str) -> None:
    data = Letter(extra=f'<y:Extra xmlns:y="urn:y">{extra}</y:Extra>').bytes()
    assert unreadable(data).refusal.code == Code.XML_LIMITS


def test_invented_names_are_limited_in_a_process_and_others_still_pass(
    met: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    document(Letter().bytes())
    monkeypatch.setattr(edxml_tree, "MOST_NAMES_MET", len(met) + 250)
    document(inventive(0, 200))
    assert unreadable(inventive(200, 200)).refusal.code == Code.XML_LIMITS
    assert codes(document(Letter().bytes())) == []


@pytest.mark.usefixtures("met")
def test_memory_stays_flat_whatever_is_invented() -> None:
    before, refused = memory(), 0
    for number in range(300):
        try:
            document(inventive(number * 300, 300))
        except Unreadable:
            refused += 1
    assert refused > 200
    assert memory() - before < 12 * 1024 * 1024  # 28 MB without the limit


@pytest.mark.usefixtures("met")
@pytest.mark.parametrize("old", ["<edXML:Subject>", "<edXML:From>"])
def test_a_prefix_that_is_not_declared_is_refused(old: str) -> None:
    text = Letter().xml()
    assert old in text
    data = text.replace(old, f'{old[:-1]} q:z="1">', 1).encode()
    assert unreadable(data).refusal.code == Code.NOT_WELL_FORMED
