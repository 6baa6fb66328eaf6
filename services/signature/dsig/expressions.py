"""XPath 1.0 over a document, with here() and id() of XML signatures, within bounds.

libxml2 cannot be stopped while it evaluates, so what could take long is refused before: the number of axes that reach
over the whole document, one within another, is the power to which its nodes are visited.
"""

import re
from collections.abc import Iterable
from typing import Any

from lxml import etree

from services.signature.dsig.nodes import Chosen, Element, is_element, scope
from services.signature.dsig.reading import Document
from services.signature.dsig.refusal import Refused
from services.signature.reasons import Reason

_LONGEST = 4096
_MOST_STEPS = 60_000_000
_TOKEN = re.compile(
    r""""[^"]*"|'[^']*'|//|descendant(?:-or-self)?::|following(?:-sibling)?::|preceding(?:-sibling)?::|"""
    r"""ancestor(?:-or-self)?::|(?<![\w*\]).\-])/(?![\w/@*.])|\[|\]|\(|\)|\||,|(?<![\w.\-:$@/])(?:and|or)(?![\w.\-:(])"""
)
_PARTS = r"(?://\.|//@\*|//namespace::\*)"
_EVERY_NODE = re.compile(
    rf"\(\s*(?={_PARTS}\s*\|\s*{_PARTS}\s*\|\s*{_PARTS}\s*\))(?=[^)]*//\.)(?=[^)]*//@)(?=[^)]*//n)[^)]*\)"
    r"\s*(?:\[([^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)*)\])?\s*",
    re.DOTALL,
)
_PIECE = re.compile(r""""[^"]*"|'[^']*'|[\[\]()|]|[^\[\]()|"']+|["']""")
_RELATIVE = re.compile(
    r"\s*(?:@|\*|\.(?!\d)|[^\W\d][\w.\-]*::|(?:node|text|comment|processing-instruction)\s*\(|"
    r"[^\W\d][\w.\-]*(?::(?!:)(?:\*|[^\W\d][\w.\-]*))?\s*(?:[/\[]|$))"
)
_IDENTIFIER_CALL = re.compile(r""""[^"]*"|'[^']*'|(?<![\w.\-:$@])id(?=\s*\()""")
_WIDE = ("/", "desc", "foll", "prec")
_OWN_ID = "hub-id"


class Expression:
    """An expression of a document, with the element that bears it."""

    def __init__(self, text: str, namespaces: dict[str, str], document: Document, here: Element | None) -> None:
        """Raises Refused when it is no XPath 1.0, or could take long."""
        self._namespaces = {prefix: uri for prefix, uri in namespaces.items() if prefix}
        self._document = document
        self._here = here
        self._text = _IDENTIFIER_CALL.sub(lambda found: _OWN_ID if found[0] == "id" else found[0], text.strip())
        self._nodes = int(float(str(document.root.xpath("count(//node() | //@*)")))) + 1
        if len(text) > _LONGEST:
            raise Refused(Reason.LIMITS, "an XPath expression longer than it may be")
        self._compiled(self._text)

    def selected(self) -> list[Any]:
        """What it selects, seen from the document. Raises Refused."""
        self._check(1)
        text = from_document(self._text)
        if self._value(f"boolean(({text})[not(..)])"):
            return [*self._value("//node()[not(parent::*)]"), self._document.root]
        found = self._value(text)
        if not isinstance(found, list):
            raise Refused(Reason.STRUCTURE, "an XPath expression that selects no nodes")
        return found

    def node_set(self) -> Chosen:
        """What it selects, as a set of nodes: nothing below comes along. Raises Refused."""
        every = _EVERY_NODE.fullmatch(self._text)
        if every is not None:
            return self._inner(every[1] or "true()").filtered(self._document.root.iter())
        self._check(1)
        found = self._value(from_document(self._text))
        if not isinstance(found, list):
            raise Refused(Reason.STRUCTURE, "an XPath expression that selects no nodes")
        namespaces = self._selected_namespaces() if "namespace" in self._text else frozenset()
        return _chosen(self._document.root, (one for one in found if not isinstance(one, tuple)), namespaces)

    def _inner(self, text: str) -> "Expression":
        return Expression(text, self._namespaces, self._document, self._here)

    def _selected_namespaces(self) -> frozenset[tuple[Element, str]]:
        """Lxml does not say whose a namespace node is: asked element by element."""
        elements = [node for node in self._document.root.iter() if is_element(node) and scope(node)]
        self._check(len(elements))
        mine = "$element/namespace::*"
        compiled = self._compiled(f"({from_document(self._text)})[count(. | {mine}) = count({mine})]")
        found = set()
        for element in elements:
            try:
                nodes: Any = compiled(self._document.root, element=[element])
            except etree.XPathError as error:
                raise Refused(Reason.STRUCTURE, f"XPath: {error}"[:200]) from error
            found |= {(element, node[0] or "") for node in nodes if isinstance(node, tuple)}
        return frozenset(found)

    def filtered(self, elements: Iterable[Element]) -> Chosen:
        """Every node of the document for which it is true (XMLDSig §6.6.3); namespace nodes of `elements` only."""
        self._check(self._nodes)
        found = self._value(f"(//. | //@*)[boolean({self._text})]")
        return _chosen(self._document.root, found, self._namespace_nodes(elements))

    def _namespace_nodes(self, elements: Iterable[Element]) -> frozenset[tuple[Element, str]]:
        compiled = self._compiled(f"namespace::*[boolean({self._text})]")
        found = set()
        for element in elements:
            if is_element(element) and scope(element):
                found |= {(element, prefix or "") for prefix, _ in self._evaluated(compiled, element)}
        return frozenset(found)

    def _check(self, times: int) -> None:
        wide, upward = _powers(self._text)
        depth = _depth(self._document.root) if upward > 1 else 1
        if times * self._nodes**wide * depth ** max(upward - 1, 0) > _MOST_STEPS:
            raise Refused(Reason.LIMITS, "an XPath expression that could take long")

    def _compiled(self, text: str) -> etree.XPath:
        extensions = {(None, "here"): self._said_here, (None, _OWN_ID): self._identified}
        try:
            return etree.XPath(text, namespaces=self._namespaces, extensions=extensions, regexp=False)
        except (etree.XPathError, ValueError, TypeError) as error:
            raise Refused(Reason.STRUCTURE, f"not an XPath expression: {error}"[:200]) from error

    def _value(self, text: str) -> Any:
        return self._evaluated(self._compiled(text), self._document.root)

    def _evaluated(self, compiled: etree.XPath, element: Element) -> Any:
        try:
            return compiled(element)
        except (etree.XPathError, ValueError, TypeError) as error:
            raise Refused(Reason.STRUCTURE, f"XPath: {error}"[:200]) from error

    def _said_here(self, _context: object) -> list[Element]:
        if self._here is None or self._here.getroottree().getroot() is not self._document.root:
            raise ValueError("here() is in another document")
        return [self._here]

    def _identified(self, _context: object, named: Any) -> list[Element]:
        texts = [_string(one) for one in named] if isinstance(named, list) else [str(named)]
        names = [name for text in texts for name in text.split()]
        return [node for name in names for node in self._document.bearers.get(name, ())[:1]]


