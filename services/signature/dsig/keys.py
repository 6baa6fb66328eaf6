"""Which keys a signature could be checked with: those given, those of certificates, those in the document.

A key in the document is only a candidate; what it is worth is said by where it comes from.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from cryptography import x509

from services.signature.dsig import key_values, x509_names
from services.signature.dsig.methods import PublicKey
from services.signature.dsig.nodes import Element, is_element, walk
from services.signature.dsig.reading import Document
from services.signature.dsig.references import found as pointed_at
from services.signature.dsig.refusal import Refused
from services.signature.dsig.transforms import Data, applied, check
from services.signature.verification import EmbeddedKey, Request

_DSIG = "{http://www.w3.org/2000/09/xmldsig#}"
_DSIG_11 = "{http://www.w3.org/2009/xmldsig11#}"
_RAW_CERTIFICATE = "http://www.w3.org/2000/09/xmldsig#rawX509Certificate"
_ABOUT_KEYS = frozenset({
    *(f"{_DSIG}{name}" for name in ("KeyInfo", "X509Data", "KeyValue", "RSAKeyValue", "DSAKeyValue")),
    f"{_DSIG_11}ECKeyValue",
    f"{_DSIG_11}DEREncodedKeyValue",
})  # fmt: skip
_MOST = 32


class Origin(StrEnum):
    """Where a key comes from."""

    GIVEN = "given"
    """By the caller: trusted as given."""
    CERTIFICATE = "certificate"
    """It counts when the certificate leads to an anchor."""
    EMBEDDED = "embedded"
    """Bare, in the document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A key to try."""

    key: PublicKey
    origin: Origin
    certificate: x509.Certificate | None = None


@dataclass(slots=True, kw_only=True)
class KeyRing:
    """What KeyInfo and the caller offer."""

    candidates: list[Candidate] = field(default_factory=list)
    certificates: list[x509.Certificate] = field(default_factory=list)
    """Certificates in the document: they may help to find a way to an anchor."""
    lists: list[bytes] = field(default_factory=list)
    unreadable: int = 0


def ring(key_info: Element | None, document: Document, request: Request, signature: Element) -> KeyRing:
    """All candidates, the most telling first."""
    whatever = request.keys.get("*")
    if whatever is not None:
        return KeyRing(candidates=list(_given(whatever)))
    found = KeyRing()
    if key_info is not None:
        _Collecting(found, document, request, signature).collect(key_info, depth=0)
    found.candidates = found.candidates[:_MOST]
    return found


def _given(content: bytes) -> Iterator[Candidate]:
    key = key_values.public_key(content)
    if key is not None:
        named = key_values.certificates(content)
        yield Candidate(key=key, origin=Origin.GIVEN, certificate=named[0] if named else None)


class _Collecting:
    """Walks KeyInfo; what it points at in the same document is followed once."""

    def __init__(self, found: KeyRing, document: Document, request: Request, signature: Element) -> None:
        self._found = found
        self._document = document
        self._request = request
        self._signature = signature

    def collect(self, key_info: Element, depth: int) -> None:
        data = [child for child in key_info if is_element(child) and child.tag == f"{_DSIG}X509Data"]
        for child in data:
            self._learn(child)
        for child in key_info:
            if is_element(child):
                self._take(child, depth)

    def _take(self, child: Element, depth: int) -> None:
        match str(child.tag).removeprefix(_DSIG):
            case "KeyName":
                self._named("".join(str(text) for text in child.itertext()))
            case "X509Data":
                self._certified(child)
            case "KeyValue":
                for value in child:
                    self._bare(value)
            case "RetrievalMethod" if depth == 0:
                self._retrieved(child)
            case _:
                if child.tag == f"{_DSIG_11}KeyInfoReference" and depth == 0:
                    self._referred(child)
                else:
                    self._bare(child)

    def _named(self, name: str) -> None:
        content = self._request.keys.get(name, self._request.keys.get(name.strip()))
        if content is not None:
            self._found.candidates += _given(content)

    def _bare(self, value: Element) -> None:
        key = key_values.from_element(value) if is_element(value) else None
        if key is None:
            return
        same = [one for one in self._known() if (held := key_values.certified(one)) is not None and held == key]
        self._found.candidates += [_certified(one, key) for one in same]
        if self._request.embedded_key is EmbeddedKey.ANY:
            self._found.candidates.append(Candidate(key=key, origin=Origin.EMBEDDED))

    def _learn(self, data: Element) -> None:
        for child in data:
            if not is_element(child):
                continue
            try:
                if child.tag == f"{_DSIG}X509Certificate":
                    self._add(key_values.decoded(child))
                elif child.tag == f"{_DSIG}X509CRL":
                    self._found.lists.append(key_values.decoded(child))
            except ValueError:
                self._found.unreadable += 1

    def _add(self, der: bytes) -> x509.Certificate | None:
        one = key_values.certificate(der)
        if one is None:
            self._found.unreadable += 1
        elif len(self._found.certificates) < _MOST:
            self._found.certificates.append(one)
        return one

    def _certified(self, data: Element) -> None:
        """Certificates that this X509Data names, or holds."""
        names = [child for child in data if is_element(child) and _names_one(child)]
        held = [_fingerprint(child) for child in data if child.tag == f"{_DSIG}X509Certificate"]
        here = [one for one in self._found.certificates if x509_names.fingerprint(one) in held]
        pool = here or list(self._known())
        named = [one for one in pool if names and all(x509_names.fits(one, name) for name in names)]
        for name in names:
            named += [one for one in pool if one not in named and x509_names.fits(one, name)]
        for one in dict.fromkeys([*named, *here]):
            key = key_values.certified(one)
            if key is not None:
                self._found.candidates.append(self._as_given(_certified(one, key)))

    def _as_given(self, candidate: Candidate) -> Candidate:
        """A certificate that the caller gave under a name is trusted as given."""
        given = (one for content in self._request.keys.values() for one in key_values.certificates(content))
        return replace(candidate, origin=Origin.GIVEN) if candidate.certificate in list(given) else candidate

    def _known(self) -> Iterable[x509.Certificate]:
        base = self._request.base
        yield from self._found.certificates
        for content in (*self._request.keys.values(), *base.intermediates, *base.trust):
            yield from key_values.certificates(content)

    def _retrieved(self, method: Element) -> None:
        """RetrievalMethod: in the same document, or among what the caller gave for addresses outside."""
        if method.get("Type") == _RAW_CERTIFICATE:
            data = self._pointed(method)
            one = self._add(data.octets) if data is not None and data.nodes is None else None
            key = key_values.certified(one) if one is not None else None
            if one is not None and key is not None:
                self._found.candidates.append(_certified(one, key))
            return
        target = self._target(method)
        if target is not None:
            if target.tag == f"{_DSIG}X509Data":
                self._learn(target)
            self._take(target, 1)

    def _referred(self, reference: Element) -> None:
        target = self._target(reference)
        if target is not None and target.tag == f"{_DSIG}KeyInfo":
            self.collect(target, depth=1)

    def _target(self, method: Element) -> Element | None:
        """The first element about keys in what a same-document address means."""
        data = self._pointed(method) if method.get("URI", "").startswith("#") else None
        if data is None or data.nodes is None or data.document is not self._document:
            return None
        nodes = data.nodes
        return next((node for node in walk(nodes) if nodes.has(node) and node.tag in _ABOUT_KEYS), None)

    def _pointed(self, method: Element) -> Data | None:
        transforms = list(method.iter(f"{_DSIG}Transform"))
        try:
            check(transforms)
            external: Mapping[str, bytes] = self._request.external
            return applied(pointed_at(method.get("URI"), self._document, external), transforms, self._signature)
        except Refused:
            return None


def _certified(one: x509.Certificate, key: PublicKey) -> Candidate:
    return Candidate(key=key, origin=Origin.CERTIFICATE, certificate=one)


def _names_one(child: Element) -> bool:
    return child.tag in x509_names.NAMING


def _fingerprint(child: Element) -> bytes:
    try:
        return hashlib.sha256(key_values.decoded(child)).digest()
    except ValueError:
        return b""
