"""Facts of the envelope's signature, in the production profile: found by position, one SignedInfo, one reference.

Nothing is evaluated that the allow-lists do not name: a forbidden transform or algorithm is a fact, never run.
Who verifies gets the canonical bytes that were signed, and everything else is read from those.
"""

import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from lxml import etree

from services.signature import algorithms, certificates
from services.signature.dsig import canonical, shape
from services.signature.dsig.nodes import Tree
from services.signature.facts import ChainFacts, Permission, Place, Reference, SignatureFacts

Element = etree._Element  # noqa: SLF001 - lxml has no public name for it

_DSIG = "{http://www.w3.org/2000/09/xmldsig#}"
_ENVELOPE_PATH = ("edXMLEnvelope", "edXMLHeader")
_FORMS = ("Signature", "DigitalSignature")
_SIGNATURE_FORMS = (["SignedInfo", "SignatureValue"], ["SignedInfo", "SignatureValue", "KeyInfo"])
_REFERENCE_FORMS = (["DigestMethod", "DigestValue"], ["Transforms", "DigestMethod", "DigestValue"])
_ID_ATTRIBUTES = ("Id", "ID", "id")
_INCLUSIVE_NAMESPACES = f"{{{algorithms.EXCLUSIVE_C14N}}}InclusiveNamespaces"
_MOST_CERTIFICATES = 8
_MARKUP_FORBIDDEN = ("MessageHeader", "TraceHeaderList")


class Judging(Protocol):
    """Says what a certificate is worth."""

    def judge(self, certificate: bytes, others: Sequence[bytes], moment: datetime, /) -> ChainFacts:
        """Facts of its way to an anchor."""


