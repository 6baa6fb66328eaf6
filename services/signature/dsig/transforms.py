"""The transforms of a reference, one after the other (XMLDSig §6.6, XPath Filter 2.0). XSLT is never run."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.signature.dsig import canonical
from services.signature.dsig.expressions import Expression
from services.signature.dsig.nodes import (
    Chosen,
    Element,
    Nodes,
    Tree,
    chosen_from,
    difference,
    intersection,
    is_element,
    scope,
    union,
    walk,
)
from services.signature.dsig.reading import Document, read
from services.signature.dsig.refusal import Refused
from services.signature.reasons import Reason

DSIG = "http://www.w3.org/2000/09/xmldsig#"
ENVELOPED = f"{DSIG}enveloped-signature"
BASE64 = f"{DSIG}base64"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
FILTER_2 = "http://www.w3.org/2002/06/xmldsig-filter2"
XSLT = "http://www.w3.org/TR/1999/REC-xslt-19991116"
_KNOWN = frozenset({ENVELOPED, BASE64, XPATH, FILTER_2, *canonical.METHODS})
_INCLUSIVE = f"{{{canonical.EXCLUSIVE}}}InclusiveNamespaces"
_MOST = 16
_SETS = {"intersect": intersection, "subtract": difference, "union": union}


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """What a transform takes and gives: nodes of a document, or octets."""

    document: Document | None = None
    nodes: Nodes | None = None
    octets: bytes = b""
    source: Nodes | None = None
    """The nodes whose canonical form the octets are."""


def check(transforms: Sequence[Element]) -> None:
    """Before anything is evaluated: raises Refused for XSLT, then for what is unknown."""
    uris = [transform.get("Algorithm", "") for transform in transforms]
    if XSLT in uris or any(_is_stylesheet(node) for transform in transforms for node in transform.iter()):
        raise Refused(Reason.TRANSFORM_FORBIDDEN, "XSLT")
    if len(uris) > _MOST:
        raise Refused(Reason.LIMITS, "more transforms than there may be")
    unknown = next((uri for uri in uris if uri not in _KNOWN), None)
    if unknown is not None:
        raise Refused(Reason.UNSUPPORTED_TRANSFORM, unknown[:200])


def _is_stylesheet(node: Element) -> bool:
    return is_element(node) and str(node.tag).startswith("{http://www.w3.org/1999/XSL/Transform}")


def applied(data: Data, transforms: Sequence[Element], signature: Element) -> Data:
    """The data after all transforms. Raises Refused."""
    for transform in transforms:
        data = _one(data, transform, signature)
    return data


def digested(data: Data) -> Data:
    """What is digested: nodes are canonicalized by C14N 1.0 (XMLDSig §4.4.3.2)."""
    return data if data.nodes is None else _canonical(data, canonical.METHODS[canonical.C14N])


def _canonical(data: Data, form: canonical.Method) -> Data:
    if data.nodes is None or data.document is None:
        raise Refused(Reason.STRUCTURE, "no nodes")
    if data.document.relative:
        raise Refused(Reason.MALFORMED, "a relative namespace URI has no canonical form")
    return Data(document=data.document, octets=canonical.of(data.nodes, form), source=data.nodes)


def _one(data: Data, transform: Element, signature: Element) -> Data:
    uri = transform.get("Algorithm", "")
    if uri == BASE64:
        return Data(octets=_decoded(data))
    data = _as_nodes(data)
    if data.nodes is None or data.document is None:
        raise Refused(Reason.STRUCTURE, "no nodes")
    form = form_of(transform)
    if form is not None:
        return _canonical(data, form)
    if uri == ENVELOPED:
        return Data(document=data.document, nodes=_without(data.nodes, data.document, signature))
    filtered = _by_xpath if uri == XPATH else _by_filters
    return Data(document=data.document, nodes=filtered(data.nodes, data.document, transform))


def form_of(element: Element) -> canonical.Method | None:
    """The canonicalization that a Transform or CanonicalizationMethod names; None for something else."""
    prefixes = [
        prefix
        for child in element
        if is_element(child) and child.tag == _INCLUSIVE
        for prefix in child.get("PrefixList", "").split()
    ]
    return canonical.method(element.get("Algorithm", ""), tuple(prefixes))


def _as_nodes(data: Data) -> Data:
    if data.nodes is not None:
        return data
    document = read(data.octets)
    return Data(document=document, nodes=Tree(top=document.root, document=True))


def _decoded(data: Data) -> bytes:
    text = data.octets if data.nodes is None else _texts(data.nodes).encode()
    try:
        return base64.b64decode(b"".join(text.split()), validate=True)
    except (ValueError, binascii.Error) as error:
        raise Refused(Reason.MALFORMED, "what should be base64 is not") from error


def _texts(nodes: Nodes) -> str:
    """The text nodes, in document order (XMLDSig §6.6.2)."""
    chosen = chosen_from(nodes)
    return "".join(_text_parts(chosen, chosen.root))


def _text_parts(chosen: Chosen, node: Element) -> list[str]:
    parts = [node.text or ""] if (node, False) in chosen.texts else []
    for child in node:
        parts += _text_parts(chosen, child)
        if (child, True) in chosen.texts:
            parts.append(child.tail or "")
    return parts


def _without(nodes: Nodes, document: Document, signature: Element) -> Nodes:
    if document.root is not signature.getroottree().getroot():
        raise Refused(Reason.STRUCTURE, "the signature is not in what it is to be removed from")
    if isinstance(nodes, Tree):
        if signature is nodes.top or signature in nodes.top.iterancestors():
            return Chosen(root=document.root)
        return Tree(
            top=nodes.top, document=nodes.document, comments=nodes.comments, without=nodes.without | {signature}
        )
    return difference(nodes, chosen_from(Tree(top=signature)))


def _by_xpath(nodes: Nodes, document: Document, transform: Element) -> Nodes:
    (bearer,) = _bearers(transform, f"{{{DSIG}}}XPath", 1)
    expression = Expression(_content(bearer), scope(bearer), document, bearer)
    return intersection(chosen_from(nodes), expression.filtered(walk(nodes)))


def _by_filters(nodes: Nodes, document: Document, transform: Element) -> Nodes:
    kept = chosen_from(Tree(top=document.root, document=True))
    for bearer in _bearers(transform, f"{{{FILTER_2}}}XPath", 64):
        combine = _SETS.get(bearer.get("Filter", ""))
        if combine is None:
            raise Refused(Reason.STRUCTURE, "a filter that is none")
        selected = Expression(_content(bearer), scope(bearer), document, bearer).selected()
        kept = combine(kept, expanded(selected, document))
    return intersection(chosen_from(nodes), kept)


def _bearers(transform: Element, tag: str, most: int) -> list[Element]:
    found = list(transform)
    if not 1 <= len(found) <= most or any(not is_element(one) or one.tag != tag or len(one) for one in found):
        raise Refused(Reason.STRUCTURE, "not the XPath that the transform needs")
    return found


def _content(bearer: Element) -> str:
    return bearer.text or ""


def expanded(selected: Sequence[Any], document: Document) -> Chosen:
    """The nodes selected, each with all below it."""
    trees: list[Chosen] = []
    texts, attributes = set(), set()
    covered: set[Element] = set()
    for node in selected:
        if isinstance(node, tuple):
            raise Refused(Reason.UNSUPPORTED_TRANSFORM, "a filter that selects namespace nodes")
        if isinstance(node, str):
            bearer = node.getparent()  # type: ignore[attr-defined]
            if node.is_attribute:  # type: ignore[attr-defined]
                attributes.add((bearer, str(node.attrname)))  # type: ignore[attr-defined]
            else:
                texts.add((bearer, bool(node.is_tail)))  # type: ignore[attr-defined]
        elif node not in covered:
            tree = chosen_from(Tree(top=node))
            trees.append(tree)
            covered |= tree.nodes
    return Chosen(
        root=document.root,
        nodes=frozenset().union(*(tree.nodes for tree in trees)),
        texts=frozenset(texts).union(*(tree.texts for tree in trees)),
        attribute_nodes=frozenset(attributes).union(*(tree.attribute_nodes for tree in trees)),
        namespace_nodes=frozenset().union(*(tree.namespace_nodes for tree in trees)),
    )
