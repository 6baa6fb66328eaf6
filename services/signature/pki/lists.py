"""Certificate revocation lists (RFC 5280 §5): read once, and asked for one serial number in microseconds.

A list may have 250,000 entries. So it is parsed by Rust; a serial number whose bytes are not in it is not revoked by
it; and only where an entry carries a critical extension are all entries walked, once: such a list may speak of other
issuers' certificates, or in words we do not know, and then of nobody's (§5.3).
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from cryptography import x509

from services.signature.pki import certificate as c
from services.signature.pki import der, names, points
from services.signature.pki.certificate import Cert, Extension, Unreadable, extensions
from services.signature.pki.name_constraints import Form, general
from services.signature.pki.names import NameKey
from services.signature.pki.points import Scope

NUMBER, DELTA, ISSUING_POINT, REASON, INVALIDITY, ENTRY_ISSUER, HOLD = (
    "2.5.29.20", "2.5.29.27", "2.5.29.28", "2.5.29.21", "2.5.29.24", "2.5.29.29", "2.5.29.23")  # fmt: skip
_UNDERSTOOD = frozenset({DELTA, ISSUING_POINT, c.ISSUER_ALT_NAME})
"""Where critical; others that we know must not be (§5.2)."""
_ENTRY_UNDERSTOOD = frozenset({REASON, INVALIDITY, ENTRY_ISSUER, HOLD})
_MOST_ASKED = 4096
_ODD = (x509.DuplicateExtension, x509.UnsupportedGeneralNameType)
_CRITICAL = b"\x01\x01\xff\x04"
"""TRUE and an OCTET STRING after it: how a critical extension looks. Found by chance it costs a walk, no more."""


class Entry(StrEnum):
    """What a list says of a certificate at a moment."""

    NOTHING = "nothing"
    REVOKED = "revoked"
    HELD = "held"
    """Revoked, unless a newer list says otherwise."""
    REMOVED = "removed"
    """Only a delta says so: what the base says no longer holds."""


_REASONS = {x509.ReasonFlags.remove_from_crl: Entry.REMOVED, x509.ReasonFlags.certificate_hold: Entry.HELD}


@dataclass(frozen=True, eq=False, kw_only=True)
class RevocationList:
    """A list that could be read. `usable`: we know all that it says of itself."""

    digest: bytes
    quick: x509.CertificateRevocationList
    signed: bytes
    """tbsCertList in DER."""
    entries: bytes
    issuer: NameKey
    since: datetime
    until: datetime | None
    number: int | None
    base: int | None
    """Of a delta: the number of the base it builds on."""
    authority_key: bytes
    scope: Scope
    usable: bool
    asked: "dict[bytes, list[Revoked]]" = field(default_factory=dict)
    """Serial numbers looked up before: even finding that one is not among ten megabytes takes milliseconds."""

    @property
    def known(self) -> bool:
        """We know all that its entries say. Ask only where the list's signature holds: others may be long for spite."""
        return self._marked[1]

    @property
    def kind(self) -> tuple[object, ...]:
        """What it speaks of: of lists of one kind the newest counts."""
        return self.issuer, self.scope.der, self.base is None, self.authority_key

    @property
    def age(self) -> tuple[int, float]:
        """The greater, the newer."""
        return self.number or 0, self.since.timestamp()

    def entry(self, cert: Cert, at: datetime) -> Entry:
        """What is said of the certificate. Only in a list newer than the moment an entry's date counts (§6.3.3)."""
        marked, _ = self._marked
        if marked is not None:
            found = [Revoked.of(each) for each in marked.get((cert.issuer, cert.serial), ())]
        elif cert.issuer == self.issuer:
            found = self._looked_up(cert)
        else:
            return Entry.NOTHING
        for each in found:
            if each.what is Entry.REMOVED or self.since <= at or each.since <= at:
                return each.what
        return Entry.NOTHING

    @cached_property
    def _marked(self) -> tuple[dict[tuple[NameKey, bytes], list[x509.RevokedCertificate]] | None, bool]:
        """All entries by issuer and serial number, where one is critical; and whether all they say is known."""
        if _CRITICAL not in self.entries:
            return None, True
        try:
            return _walked(self)
        except (ValueError, *_ODD):
            return {}, False

    def _looked_up(self, cert: Cert) -> "list[Revoked]":
        found = self.asked.get(cert.serial)
        if found is None:
            found = []
            if cert.serial in self.entries:
                revoked = self.quick.get_revoked_certificate_by_serial_number(cert.quick.serial_number)
                found = [] if revoked is None else [Revoked.of(revoked)]
            if len(self.asked) >= _MOST_ASKED:
                self.asked.clear()
            self.asked[cert.serial] = found
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked:
    """One entry: since when the certificate is not to be relied on."""

    since: datetime
    what: Entry

    @classmethod
    def of(cls, revoked: x509.RevokedCertificate) -> "Revoked":
        """Of an entry: the date from which its key is suspect, where the list knows it, else when it was revoked."""
        since, what = revoked.revocation_date_utc, Entry.REVOKED
        try:
            said = list(revoked.extensions)
        except (ValueError, *_ODD):
            said = []  # a reason that nobody knows is a reason
        for extension in said:
            if isinstance(extension.value, x509.CRLReason):
                what = _REASONS.get(extension.value.reason, Entry.REVOKED)
            elif isinstance(extension.value, x509.InvalidityDate):
                since = min(since, extension.value.invalidity_date_utc)
        return cls(since=since, what=what)


