"""Where a certificate's issuer says that lists are, and where a list says that it is (RFC 5280 §4.2.1.13, §5.2.5)."""

from dataclasses import dataclass

from services.signature.pki import certificate as c
from services.signature.pki import der, names
from services.signature.pki.certificate import Cert, Unreadable
from services.signature.pki.name_constraints import Form, Name, general
from services.signature.pki.names import NameKey

ALL_REASONS = frozenset(range(1, 9))
"""Bits of ReasonFlags: 1 keyCompromise to 8 aACompromise."""
_POINT, _REASONS, _ISSUERS = 0xA0, 0x81, 0xA2
_FULL, _RELATIVE = 0xA0, 0xA1
_FALSE = b"\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One distribution point of a certificate."""

    names: frozenset[Name] = frozenset()
    reasons: frozenset[int] = ALL_REASONS
    issuers: frozenset[NameKey] = frozenset()
    """Who makes its lists; empty: the certificate's issuer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Of which certificates a list speaks (issuingDistributionPoint)."""

    der: bytes = b""
    names: frozenset[Name] = frozenset()
    user_certs: bool = False
    ca_certs: bool = False
    attribute_certs: bool = False
    indirect: bool = False
    reasons: frozenset[int] = ALL_REASONS


def points(cert: Cert) -> tuple[Point, ...]:
    """The certificate's points, and last its issuer itself (§6.3.3). Raises Unreadable."""
    extension = cert.extensions.get(c.CRL_POINTS)
    own = Point(names=frozenset({Name(Form.DIRECTORY, cert.issuer)}))
    if extension is None:
        return (own,)
    try:
        found = [_point(part, cert.issuer) for part in der.parts(der.only(extension.value).content)]
    except ValueError as error:
        raise Unreadable("distribution points") from error
    return (*found, own)


def _point(part: der.Part, issuer: NameKey) -> Point:
    fields = {each.identifier: each for each in der.parts(part.content)}
    issuers = frozenset(
        value
        for name in (_general(fields[_ISSUERS].content) if _ISSUERS in fields else ())
        if name.form is Form.DIRECTORY and isinstance(value := name.value, tuple)
    )
    base = next(iter(issuers)) if len(issuers) == 1 else issuer
    return Point(
        names=_names(fields[_POINT].content, base) if _POINT in fields else frozenset(),
        reasons=_reasons(fields[_REASONS].content) if _REASONS in fields else ALL_REASONS,
        issuers=issuers,
    )


def scope(value: bytes | None, issuer: NameKey) -> Scope:
    """Of an extension's value, None: no such extension. Raises ValueError."""
    if value is None:
        return Scope()
    fields = {each.identifier: each.content for each in der.parts(der.only(value).content)}
    return Scope(
        der=value,
        names=_names(fields[_POINT], issuer) if _POINT in fields else frozenset(),
        user_certs=fields.get(0x81, _FALSE) != _FALSE,
        ca_certs=fields.get(0x82, _FALSE) != _FALSE,
        reasons=_reasons(fields[0x83]) if 0x83 in fields else ALL_REASONS,  # noqa: PLR2004 - [3] onlySomeReasons
        indirect=fields.get(0x84, _FALSE) != _FALSE,
        attribute_certs=fields.get(0x85, _FALSE) != _FALSE,
    )


def _names(content: bytes, issuer: NameKey) -> frozenset[Name]:
    """Of a DistributionPointName; one relative to the issuer becomes a full one."""
    name = der.only(content)
    if name.identifier == _FULL:
        return frozenset(_general(name.content))
    if name.identifier != _RELATIVE:
        raise ValueError("no name of a distribution point")
    relative = names.key(der.wrapped(der.SEQUENCE, der.wrapped(0x31, name.content)))
    return frozenset({Name(Form.DIRECTORY, issuer + relative)})


def _general(content: bytes) -> list[Name]:
    return [general(part) for part in der.parts(content)]


def _reasons(content: bytes) -> frozenset[int]:
    return c.bits(content) & ALL_REASONS
