"""Which elements a verified reference covers, and whether the one that the caller reads is among them."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lxml import etree

from services.signature.dsig.nodes import Chosen, Element, Nodes, is_element
from services.signature.dsig.refusal import Refused
from services.signature.reasons import Reason
from services.signature.verification import CoveredPart

_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
_STEP = re.compile(r"(?:[^/:\[\]]+:)?([^/:\[\]]+)(?:\[(\d{1,6})\])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """An element covered with all in it but what is excluded: signatures."""

    top: Element
    excluded: frozenset[Element]
    sha256: str

    def covers(self, element: Element) -> bool:
        """True when all of `element` is covered."""
        around = {element, *element.iterancestors()}
        return self.top in around and not around & self.excluded

    @property
    def part(self) -> CoveredPart:
        """As the answer shows it."""
        return CoveredPart(path=path_of(self.top), sha256=self.sha256)


def local_name(element: Element) -> str:
    """Name without namespace."""
    return etree.QName(element).localname


def path_of(element: Element) -> str:
    """Local names with positions among siblings of the same local name."""
    steps = []
    for node in (element, *element.iterancestors()):
        same = [one for one in node.itersiblings(preceding=True) if is_element(one)]
        position = 1 + sum(1 for one in same if local_name(one) == local_name(node))
        steps.append(f"/{local_name(node)}[{position}]")
    return "".join(reversed(steps))


def covers_of(nodes: Nodes, octets: bytes) -> list[Cover]:
    """The topmost elements that are there in full."""
    sha256 = hashlib.sha256(octets).hexdigest()
    if not isinstance(nodes, Chosen):
        if not is_element(nodes.top):
            return []
        return [Cover(top=nodes.top, excluded=nodes.without, sha256=sha256)]
    whole, excluded = _whole(nodes)
    tops = [node for node in whole if (parent := node.getparent()) is None or parent not in whole]
    return [Cover(top=top, excluded=excluded, sha256=sha256) for top in tops]


def _whole(chosen: Chosen) -> tuple[dict[Element, None], frozenset[Element]]:
    """Elements chosen with all in them, in document order; and signatures that are left out."""
    elements = [node for node in chosen.root.iter() if is_element(node)]
    excluded = frozenset(node for node in elements if node.tag == _SIGNATURE and node not in chosen.nodes)
    whole: dict[Element, None] = {}
    for node in reversed(elements):  # children come before their parents
        if node not in excluded and _is_whole(node, chosen, whole, excluded):
            whole[node] = None
    return dict(reversed(whole.items())), excluded


def _is_whole(node: Element, chosen: Chosen, whole: dict[Element, None], excluded: frozenset[Element]) -> bool:
    if node not in chosen.nodes or (node.text and (node, False) not in chosen.texts):
        return False
    if any((node, str(name)) not in chosen.attribute_nodes for name in node.attrib):
        return False
    return all(
        (not is_element(child) or child in whole or child in excluded)
        and (not child.tail or (child, True) in chosen.texts)
        for child in node
    )


def consumed(root: Element, path: str) -> Element:
    """The one element at a path. Raises Refused: NOT_COVERED for none, WRAPPING for several."""
    names = path.strip().strip("/").split("/")
    if not path.strip().startswith("/"):
        found = [node for node in root.iter(etree.Element) if local_name(node) == _step(names[0])[0]]
        names = names[1:]
    else:
        found = [root] if names == [""] or _step(names[0])[0] == local_name(root) else []
        names = names[1:]
    for name in names:
        wanted, position = _step(name)
        found = [one for parent in found for one in _children(parent, wanted, position)]
    if len(found) != 1:
        raise Refused(Reason.WRAPPING if found else Reason.NOT_COVERED, f"{len(found)} elements at {path[:200]}")
    return found[0]


def _step(name: str) -> tuple[str, int | None]:
    found = _STEP.fullmatch(name)
    return ("", None) if found is None else (found[1], int(found[2]) if found[2] else None)


def _children(parent: Element, name: str, position: int | None) -> Sequence[Element]:
    found = [child for child in parent if is_element(child) and local_name(child) == name]
    return found if position is None else found[position - 1 : position] if position else []


def check(root: Element, path: str, covers: Iterable[Cover]) -> None:
    """Raises Refused when no cover covers what is consumed."""
    element = consumed(root, path)
    known = list(covers)
    if any(cover.covers(element) for cover in known):
        return
    name = local_name(element)
    namesakes = [node for node in root.iter(etree.Element) if local_name(node) == name and node is not element]
    elsewhere = any(cover.covers(node) for cover in known for node in namesakes)
    if elsewhere or any(local_name(cover.top) == name for cover in known):
        raise Refused(Reason.WRAPPING, f"another {name[:80]} is signed than the one at {path[:200]}")
    raise Refused(Reason.NOT_COVERED, f"no signature covers {path[:200]}")
