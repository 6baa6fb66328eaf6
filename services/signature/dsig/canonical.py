"""Canonical XML 1.0 and 1.1 and exclusive canonicalization, of documents, subtrees and sets of nodes.

The names in the comments are those of the recommendations: L is the list of namespace nodes of an element E.
libxml2 writes whole documents and simple subtrees ten times faster; `of` asks it where a test holds the two equal.
"""

import re
from dataclasses import dataclass

from lxml import etree

from services.signature.dsig import inherited
from services.signature.dsig.apart import apart
from services.signature.dsig.nodes import Element, Nodes, Tree, is_comment, scope, siblings_of_root

C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
C14N_11 = "http://www.w3.org/2006/12/xml-c14n11"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
XML = "{http://www.w3.org/XML/1998/namespace}"
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_BARE_NAMESPACE = re.compile(rb"""xmlns(?::[^=<>\s]*)?=(?:'|"[^"]*[&<\t\n\r])""")
"""libxml2 writes some letters of a namespace's URI as they are: what it wrote is not even XML."""
_TEXT = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", ord("\r"): "&#xD;"}
_VALUE = {
    ord("&"): "&amp;",
    ord("<"): "&lt;",
    ord('"'): "&quot;",
    ord("\t"): "&#x9;",
    ord("\n"): "&#xA;",
    ord("\r"): "&#xD;",
}
_XML_SPECIAL = "http://www.w3.org/XML/1998/namespace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A canonicalization method; `prefixes` are those of InclusiveNamespaces, the default one as the empty text."""

    uri: str
    """One of the three, without comments."""
    comments: bool = False
    prefixes: frozenset[str] = frozenset()

    @property
    def exclusive(self) -> bool:
        """Only the namespaces in use."""
        return self.uri == EXCLUSIVE


METHODS = {
    C14N: Method(uri=C14N),
    f"{C14N}#WithComments": Method(uri=C14N, comments=True),
    C14N_11: Method(uri=C14N_11),
    f"{C14N_11}#WithComments": Method(uri=C14N_11, comments=True),
    EXCLUSIVE: Method(uri=EXCLUSIVE),
    f"{EXCLUSIVE}WithComments": Method(uri=EXCLUSIVE, comments=True),
}


def method(uri: str, prefixes: tuple[str, ...] = ()) -> Method | None:
    """The method with this URI; None for one that is unknown. Only exclusive ones look at `prefixes`."""
    known = METHODS.get(uri)
    if known is None or not known.exclusive or not prefixes:
        return known
    named = frozenset("" if prefix == "#default" else prefix for prefix in prefixes)
    return Method(uri=known.uri, comments=known.comments, prefixes=named)


def has_relative_namespace(root: Element) -> bool:
    """A document with one has no canonical form (C14N 1.0 §1.3)."""
    seen = {uri for node in root.iter(etree.Element) for uri in node.nsmap.values() if uri}
    return any(_SCHEME.match(uri) is None for uri in seen)


def of(nodes: Nodes, form: Method) -> bytes:
    """The canonical bytes."""
    if not isinstance(nodes, Tree) or "" in form.prefixes or has_document_type(nodes.top):
        return written(nodes, form)  # lxml drops the token for the default namespace
    tree = apart(nodes, _inherited(nodes, form)) if nodes.without or nodes.top.getparent() is not None else nodes
    octets = etree.tostring(
        tree.top.getroottree() if tree.document else tree.top,
        method="c14n",
        exclusive=form.exclusive,
        with_comments=form.comments and tree.comments,
        inclusive_ns_prefixes=sorted(form.prefixes) or None,
    )
    return octets if _BARE_NAMESPACE.search(octets) is None else written(nodes, form)


def _inherited(tree: Tree, form: Method) -> dict[str, str]:
    """Attributes of `xml` that the top of a subtree takes over."""
    values: dict[str, str] = {}
    if form.uri == C14N:
        inherited.into_1_0(tree.top, values)
    elif form.uri == C14N_11:
        inherited.into_1_1(tree.top, values, lambda _: False)
    return values


def has_document_type(top: Element) -> bool:
    """A document type may bring attributes and texts of its own kind: written by hand, to be sure."""
    return top.getroottree().docinfo.internalDTD is not None


def written(nodes: Nodes, form: Method) -> bytes:
    """The canonical bytes, by our own writer."""
    return _Writer(nodes, form).bytes()


