"""Reads XML for the recommendation's profile: document types with an internal subset only, within limits.

No file is opened and no socket: what a document type names outside the document is empty, and a reference to an entity
outside the document is EXTERNAL_REFERENCE.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from lxml import etree

from services.signature.dsig.canonical import has_relative_namespace
from services.signature.dsig.nodes import Element
from services.signature.dsig.refusal import Refused
from services.signature.reasons import Reason

XML_ID = "{http://www.w3.org/XML/1998/namespace}id"
WSU_ID = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd}Id"
USUAL_IDS = ("Id", "ID", "id", WSU_ID)
_SAML_1_IDS = ("AssertionID", "ResponseID", "RequestID")
_SAML_1 = ("{urn:oasis:names:tc:SAML:1.0:assertion}", "{urn:oasis:names:tc:SAML:1.0:protocol}")
_MOST_BYTES = 128 * 1024 * 1024
_HUGE_BYTES = 9_000_000  # libxml2 takes no longer text without huge_tree
_MOST_SUBSET = 64 * 1024
_DEEPEST = 256
_MOST_ATTRIBUTES = 1000
_MOST_NAMESPACES = 500
_ENCODING = re.compile(rb"""(?:\xef\xbb\xbf)?<\?xml[^>]*?\sencoding\s*=\s*["']([^"'>]*)["']""")
_LIKE_ASCII = re.compile(rb"utf-?8|(?:us-)?ascii|iso-8859-\d{1,2}|latin-?\d|windows-125\d", re.IGNORECASE)
_DOCTYPE = re.compile(r"<!DOCTYPE[^\[>]*")
_EXTERNAL_ENTITY = re.compile(r"""<!ENTITY\s+([^\s%]+)\s+(?:SYSTEM|PUBLIC\s+(?:"[^"]*"|'[^']*'))\s*("[^"]*"|'[^']*')""")
_PLAIN_NAME = re.compile(r"[^\W\d][\w.\-]*")
_RELATIVE_DECLARATION = re.compile(
    rb"""xmlns[^=<>]{0,300}=\s*(?:"(?!http://|https://|urn:|")|'(?!http://|https://|urn:|'))"""
)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_AFTER_A_NAME = (b"=", b" ", b"\t", b"\r", b"\n")
_QUOTED = re.compile(r""""[^"]*"|'[^']*'""")
_ATTRIBUTE_LIST = re.compile(r"<!ATTLIST\s+([^\s>]+)\s+([^>]*)>")
_OF_TYPE_ID = re.compile(r"(?:^|\s)([^\s]+)\s+ID(?=\s)")
_LIMIT_WORDS = ("depth", "huge", "too long", "entity loop", "amplification", "resource", "too deep", "too many")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """An XML document and who bears which identifier."""

    root: Element
    content: bytes
    relative: bool = False
    """It has a relative namespace URI, so no canonical form (C14N 1.0 §1.3)."""
    bearers: Mapping[str, tuple[Element, ...]] = field(default_factory=dict)

    def bearer(self, identifier: str) -> Element:
        """The one element with this identifier. Raises Refused."""
        found = self.bearers.get(identifier, ())
        if len(found) > 1:
            raise Refused(Reason.WRAPPING, f"{len(found)} elements have the identifier {identifier[:80]}")
        if not found:
            raise Refused(Reason.NOT_COVERED, f"no element has the identifier {identifier[:80]}")
        return found[0]


class _Given(etree.Resolver):
    """Gives what stands for addresses outside, and nothing for all others."""

    def __init__(self, external: Mapping[str, bytes]) -> None:
        super().__init__()
        self._external = external

    def resolve(self, system_url: str, public_id: str, context: Any) -> Any:  # type: ignore[override] # noqa: ARG002 - lxml's stubs know no context
        resolve_string: Any = self.resolve_string
        return resolve_string(self._external.get(system_url, b""), context)


_NOTHING: Mapping[str, bytes] = {}


def read(content: bytes, id_attributes: tuple[str, ...] = (), external: Mapping[str, bytes] = _NOTHING) -> Document:
    """`external` stands for entities outside the document. Raises Refused: MALFORMED, LIMITS or EXTERNAL_REFERENCE."""
    if len(content) > _MOST_BYTES:
        raise Refused(Reason.LIMITS, "longer than a document may be")
    text = _scanned(content)
    typed = "<!DOCTYPE" in text
    if typed:
        _check_subset(text, external)
    root = _parsed(content, external, typed=typed)
    if root.getroottree().docinfo.xml_version != "1.0":
        raise Refused(Reason.MALFORMED, "not XML 1.0")
    if not typed and root.getroottree().docinfo.internalDTD is not None:
        raise Refused(Reason.MALFORMED, "a document type that cannot be looked at")
    _check_limits(root, content)
    return Document(
        root=root,
        content=content,
        relative=_is_relative(root, content),
        bearers=_bearers(root, content, id_attributes, text),
    )


def _is_relative(root: Element, content: bytes) -> bool:
    """A look at the bytes spares most documents a walk through all elements."""
    plain = b"\x00" not in content[:4] and not content.startswith((b"\xff\xfe", b"\xfe\xff")) and b"<!" not in content
    if plain and _RELATIVE_DECLARATION.search(content) is None:
        return False
    return has_relative_namespace(root)


def _scanned(content: bytes) -> str:
    """The text of a document that may have a document type, to look at; empty when the bytes show that it has none."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    if b"\x00" in content[:4]:
        return content.decode("utf-16-le" if content[1:2] == b"\x00" else "utf-16-be", "replace")
    named = _ENCODING.match(content)
    if named is not None and _LIKE_ASCII.fullmatch(named[1]) is None:
        raise Refused(Reason.MALFORMED, "an encoding that is not read here")
    return content.decode("latin-1") if b"<!DOCTYPE" in content else ""


def _check_subset(text: str, external: Mapping[str, bytes]) -> None:
    start = _DOCTYPE.search(text)
    if start is None:
        return
    end = text.find("]", start.end())
    if text[start.end() : start.end() + 1] == "[":
        closing = re.compile(r"\]\s*>").search(text, start.end())
        end = closing.start() if closing else len(text)
        subset = text[start.end() : end]
        if len(subset) > _MOST_SUBSET:
            raise Refused(Reason.LIMITS, "the document type is longer than it may be")
        for name, system in _EXTERNAL_ENTITY.findall(subset):
            if f"&{name};" in text and system[1:-1] not in external:
                raise Refused(Reason.EXTERNAL_REFERENCE, f"entity {name[:40]} is outside the document")


def _parsed(content: bytes, external: Mapping[str, bytes], *, typed: bool) -> Element:
    parser = etree.XMLParser(
        resolve_entities=typed,
        attribute_defaults=typed,
        no_network=True,
        load_dtd=False,
        huge_tree=not typed and len(content) > _HUGE_BYTES,
        strip_cdata=True,
    )
    parser.resolvers.add(_Given(external))
    try:
        return etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        said = str(error)
        limit = any(word in said.lower() for word in _LIMIT_WORDS)
        raise Refused(Reason.LIMITS if limit else Reason.MALFORMED, said[:200]) from error
    except (ValueError, LookupError, AssertionError) as error:
        raise Refused(Reason.MALFORMED, "not well-formed") from error


def _check_limits(root: Element, content: bytes) -> None:
    if len(content) > _HUGE_BYTES and _too_deep(root):
        raise Refused(Reason.LIMITS, "nested too deep")
    if root.xpath(f"boolean(//*[count(@*) > {_MOST_ATTRIBUTES}])"):
        raise Refused(Reason.LIMITS, "too many attributes")
    if content.count(b"xmlns") > _MOST_NAMESPACES and any(
        len(node.nsmap) > _MOST_NAMESPACES for node in root.iter(etree.Element)
    ):
        raise Refused(Reason.LIMITS, "too many namespaces")


def _too_deep(root: Element) -> bool:
    depth = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > _DEEPEST:
            return True
    return False


def _bearers(
    root: Element, content: bytes, id_attributes: tuple[str, ...], text: str
) -> dict[str, tuple[Element, ...]]:
    names = tuple(sorted({*(id_attributes or (*USUAL_IDS, *_SAML_1_IDS)), XML_ID}))
    declared = _declared(root, text) if root.getroottree().docinfo.internalDTD is not None else set()
    found: dict[str, dict[Element, None]] = {}
    bearing: Any = _bearing(names if text else _written_in(content, names))(root)
    for node in root.iter(etree.Element) if declared else bearing:
        for name, value in node.attrib.items():
            if (node.tag, name) in declared or (name in names and (id_attributes or _is_usual(node, name))):
                found.setdefault(str(value), {})[node] = None
    return {identifier: tuple(nodes) for identifier, nodes in found.items()}


def _written_in(content: bytes, names: tuple[str, ...]) -> tuple[str, ...]:
    """The names that some attribute may have: few documents have many, and each costs a look at every element."""
    followed = [(name, name.rpartition("}")[2].encode()) for name in names]
    return tuple(name for name, local in followed if any(local + end in content for end in _AFTER_A_NAME))


@lru_cache(maxsize=64)
def _bearing(names: tuple[str, ...]) -> etree.XPath:
    """Finds elements with an attribute of one of these names."""
    tests, namespaces = [], {}
    for number, name in enumerate(names):
        uri, _, local = name.removeprefix("{").rpartition("}")
        if _PLAIN_NAME.fullmatch(local) is None:
            continue
        if uri:
            namespaces[f"n{number}"] = uri
        tests.append(f"@n{number}:{local}" if uri else f"@{local}")
    return etree.XPath(f"//*[{' or '.join(tests) or 'false()'}]", namespaces=namespaces or None, regexp=False)


def _is_usual(node: Element, name: object) -> bool:
    return name not in _SAML_1_IDS or str(node.tag).startswith(_SAML_1)


def _declared(root: Element, text: str) -> set[tuple[str, str]]:
    """Elements and their attributes that the document type calls identifiers."""
    pairs = {
        (element, attribute)
        for element, listed in _ATTRIBUTE_LIST.findall(_QUOTED.sub('""', _COMMENT.sub("", text)))
        for attribute in _OF_TYPE_ID.findall(listed)
    }
    dtd: Any = root.getroottree().docinfo.internalDTD
    pairs |= {
        (_qualified(element.prefix, element.name), _qualified(attribute.prefix, attribute.name))
        for element in dtd.iterelements()
        for attribute in element.iterattributes()
        if attribute.type == "id"
    }
    return {
        (str(node.tag), str(name))
        for node in root.iter(etree.Element)
        for name in node.attrib
        if (_qualified(node.prefix, etree.QName(node).localname), _written(node, str(name))) in pairs
    }


def _qualified(prefix: str | None, name: str) -> str:
    return f"{prefix}:{name}" if prefix else name


def _written(node: Element, name: str) -> str:
    """An attribute's name with its prefix."""
    if not name.startswith("{"):
        return name
    uri, local = name[1:].rsplit("}", 1)
    prefix = next((prefix for prefix, bound in node.nsmap.items() if bound == uri and prefix), None)
    return _qualified(prefix, local)