class Oddity(Exception):  # noqa: N818 - a finding about the document, not an error of ours
    """The document departs from the structure that the profile demands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Canonicalization:
    """A canonicalization method with its InclusiveNamespaces prefixes."""

    method: str = algorithms.C14N
    prefixes: tuple[str, ...] = ()

    def of(self, node: "Element | etree._ElementTree") -> bytes:
        """The canonical bytes of a node, without comments. Raises C14NError for a relative namespace URI."""
        whole = isinstance(node, etree._ElementTree)  # noqa: SLF001 - lxml has no public name for it
        top = node.getroot() if isinstance(node, etree._ElementTree) else node  # noqa: SLF001 - the same
        form = canonical.method(self.method, self.prefixes)
        if form is None:
            raise Oddity("not a canonicalization method")
        if not whole and canonical.has_relative_namespace(top):  # of a whole document lxml says so itself
            raise etree.C14NError("a relative namespace URI")
        return canonical.of(Tree(top=top, document=whole, comments=False), form)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureParts:
    """A Signature element taken apart, each part there exactly once."""

    signed_info: Element
    canonicalization: Canonicalization
    signature_method: str
    uri: str | None
    transforms: Permission
    document_form: Canonicalization
    digest_method: str
    digest: bytes
    value: bytes
    certificates: tuple[bytes, ...]


def local_name(node: Element) -> str:
    """Name without namespace; empty for comments and processing instructions."""
    return etree.QName(node).localname if isinstance(node.tag, str) else ""


def children(node: Element, name: str) -> list[Element]:
    """Children of this local name in any namespace: two namespaces must not make two readings."""
    return [child for child in node if local_name(child) == name]


def find(root: Element) -> tuple[Place, Element | None]:
    """What stands at edXML/edXMLEnvelope/edXMLHeader/Signature; the element only when it is one to verify."""
    signatures = list(root.iter(f"{_DSIG}Signature"))
    header = _header(root)
    if not signatures:
        forms = [child for name in _FORMS for child in children(header, name)] if header is not None else []
        return (Place.PLACEHOLDER if forms else Place.NOTHING), None
    if len(signatures) > 1:
        return Place.SEVERAL, None
    if header is None or signatures[0].getparent() is not header:
        return Place.ELSEWHERE, None
    if len(signatures[0]) == 0 and not (signatures[0].text or "").strip():
        return Place.PLACEHOLDER, None
    return Place.SIGNATURE, signatures[0]


def _header(root: Element) -> Element | None:
    """The one edXMLHeader; None when there is none, or when two could be meant."""
    node = root
    if local_name(root) != "edXML":
        return None
    for name in _ENVELOPE_PATH:
        found = children(node, name)
        if len(found) != 1:
            return None
        node = found[0]
    return node


def take_apart(signature: Element) -> SignatureParts:
    """Raises Oddity when the structure is not exactly that of the profile."""
    if _names(signature) not in _SIGNATURE_FORMS:
        raise Oddity("Signature is not SignedInfo, SignatureValue, KeyInfo")
    if len(list(signature.getroottree().getroot().iter(f"{_DSIG}SignedInfo"))) != 1:
        raise Oddity("not exactly one SignedInfo")
    signed_info = _only(signature, "SignedInfo")
    if _names(signed_info) != ["CanonicalizationMethod", "SignatureMethod", "Reference"]:
        raise Oddity("SignedInfo does not hold exactly one reference")
    canonicalization, method, reference = signed_info
    if len(method) > 0:
        raise Oddity("SignatureMethod has parameters")
    if _names(reference) not in _REFERENCE_FORMS:
        raise Oddity("Reference is not Transforms, DigestMethod, DigestValue")
    transforms, document_form = _transforms(reference)
    stray = shape.oddity(signature)
    if stray:
        raise Oddity(stray)
    return SignatureParts(
        signed_info=signed_info,
        canonicalization=_canonicalization(canonicalization),
        signature_method=method.get("Algorithm", ""),
        uri=reference.get("URI"),
        transforms=transforms,
        document_form=document_form,
        digest_method=_only(reference, "DigestMethod").get("Algorithm", ""),
        digest=_base64(_only(reference, "DigestValue")),
        value=_base64(_only(signature, "SignatureValue")),
        certificates=_certificates(signature),
    )


def _names(node: Element) -> list[str]:
    """Names of the children; what is of another namespace, or of none, keeps a name that is on no list."""
    tags = [str(child.tag) for child in node]
    return [tag.removeprefix(_DSIG) if tag.startswith(_DSIG) else f"foreign {tag}" for tag in tags]


def _only(node: Element, name: str) -> Element:
    found = node.findall(f"{_DSIG}{name}")
    if len(found) != 1:
        raise Oddity(f"not exactly one {name}")
    return found[0]


def _base64(node: Element) -> bytes:
    if len(node) > 0:
        raise Oddity(f"markup inside {local_name(node)}")
    try:
        return binascii.a2b_base64("".join((node.text or "").split()).encode(), strict_mode=True)
    except ValueError as error:
        raise Oddity(f"{local_name(node)} is not base64") from error


def _canonicalization(node: Element) -> Canonicalization:
    prefixes: list[str] = []
    for child in node:
        if child.tag != _INCLUSIVE_NAMESPACES:
            raise Oddity("a canonicalization method with unknown parameters")
        prefixes += child.get("PrefixList", "").split()
    return Canonicalization(method=node.get("Algorithm", ""), prefixes=tuple(prefixes))


def _transforms(reference: Element) -> tuple[Permission, Canonicalization]:
    """Allowed is enveloped-signature, then at most one canonicalization; without one, C14N 1.0 (XMLDSig §4.4.3.2)."""
    listed = reference.findall(f"{_DSIG}Transforms/{_DSIG}Transform")
    uris = [transform.get("Algorithm", "") for transform in listed]
    if uris[:1] != [algorithms.ENVELOPED] or len(uris) > 2 or len(listed[0]) > 0:  # noqa: PLR2004 - at most one more
        return Permission.FORBIDDEN, Canonicalization()
    if len(uris) == 1:
        return Permission.ALLOWED, Canonicalization()
    if uris[1] not in algorithms.CANONICAL_METHODS:
        return Permission.FORBIDDEN, Canonicalization()
    return Permission.ALLOWED, _canonicalization(listed[1])


def _certificates(signature: Element) -> tuple[bytes, ...]:
    """Certificates in KeyInfo; every other way to name a key is ignored, nothing is ever fetched."""
    found = signature.findall(f"{_DSIG}KeyInfo/{_DSIG}X509Data/{_DSIG}X509Certificate")
    return tuple(_base64(node) for node in found[:_MOST_CERTIFICATES])


def reference_of(parts: SignatureParts, root: Element) -> Reference:
    """What the reference points at."""
    uri = parts.uri
    if uri == "":
        return Reference.DOCUMENT
    if uri is None or uri.startswith("#xpointer("):
        return Reference.ELEMENT
    if not uri.startswith("#"):
        return Reference.EXTERNAL
    bearers = [node for node in root.iter() for name in _ID_ATTRIBUTES if node.get(name) == uri[1:]]
    if len(bearers) > 1:
        return Reference.AMBIGUOUS
    return Reference.ROOT if bearers == [root] else Reference.ELEMENT


def markup_in_header(root: Element) -> str:
    """Which part of the header holds a comment or a processing instruction; empty when none does.

    A comment splits `000.00.00.G22<!---->.evil` for a careless reader without breaking the signature.
    """
    for name in _MARKUP_FORBIDDEN:
        for part in root.iter(f"{{*}}{name}"):
            if any(not isinstance(node.tag, str) for node in part.iter()):
                return name
    return ""


def signed_info_bytes(parts: SignatureParts) -> bytes:
    """The canonical bytes of SignedInfo; to be taken before the signature leaves the tree."""
    return parts.canonicalization.of(parts.signed_info)


def detach(signature: Element) -> None:
    """The enveloped-signature transform: the element goes, the text after it stays."""
    parent, before = signature.getparent(), signature.getprevious()
    if parent is None:
        return
    if signature.tail and before is not None:
        before.tail = (before.tail or "") + signature.tail
    elif signature.tail:
        parent.text = (parent.text or "") + signature.tail
    parent.remove(signature)


def facts(
    parts: SignatureParts, signed_info: bytes, digest: bytes, chains: Judging, moment: datetime
) -> SignatureFacts:
    """Facts of a signature whose algorithms are all allowed; `digest` is that of the canonical document."""
    method = algorithms.signature_method(parts.signature_method)
    hash_name = digest_algorithm(parts)
    candidates = [known for known in map(certificates.read, parts.certificates) if known is not None]
    if not candidates:
        return SignatureFacts(digest_holds=digest == parts.digest)
    signer = next((one for one in candidates if _holds(method, one, parts.value, signed_info)), None)
    named = signer or candidates[0]
    others = [der for der in parts.certificates if der != named.der]
    weak = [method.name if method.weak else "", hash_name if algorithms.is_weak_hash(hash_name) else "", named.weak]
    return SignatureFacts(
        weak=tuple(name for name in weak if name),
        methods=Permission.ALLOWED if named.key is not None else Permission.UNSUPPORTED,
        digest_holds=digest == parts.digest,
        signature_holds=signer is not None,
        signer=named.signer,
        chain=chains.judge(named.der, others, moment),
    )


def _holds(
    method: algorithms.SignatureMethod, candidate: certificates.Certificate, value: bytes, signed_info: bytes
) -> bool:
    return candidate.key is not None and algorithms.holds(method, candidate.key, value, signed_info)


def digest_algorithm(parts: SignatureParts) -> str:
    """Name of the digest method in hashlib. Raises KeyError for a method that is not on the list."""
    return algorithms.digest_name(parts.digest_method)


def methods_permission(parts: SignatureParts) -> Permission:
    """The strictest of what the lists say of the three methods: forbidden before unsupported before allowed."""
    found = (
        algorithms.canonical_permission(parts.canonicalization.method),
        algorithms.signature_permission(parts.signature_method),
        algorithms.digest_permission(parts.digest_method),
    )
    return next((one for one in (Permission.FORBIDDEN, Permission.UNSUPPORTED) if one in found), Permission.ALLOWED)
