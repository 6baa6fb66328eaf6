"""What is given to judge by: certificates and evidence, parsed once for the same bytes."""

import hashlib
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from services.signature.pki import certificate, files
from services.signature.pki.certificate import Cert, Unreadable
from services.signature.pki.names import NameKey

T = TypeVar("T")


class Parsed(Generic[T]):
    """Things parsed, by the digest of their bytes; the oldest go when together they are too much."""

    def __init__(self, parse: Callable[[bytes], T], *, most: int, most_bytes: int) -> None:
        self._parse = parse
        self._most, self._most_bytes = most, most_bytes
        self._bytes = 0
        self._known: OrderedDict[bytes, tuple[int, T]] = OrderedDict()

    def __call__(self, content: bytes) -> T:
        """What the bytes say. Raises what the parser raises; that is not remembered."""
        digest = hashlib.sha256(content).digest()
        found = self._known.get(digest)
        if found is not None:
            self._known.move_to_end(digest)
            return found[1]
        parsed = self._parse(content)
        self._known[digest] = len(content), parsed
        self._bytes += len(content)
        while len(self._known) > 1 and (len(self._known) > self._most or self._bytes > self._most_bytes):
            _, (size, _) = self._known.popitem(last=False)
            self._bytes -= size
        return parsed


parsed_certificate: Callable[[bytes], Cert] = Parsed(certificate.certificate, most=512, most_bytes=2 * 1024 * 1024)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Certificates to find a way with: anchors, and those that may lie between."""

    anchors: dict[NameKey, list[Cert]]
    between: dict[NameKey, list[Cert]]
    unreadable: int = 0
    """Files or certificates that could not be read."""

    def is_anchor(self, cert: Cert) -> bool:
        """The certificate is itself one that is trusted."""
        return cert in self.anchors.get(cert.subject, ())


@dataclass(slots=True)
class Reading:
    """Certificates read from files; what cannot be read is counted."""

    certs: dict[bytes, Cert] = field(default_factory=dict)
    unreadable: int = 0

    def files(self, contents: Iterable[bytes]) -> None:
        """Certificates of files, each with one or more."""
        for content in contents:
            try:
                self.ders(list(files.contents(content, files.CERTIFICATES)))
            except files.NotArmoured:
                self.unreadable += 1

    def ders(self, contents: Iterable[bytes]) -> None:
        """Certificates one by one."""
        for content in contents:
            try:
                cert = parsed_certificate(content)
            except Unreadable:
                self.unreadable += 1
            else:
                self.certs.setdefault(cert.digest, cert)


def pool(trust: Iterable[bytes], intermediates: Iterable[bytes], others: Iterable[bytes]) -> Pool:
    """`trust` and `intermediates` are files, `others` certificates in DER. An end-entity certificate is no anchor."""
    anchors, between = Reading(), Reading()
    anchors.files(trust)
    between.files(intermediates)
    between.ders(others)
    return Pool(
        anchors=_by_subject(cert for cert in anchors.certs.values() if may_issue(cert)),
        between=_by_subject(between.certs.values()),
        unreadable=anchors.unreadable + between.unreadable,
    )


def may_issue(cert: Cert) -> bool:
    """It is an authority's; whether its key usage lets it sign is looked at on the path."""
    try:
        return cert.authority
    except Unreadable:
        return False


def _by_subject(certs: Iterable[Cert]) -> dict[NameKey, list[Cert]]:
    found: dict[NameKey, list[Cert]] = defaultdict(list)
    for cert in certs:
        found[cert.subject].append(cert)
    return dict(found)