def _chosen(root: Element, found: Iterable[Any], namespaces: frozenset[tuple[Element, str]]) -> Chosen:
    nodes, texts, attributes = set(), set(), set()
    for one in found:
        if not isinstance(one, str):
            nodes.add(one)
        elif one.is_attribute:  # type: ignore[attr-defined]
            attributes.add((one.getparent(), str(one.attrname)))  # type: ignore[attr-defined]
        else:
            texts.add((one.getparent(), bool(one.is_tail)))  # type: ignore[attr-defined]
    return Chosen(
        root=root,
        nodes=frozenset(nodes),
        texts=frozenset(texts),
        attribute_nodes=frozenset(attributes),
        namespace_nodes=namespaces,
    )


def _string(node: Any) -> str:
    return node if isinstance(node, str) else str(node.xpath("string()"))


def from_document(text: str) -> str:
    """The expression as seen from the document: lxml would begin relative paths at the document's element."""
    parts, depth = [""], 0
    for piece in _PIECE.findall(text):
        depth += {"[": 1, "(": 1, "]": -1, ")": -1}.get(piece, 0)
        if piece == "|" and depth == 0:
            parts.append("")
        else:
            parts[-1] += piece
    return " | ".join(f"/{part.strip()}" if _RELATIVE.match(part) else part.strip() for part in parts)


def _depth(root: Element) -> int:
    depth = deepest = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        deepest = max(deepest, depth)
    return deepest


def _powers(text: str) -> tuple[int, int]:
    """How many axes over the whole document, and how many over ancestors, stand within one another, at most."""
    levels, most = [(0, 0)], (0, 0)
    for mark in _TOKEN.findall(text):
        wide, upward = levels[-1]
        if mark.startswith(_WIDE):
            levels[-1] = (wide + 1, upward)
        elif mark.startswith("anc"):
            levels[-1] = (wide, upward + 1)
        elif mark in ("[", "("):
            levels.append((0, 0))
        elif mark in ("]", ")"):
            inner = levels.pop() if len(levels) > 1 else (0, 0)
            if mark == ")":  # what a path goes on from, or the value of a function
                levels[-1] = (max(levels[-1][0], inner[0]), max(levels[-1][1], inner[1]))
        elif mark in ("|", ",", "and", "or"):
            levels[-1] = (0, 0)
        most = (max(most[0], sum(one[0] for one in levels)), max(most[1], sum(one[1] for one in levels)))
    return most
