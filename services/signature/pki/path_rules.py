"""One way judged by RFC 5280 §6.1 at a moment, revocation apart: dates, usage, lengths, names, policies, extensions.

The anchor's own certificate counts as any other on the way: its dates, its basic constraints and path length, its key
usage, its name constraints and critical extensions. Its policies do not: they are the caller's inputs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from services.signature.facts import Standing
from services.signature.pki import certificate as c
from services.signature.pki import der
from services.signature.pki.certificate import Cert, Unreadable
from services.signature.pki.name_constraints import Constraints
from services.signature.pki.paths import Path
from services.signature.pki.policies import Policies
from services.signature.pki.signing import Check, Checks, weak_hash, weak_key, working_key, wrong_key
from services.signature.verification import PathRules

_UNDERSTOOD = frozenset({
    c.KEY_USAGE, c.SUBJECT_ALT_NAME, c.ISSUER_ALT_NAME, c.BASIC_CONSTRAINTS, c.NAME_CONSTRAINTS, c.CRL_POINTS,
    c.POLICIES, c.POLICY_MAPPINGS, c.POLICY_CONSTRAINTS, c.EXTENDED_USAGE, c.FRESHEST, c.INHIBIT_ANY, c.NO_CHECK,
    c.QC_STATEMENTS,
})  # fmt: skip
_NEVER_CRITICAL = frozenset({c.SUBJECT_KEY, c.AUTHORITY_KEY, c.INFORMATION_ACCESS, c.SUBJECT_INFORMATION})
ANY_USE = "2.5.29.37.0"
_PURPOSES = {
    "anyExtendedKeyUsage": ANY_USE, "serverAuth": "1.3.6.1.5.5.7.3.1", "clientAuth": "1.3.6.1.5.5.7.3.2",
    "codeSigning": "1.3.6.1.5.5.7.3.3", "emailProtection": "1.3.6.1.5.5.7.3.4", "timeStamping": "1.3.6.1.5.5.7.3.8",
    "OCSPSigning": "1.3.6.1.5.5.7.3.9", "documentSigning": "1.3.6.1.5.5.7.3.36",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """Why a way does not lead."""

    standing: Standing
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A way that leads, revocation apart. `keys`: of each certificate, with inherited parameters."""

    path: Path
    keys: tuple[bytes, ...]
    weak: tuple[str, ...]


def judged(path: Path, rules: PathRules, at: datetime, checks: Checks) -> Held | Failed:
    """A way from an anchor. Dates come first, so that what is merely late is not called wrong."""
    try:
        keys = tuple(_keys(path, checks))
        if len(keys) != len(path):
            return Failed(standing=Standing.UNTRUSTED, detail="a signature on the way does not hold")
        late = _dates(path, at)
        if late is not None:
            return late
        wrong = next((wrong for wrong in (*_each(path), *_together(path, rules)) if wrong), "")
    except (Unreadable, ValueError) as error:
        wrong = f"an extension that cannot be read: {type(error).__name__}"
    if wrong:
        return Failed(standing=Standing.PATH, detail=wrong)
    return Held(path=path, keys=keys, weak=_weak(path, keys))


def _keys(path: Path, checks: Checks) -> Iterator[bytes]:
    """Working keys downwards, as far as signatures hold."""
    key = path[0].key_info
    yield key
    for cert in path[1:]:
        if checks.check(cert.digest, cert.quick, cert.signed, key) is not Check.HOLDS:
            return
        key = working_key(cert.key_info, key)
        yield key


def _dates(path: Path, at: datetime) -> Failed | None:
    for cert in reversed(path):
        if at < cert.since:
            return Failed(standing=Standing.NOT_YET_VALID, detail=f"valid from {cert.since.isoformat()}")
        if at > cert.until:
            return Failed(standing=Standing.EXPIRED, detail=f"valid until {cert.until.isoformat()}")
    return None


