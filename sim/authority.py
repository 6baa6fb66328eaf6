"""The test authority on disk: one root, one issuing authority, one key and four certificates for each agency.

    <state>/authority/           root.pem, issuing.pem and their keys; the same of a rogue authority
    <state>/authority/agencies/<code>/   key.pem, good.pem, expired.pem, revoked.pem, unknown_authority.pem
    <state>/trust/anchors.pem    the root alone: what the hub is to trust (HUB_TRUST_FILE)
    <state>/trust/crls/*.crl     one CRL of each authority, DER (HUB_CRL_DIR)

Keys are random, not seeded: they are made once and used again. A signature names the agency through its
certificate's subject, see `sim.certificates`.
"""

import hashlib
import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from sim.agencies import Agency, AgencyCode
from sim.certificates import (
    CaName,
    agency_certificate,
    issuing_certificate,
    revocation_list,
    root_certificate,
)

_YEAR = timedelta(days=365)
_RENEW_BEFORE = timedelta(days=2)
_PARALLEL_FROM = 8  # fewer keys than this are made sooner than two processes start
_ROGUE = "rogue-"


class Standing(StrEnum):
    """Which of an agency's certificates signs: the good one, or one with a named flaw."""

    GOOD = "good"
    EXPIRED = "expired"
    REVOKED = "revoked"
    UNKNOWN_AUTHORITY = "unknown_authority"
    """Of a rogue authority with the same names; the key is the attacker's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A key that signs, its certificate, and the authority's certificate that goes along with it."""

    key: RSAPrivateKey
    certificate: x509.Certificate
    issuer: x509.Certificate


class Authority:
    """An authority that exists on disk."""

    def __init__(self, state: Path) -> None:
        """Raises FileNotFoundError when `open_authority` has not made one under `state`."""
        self.state = state
        self._folder = state / "authority"
        self._issuing = _certificate(self._folder / "issuing.pem")
        self._rogue = _certificate(self._folder / f"{_ROGUE}issuing.pem")
        self._identity = lru_cache(maxsize=None)(self._load_identity)

    @property
    def anchors(self) -> Path:
        """The PEM file a verifier is to trust."""
        return self.state / "trust" / "anchors.pem"

    @property
    def crls(self) -> Path:
        """The folder of CRLs."""
        return self.state / "trust" / "crls"

    @property
    def fingerprint(self) -> str:
        """Tells one authority from another: what it signed is worthless under the other."""
        return hashlib.sha256(self._issuing.public_bytes(Encoding.DER)).hexdigest()[:16]

    def identity(self, code: AgencyCode, standing: Standing = Standing.GOOD) -> Identity:
        """What `code` signs with. Raises FileNotFoundError for an agency that was never enrolled."""
        return self._identity(code, standing)

    def _load_identity(self, code: AgencyCode, standing: Standing) -> Identity:
        home = self._folder / "agencies" / code
        rogue = standing is Standing.UNKNOWN_AUTHORITY
        return Identity(
            key=_key(self._folder / f"{_ROGUE}agency.key.pem" if rogue else home / "key.pem"),
            certificate=_certificate(home / f"{standing}.pem"),
            issuer=self._rogue if rogue else self._issuing,
        )


def open_authority(state: Path, agencies: Sequence[Agency], now: datetime) -> Authority:
    """The authority under `state`: made when there is none, with all of `agencies` enrolled and fresh CRLs.

    `now` has a zone. Making 95 keys takes some seconds on two cores; later calls take none.
    """
    folder = state / "authority"
    if not (folder / "issuing.pem").exists():
        _found(folder, _ROGUE, now)
        _found(folder, "", now)
    newcomers = [agency for agency in agencies if not (folder / "agencies" / agency.code / "good.pem").exists()]
    if newcomers:
        _enrol(folder, newcomers, now)
    authority = Authority(state)
    if newcomers or not _crls_last(authority, now):
        _publish(authority, folder, now)
    return authority


def _found(folder: Path, prefix: str, moment: datetime) -> None:
    root_key, issuing_key, agency_key = (_key_from(pem) for pem in _generate(3))
    _write_key(folder / f"{prefix}root.key.pem", _key_pem(root_key))
    _write(folder / f"{prefix}root.pem", _pem(root_certificate(root_key, moment)))
    _write_key(folder / f"{prefix}issuing.key.pem", _key_pem(issuing_key))
    if prefix:
        _write_key(folder / f"{prefix}agency.key.pem", _key_pem(agency_key))
    # last: its presence says that the rest is there
    _write(folder / f"{prefix}issuing.pem", _pem(issuing_certificate(issuing_key.public_key(), root_key, moment)))


def _enrol(folder: Path, agencies: Sequence[Agency], moment: datetime) -> None:
    issuing = _key(folder / "issuing.key.pem")
    rogue = _key(folder / f"{_ROGUE}issuing.key.pem")
    attacker = _key(folder / f"{_ROGUE}agency.key.pem").public_key()
    since, until = moment - timedelta(days=30), moment + 3 * _YEAR
    for agency, pem in zip(agencies, _generate(len(agencies)), strict=True):
        home = folder / "agencies" / agency.code
        own = _key_from(pem).public_key()
        expired = agency_certificate(agency, own, issuing, moment - 3 * _YEAR, moment - timedelta(days=1))
        _write_key(home / "key.pem", pem)
        _write(home / "expired.pem", _pem(expired))
        _write(home / "revoked.pem", _pem(agency_certificate(agency, own, issuing, since, until)))
        _write(home / "unknown_authority.pem", _pem(agency_certificate(agency, attacker, rogue, since, until)))
        _write(home / "good.pem", _pem(agency_certificate(agency, own, issuing, since, until)))


def _publish(authority: Authority, folder: Path, moment: datetime) -> None:
    _write(authority.anchors, (folder / "root.pem").read_bytes())
    revoked = [_certificate(path).serial_number for path in sorted(folder.glob("agencies/*/revoked.pem"))]
    for name, serials in ((CaName.ROOT, []), (CaName.ISSUING, revoked)):
        key = _key(folder / f"{name.file}.key.pem")
        _write(authority.crls / f"{name.file}.crl", revocation_list(name, key, serials, moment))


def _crls_last(authority: Authority, moment: datetime) -> bool:
    issuing = authority.crls / f"{CaName.ISSUING.file}.crl"
    if not issuing.exists():
        return False
    until = x509.load_der_x509_crl(issuing.read_bytes()).next_update_utc
    return until is not None and until - moment > _RENEW_BEFORE


def _generate(count: int) -> list[bytes]:
    if count < _PARALLEL_FROM:
        return [_new_key(index) for index in range(count)]
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        return list(pool.map(_new_key, range(count), chunksize=4))


def _new_key(_index: int) -> bytes:
    return _key_pem(generate_private_key(public_exponent=65537, key_size=2048))


def _key_pem(key: RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _key(path: Path) -> RSAPrivateKey:
    return _key_from(path.read_bytes())


def _key_from(pem: bytes) -> RSAPrivateKey:
    # the keys are our own: checking their primes again costs 40 ms each
    key = load_pem_private_key(pem, password=None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, RSAPrivateKey):
        raise TypeError("the authority has RSA keys only")
    return key


def _certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)


def _write(path: Path, content: bytes, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".half")
    half.touch(mode)
    half.write_bytes(content)
    half.replace(path)  # whoever sees the name sees the whole file


def _write_key(path: Path, pem: bytes) -> None:
    _write(path, pem, 0o600)