def revocation_list(content: bytes) -> RevocationList:
    """A list in DER. Raises Unreadable."""
    try:
        quick = x509.load_der_x509_crl(content)
        return _read(content, quick)
    except (ValueError, TypeError, OverflowError, x509.InvalidVersion, *_ODD) as error:
        raise Unreadable(type(error).__name__) from error


@dataclass(slots=True)
class _Fields:
    """tbsCertList taken apart."""

    algorithm: bytes = b""
    issuer: bytes = b""
    entries: bytes = b""
    extensions: dict[str, Extension] = field(default_factory=dict)


def _read(content: bytes, quick: x509.CertificateRevocationList) -> RevocationList:
    tbs, outer, signature = der.parts(der.only(content).content)
    if signature.content[:1] != b"\0":
        raise ValueError("a signature that ends within an octet")
    fields = _fields(tbs)
    point = fields.extensions.get(ISSUING_POINT)
    number, base = fields.extensions.get(NUMBER), fields.extensions.get(DELTA)
    issuer = names.key(fields.issuer)
    scope = points.scope(None if point is None else point.value, issuer)
    critical = {oid for oid, extension in fields.extensions.items() if extension.critical}
    understood = critical <= _UNDERSTOOD and fields.algorithm == outer.whole and quick.next_update_utc is not None
    authority = fields.extensions.get(c.AUTHORITY_KEY)
    return RevocationList(
        digest=hashlib.sha256(content).digest(),
        quick=quick,
        signed=tbs.whole,
        entries=fields.entries,
        issuer=issuer,
        since=quick.last_update_utc,
        until=quick.next_update_utc,
        number=_number(number),
        base=_number(base),
        authority_key=b"" if authority is None else authority.value,
        scope=scope,
        usable=understood,
    )


def _fields(tbs: der.Part) -> _Fields:
    found = _Fields()
    rest = [part for part in der.parts(tbs.content) if part.identifier != der.INTEGER]
    found.algorithm, found.issuer = rest[0].whole, rest[1].whole
    for part in rest[2:]:
        if part.identifier == der.SEQUENCE:
            found.entries = part.content
        elif part.identifier == 0xA0:  # noqa: PLR2004 - [0] crlExtensions
            found.extensions = extensions(part.content)
    return found


def _number(extension: Extension | None) -> int | None:
    return None if extension is None else c.number(c.one(extension.value).content)


def _walked(made: RevocationList) -> tuple[dict[tuple[NameKey, bytes], list[x509.RevokedCertificate]], bool]:
    found: dict[tuple[NameKey, bytes], list[x509.RevokedCertificate]] = {}
    known, issuer = True, made.issuer
    for part, revoked in zip(der.parts(made.entries), made.quick, strict=True):
        serial, _, *more = der.parts(part.content)
        said = extensions(more[0].whole) if more else {}
        known = known and all(oid in _ENTRY_UNDERSTOOD for oid, each in said.items() if each.critical)
        named = said.get(ENTRY_ISSUER)
        if named is not None:
            issuer = _entry_issuer(named)
            known = known and made.scope.indirect
        found.setdefault((issuer, serial.whole), []).append(revoked)
    return found, known


def _entry_issuer(extension: Extension) -> NameKey:
    """Whose certificates this entry and those after it speak of (§5.3.3)."""
    for part in der.parts(der.only(extension.value).content):
        name = general(part)
        if name.form is Form.DIRECTORY and isinstance(name.value, tuple):
            return name.value
    raise ValueError("an entry's issuer that is no directory name")
