"""A part of a document as a document of its own, for libxml2 to write.

Below an element, lxml's inclusive form would write `xmlns=""` where the default namespace comes from above, and knows
no attributes of ancestors.
"""

from collections.abc import Mapping

from lxml import etree

from services.signature.dsig.nodes import Element, Tree


def apart(tree: Tree, taken_over: Mapping[str, str]) -> Tree:
    """The same in a document of its own, with attributes that its top takes over."""
    parser = etree.XMLParser(huge_tree=True, resolve_entities=False, no_network=True)
    source = tree.top.getroottree() if tree.document else tree.top
    top = etree.fromstring(etree.tostring(source, encoding="utf-8", with_tail=False), parser)
    for one in [_place(tree.top, node) for node in tree.without]:
        if one is not None:
            _cut(_at(top, one))
    for name, value in taken_over.items():
        top.set(name, value)
    return Tree(top=top, document=tree.document, comments=tree.comments)


def _place(top: Element, node: Element) -> list[int] | None:
    """Positions from `top` down to `node`; None when it is not below."""
    places: list[int] = []
    while node is not top:
        parent = node.getparent()
        if parent is None:
            return None
        places.append(parent.index(node))
        node = parent
    return places[::-1]


def _at(top: Element, places: list[int]) -> Element:
    for place in places:
        top = top[place]
    return top


def _cut(node: Element) -> None:
    """Empties the node's place; the text after it stays."""
    parent, before = node.getparent(), node.getprevious()
    if parent is None:
        return
    tail, node.tail = node.tail or "", None
    if before is not None:
        before.tail = (before.tail or "") + tail
    else:
        parent.text = (parent.text or "") + tail
    parent.remove(node)