def _each(path: Path) -> Iterator[str]:
    """What can be said of a certificate without the others."""
    for cert in path:
        yield "" if cert.same_algorithms else "two signature algorithms in one certificate"
        yield "" if cert.whole_octets else "a signature that ends within an octet"
        yield _critical(cert)
        yield wrong_key(cert.key_info)
        yield "" if cert.issuer else "a certificate without an issuer's name"
        yield _usages(cert)
    for cert in path[:-1]:
        yield _issuing(cert)
    yield _end(path[-1])


def _critical(cert: Cert) -> str:
    for oid, extension in cert.extensions.items():
        if extension.critical and oid not in _UNDERSTOOD:
            what = "must not be critical" if oid in _NEVER_CRITICAL else "unknown and critical"
            return f"extension {oid} is {what}"
    return ""


def _usages(cert: Cert) -> str:
    if cert.extended_uses is not None and not cert.extended_uses:
        return "an extended key usage that allows nothing"
    if cert.uses is not None and "key_cert_sign" in cert.uses and not cert.authority:
        return "a key that may sign certificates, of nobody who may"  # §4.2.1.9
    return ""


def _issuing(cert: Cert) -> str:
    if not cert.authority:
        return "issued by a certificate that is no authority's"
    if cert.uses is not None and "key_cert_sign" not in cert.uses:
        return "issued with a key that may not sign certificates"
    return ""


def _end(cert: Cert) -> str:
    if c.NAME_CONSTRAINTS in cert.extensions and not cert.authority:
        return "name constraints in an end certificate"  # §4.2.1.10
    name = cert.extensions.get(c.SUBJECT_ALT_NAME)
    if not cert.subject and (name is None or not name.critical):
        return "a certificate that names nobody"  # §4.1.2.6
    if name is not None and not der.only(name.value).content:
        return "alternative names that are none"
    return ""


def _together(path: Path, rules: PathRules) -> Iterator[str]:
    """What follows from the order of certificates (§6.1.3 to §6.1.5)."""
    yield _lengths(path, rules)
    names = Constraints()
    names.add(path[0])
    policies = Policies(rules=rules, length=len(path) - 1)
    for cert in path[1:]:
        last = cert is path[-1]
        if last or not cert.self_issued:
            yield names.refuse(cert)
        yield policies.take(cert, last=last)
        names.add(cert)
    yield _demanded(path[-1], rules)


def _lengths(path: Path, rules: PathRules) -> str:
    between = [cert for cert in path[1:-1] if not cert.self_issued]
    if rules.max_path is not None and len(between) > rules.max_path:
        return f"more than {rules.max_path} certificates between"
    left = len(path)
    for cert in path[:-1]:
        if cert is not path[0] and not cert.self_issued:
            if left <= 0:
                return "more authorities below one than its path length allows"
            left -= 1
        if cert.path_length is not None:
            left = min(left, cert.path_length)
    return ""


def _demanded(cert: Cert, rules: PathRules) -> str:
    """What the caller asks of the end certificate."""
    allowed, asked = cert.extended_uses, {_PURPOSES.get(each, each) for each in rules.eku} - {ANY_USE}
    if allowed is not None and ANY_USE not in allowed and not allowed.issuperset(asked):
        return "a certificate for another purpose"
    wanted = {_use(name) for name in rules.key_usage}
    if cert.uses is not None and not cert.uses.issuperset(wanted):
        return "a key that may not be used so"
    return ""


def _use(name: str) -> str:
    """`digitalSignature` as `digital_signature`."""
    plain = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name.strip())
    plain = plain.removeprefix("_").replace("c_r_l", "crl").replace("-", "_").replace(" ", "_")
    return "non_repudiation" if plain == "content_commitment" else plain


def _weak(path: Path, keys: tuple[bytes, ...]) -> tuple[str, ...]:
    """An anchor's own signature says nothing, so its hash does not count."""
    found = {name for cert in path[1:] for name in weak_hash(cert.quick)}
    return tuple(sorted(found | {name for key in keys for name in weak_key(key)}))