class _Writer:
    """Writes nodes in document order; the stacks hold what the nearest output ancestor has."""

    def __init__(self, nodes: Nodes, form: Method) -> None:
        self._nodes = nodes
        self._form = form
        self._parts: list[str] = []
        self._axes: list[dict[str, str]] = [{}]  # namespace nodes of the nearest output ancestor
        self._rendered: list[dict[str, str]] = [{}]  # namespaces rendered, for exclusive forms

    def bytes(self) -> bytes:
        start = self._nodes.start
        if not self._nodes.document:
            self._tree(start)
            return "".join(self._parts).encode()
        before = True
        for node in _document(start):
            if node is start:
                self._tree(start)
                before = False
            elif self._shows(node):
                self._parts += (_markup(node), "\n") if before else ("\n", _markup(node))
        return "".join(self._parts).encode()

    def _shows(self, node: Element) -> bool:
        return self._nodes.has(node) and (self._form.comments or not is_comment(node))

    def _tree(self, start: Element) -> None:
        events = etree.iterwalk(start, events=("start", "end", "comment", "pi"))
        pruned = False
        for event, node in events:
            if event == "start":
                pruned = self._nodes.prunes(node)
                if pruned:
                    events.skip_subtree()
                else:
                    self._open(node)
                    self._text(node, node.text, tail=False)
            elif event == "end":
                if not pruned:
                    self._close(node)
                pruned = False
                self._text(node, node.tail, tail=True)
            else:
                if self._shows(node):
                    self._parts.append(_markup(node))
                self._text(node, node.tail, tail=True)

    def _text(self, node: Element, text: str | None, *, tail: bool) -> None:
        if text and self._nodes.has_text(node, tail=tail):
            self._parts.append(text.translate(_TEXT))

    def _open(self, element: Element) -> None:
        shown = self._nodes.has(element)
        axis = self._nodes.namespaces(element)
        values = {name: element.get(name, "") for name in self._nodes.attributes(element)}
        if shown and not self._form.exclusive:
            self._inherit(element, values)
        known = scope(element)
        attributes = [_attribute(element, name, value, known) for name, value in values.items()]
        namespaces = self._namespaces(element, axis, {prefix for *_, prefix, _ in attributes}, shown=shown)
        if shown:
            self._parts.append(f"<{_name(element)}")
        self._parts += [_declaration(prefix, uri) for prefix, uri in sorted(namespaces.items())]
        self._parts += [f' {name}="{value}"' for _, _, name, _, value in sorted(attributes)]
        if shown:
            self._parts.append(">")

    def _close(self, element: Element) -> None:
        if self._nodes.has(element):
            self._parts.append(f"</{_name(element)}>")
            self._axes.pop()
            self._rendered.pop()

    def _inherit(self, element: Element, values: dict[str, str]) -> None:
        parent = element.getparent()
        if parent is None or self._outputs(parent):
            return
        if self._form.uri == C14N:
            inherited.into_1_0(element, values)
        else:
            inherited.into_1_1(element, values, self._outputs)

    def _outputs(self, node: Element) -> bool:
        if isinstance(self._nodes, Tree):
            return node is self._nodes.top or self._nodes.top in node.iterancestors()
        return self._nodes.has(node)

    def _namespaces(self, element: Element, axis: dict[str, str], used: set[str], *, shown: bool) -> dict[str, str]:
        """The declarations to write for an element."""
        above = self._axes[-1]
        exclusive = self._form.exclusive
        listed = self._form.prefixes
        written = {
            prefix: uri
            for prefix, uri in axis.items()
            if (not exclusive or prefix in listed) and above.get(prefix) != uri
        }
        if not shown:
            return written
        if (not exclusive or "" in listed) and "" not in axis and above.get(""):
            written[""] = ""
        self._axes.append(axis)
        rendered = dict(self._rendered[-1])
        if exclusive:
            written |= _utilized({element.prefix or "", *used} - {"-", "xml"} - listed, axis, rendered)
        self._rendered.append(rendered)
        return written


def _utilized(prefixes: set[str], axis: dict[str, str], rendered: dict[str, str]) -> dict[str, str]:
    """Declarations for the prefixes that an element visibly utilizes (exclusive C14N §3); notes them in `rendered`."""
    written = {}
    for prefix in prefixes:
        uri = axis.get(prefix, "")
        if rendered.get(prefix, "") != uri and (uri or not prefix):
            written[prefix] = uri
        rendered[prefix] = uri
    return written


def _document(root: Element) -> list[Element]:
    around = siblings_of_root(root)
    before = sum(1 for _ in root.itersiblings(preceding=True))
    return [*around[:before], root, *around[before:]]


def _name(element: Element) -> str:
    local = etree.QName(element).localname
    return f"{element.prefix}:{local}" if element.prefix else local


def _attribute(element: Element, name: str, value: str, known: dict[str, str]) -> tuple[str, str, str, str, str]:
    """Namespace and local name (to sort by), the name as written, its prefix (`-`: none), the value as written."""
    escaped = value.translate(_VALUE)
    if not name.startswith("{"):
        return "", name, name, "-", escaped
    uri, local = name[1:].rsplit("}", 1)
    if uri == _XML_SPECIAL:
        return uri, local, f"xml:{local}", "xml", escaped
    prefixes = [prefix for prefix, bound in known.items() if bound == uri and prefix]
    prefix = prefixes[0] if len(prefixes) == 1 else _prefix(element, uri, local)
    return uri, local, f"{prefix}:{local}", prefix, escaped


def _prefix(element: Element, uri: str, local: str) -> str:
    """The prefix as the document writes it, where several stand for one namespace."""
    found = element.xpath("name(@*[namespace-uri() = $uri and local-name() = $local])", uri=uri, local=local)
    return str(found).split(":", 1)[0]


def _declaration(prefix: str, uri: str) -> str:
    escaped = uri.translate(_VALUE)
    return f' xmlns:{prefix}="{escaped}"' if prefix else f' xmlns="{escaped}"'


def _markup(node: Element) -> str:
    text = (node.text or "").replace("\r", "&#xD;")
    if is_comment(node):
        return f"<!--{text}-->"
    target = str(getattr(node, "target", ""))
    return f"<?{target} {text}?>" if text else f"<?{target}?>"
