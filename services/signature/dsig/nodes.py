"""What a canonical form is made of: a document or subtree, or any set of its nodes (XPath 1.0 §5).

lxml knows no text, attribute or namespace nodes; they are named here by the element that bears them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from lxml import etree

Element = etree._Element  # noqa: SLF001 - lxml has no public name for it


def is_element(node: Element) -> bool:
    """Neither a comment nor a processing instruction."""
    return not isinstance(node, etree._Comment | etree._ProcessingInstruction | etree._Entity)  # noqa: SLF001 - no public names


def is_comment(node: Element) -> bool:
    """A comment."""
    return isinstance(node, etree._Comment)  # noqa: SLF001 - no public name


def scope(element: Element) -> dict[str, str]:
    """Prefixes in scope, the default one as the empty text; without `xml`, and without `xmlns=""`."""
    return {prefix or "": uri for prefix, uri in element.nsmap.items() if uri and prefix != "xml"}


def siblings_of_root(root: Element) -> list[Element]:
    """Comments and processing instructions beside the document's element, in document order."""
    before = list(root.itersiblings(preceding=True))
    return [*reversed(before), *root.itersiblings()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A document or the subtree below an element, but for some subtrees."""

    top: Element
    document: bool = False
    """With what stands beside the document's element."""
    comments: bool = True
    without: frozenset[Element] = frozenset()

    @property
    def start(self) -> Element:
        """Where a reader begins."""
        return self.top

    def has(self, node: Element) -> bool:
        """True for every node but comments that are left out."""
        return self.comments or not is_comment(node)

    def prunes(self, node: Element) -> bool:
        """True when nothing below this node is there."""
        return node in self.without

    def has_text(self, node: Element, *, tail: bool) -> bool:
        """True for the text in an element, or after a node."""
        return not tail or node is not self.top

    def attributes(self, element: Element) -> Iterable[str]:
        """Names of the attributes that are there."""
        return [str(name) for name in element.attrib]

    def namespaces(self, element: Element) -> dict[str, str]:
        """Namespace nodes that are there."""
        return scope(element)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Any set of a document's nodes."""

    root: Element
    nodes: frozenset[Element] = frozenset()
    texts: frozenset[tuple[Element, bool]] = frozenset()
    """True: the text after the node."""
    attribute_nodes: frozenset[tuple[Element, str]] = frozenset()
    namespace_nodes: frozenset[tuple[Element, str]] = frozenset()
    document: bool = field(default=True)

    @property
    def start(self) -> Element:
        """Where a reader begins."""
        return self.root

    def has(self, node: Element) -> bool:
        """True for a chosen element, comment or processing instruction."""
        return node in self.nodes

    def prunes(self, node: Element) -> bool:  # noqa: ARG002 - a chosen node may lie anywhere
        """Never: nodes below may be chosen."""
        return False

    def has_text(self, node: Element, *, tail: bool) -> bool:
        """True for a chosen text."""
        return (node, tail) in self.texts

    def attributes(self, element: Element) -> Iterable[str]:
        """Names of the attributes that are chosen."""
        return [str(name) for name in element.attrib if (element, str(name)) in self.attribute_nodes]

    def namespaces(self, element: Element) -> dict[str, str]:
        """Namespace nodes that are chosen."""
        return {prefix: uri for prefix, uri in scope(element).items() if (element, prefix) in self.namespace_nodes}


Nodes = Tree | Chosen


def walk(nodes: Nodes) -> Iterator[Element]:
    """Every element, comment and processing instruction that could be there, in document order."""
    start = nodes.start
    for node in [*siblings_of_root(start), start] if nodes.document else [start]:
        if node is start:
            yield from _below(nodes, start)
        elif nodes.has(node):
            yield node


def _below(nodes: Nodes, start: Element) -> Iterator[Element]:
    if not (isinstance(nodes, Tree) and nodes.without):
        yield from start.iter()
        return
    pending = [start]
    while pending:
        node = pending.pop()
        if not nodes.prunes(node):
            yield node
            pending += reversed(node)


def chosen_from(nodes: Nodes) -> Chosen:
    """The same nodes, each by itself."""
    if isinstance(nodes, Chosen):
        return nodes
    root = nodes.top.getroottree().getroot()
    met = [node for node in walk(nodes) if nodes.has(node)]
    every = list(walk(nodes))
    below = [node for node in every if is_element(node)]
    texts = {(node, False) for node in below if node.text}
    pruned = [node for node in nodes.without if node is not nodes.top]
    texts |= {(node, True) for node in (*every, *pruned) if node.tail and node is not nodes.top and _inside(node)}
    return Chosen(
        root=root,
        nodes=frozenset(met),
        texts=frozenset(texts),
        attribute_nodes=frozenset((node, str(name)) for node in below for name in node.attrib),
        namespace_nodes=frozenset((node, prefix) for node in below for prefix in scope(node)),
    )


def _inside(node: Element) -> bool:
    return node.getparent() is not None


def intersection(one: Chosen, other: Chosen) -> Chosen:
    """What is in both."""
    return Chosen(
        root=one.root,
        nodes=one.nodes & other.nodes,
        texts=one.texts & other.texts,
        attribute_nodes=one.attribute_nodes & other.attribute_nodes,
        namespace_nodes=one.namespace_nodes & other.namespace_nodes,
    )


def difference(one: Chosen, other: Chosen) -> Chosen:
    """What is in the first only."""
    return Chosen(
        root=one.root,
        nodes=one.nodes - other.nodes,
        texts=one.texts - other.texts,
        attribute_nodes=one.attribute_nodes - other.attribute_nodes,
        namespace_nodes=one.namespace_nodes - other.namespace_nodes,
    )


def union(one: Chosen, other: Chosen) -> Chosen:
    """What is in either."""
    return Chosen(
        root=one.root,
        nodes=one.nodes | other.nodes,
        texts=one.texts | other.texts,
        attribute_nodes=one.attribute_nodes | other.attribute_nodes,
        namespace_nodes=one.namespace_nodes | other.namespace_nodes,
    )
