"""Ways to an anchor by RFC 5280: each flaw is a certificate of its own."""

import ipaddress
import random
from collections.abc import Callable
from datetime import timedelta
from time import process_time
from typing import Any

import pytest
from asn1crypto.core import ObjectIdentifier
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID as Use
from cryptography.x509.oid import NameOID

from services.signature.pki import der
from services.signature.pki.signing import wrong_key
from services.signature.pki.standing import Purpose, standing
from services.signature.reasons import Reason
from services.signature.verification import PathRules, Profile, TrustBase
from tests.unit.signature import authority
from tests.unit.signature.authority import uses
from tests.unit.signature.hierarchy import AT, DAY, YEAR, Extension, Made, answered, judged, made, middle, named, root

SECOND = timedelta(seconds=1)
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\x00")


def below(*extensions: Extension, by: Made | None = None, **more: object) -> Made:
    return made("Leaf", by or middle(), extensions=extensions, **more)  # type: ignore[arg-type]


def test_a_way_that_holds() -> None:
    answer = answered(below(serial=77), between=[middle()]).whole
    assert answer.reason is Reason.OK
    assert answer.covered == ()
    assert answer.signer is not None
    assert (answer.signer.subject, answer.signer.issuer, answer.signer.serial) == (
        "CN=Leaf,C=VN", "CN=Middle,C=VN", "77")  # fmt: skip


def test_pem_with_the_way_in_the_same_file() -> None:
    pem = b"".join(one.cert.public_bytes(Encoding.PEM) for one in (below(), middle()))
    assert judged(b"a comment\n" + pem) is Reason.OK


def unsigned() -> Made:
    return made("Leaf", Made(cert=middle().cert, key="somebody else"))


FLAWS: dict[str, tuple[Callable[[], Made], Reason]] = {
    "nobody trusted issued it": (lambda: made("Leaf", made("Stranger", ca=True)), Reason.UNTRUSTED),
    "self-signed": (lambda: made("Leaf"), Reason.UNTRUSTED),
    "signed by a namesake of the authority": (unsigned, Reason.UNTRUSTED),
    "began a second later": (lambda: below(since=AT + SECOND), Reason.NOT_YET_VALID),
    "began this second": (lambda: below(since=AT), Reason.OK),
    "ended a second ago": (lambda: below(until=AT - SECOND), Reason.EXPIRED),
    "ends this second": (lambda: below(until=AT), Reason.OK),
    "unknown critical extension": (lambda: below((UNKNOWN, True)), Reason.PATH),
    "unknown extension": (lambda: below((UNKNOWN, False)), Reason.OK),
    "critical subject key identifier": (lambda: below((x509.SubjectKeyIdentifier(b"1"), True)), Reason.PATH),
    "may sign certificates and is no authority": (
        lambda: below(usage=uses("digital_signature", "key_cert_sign")), Reason.PATH),
    "name constraints in an end certificate": (
        lambda: below((x509.NameConstraints([x509.DNSName("a")], None), True)), Reason.PATH),
    "names nobody": (lambda: made(x509.Name([]), middle(), key_name="nobody"), Reason.PATH),
    "names somebody in a critical alternative name": (
        lambda: made(x509.Name([]), middle(), key_name="nobody",
                     extensions=[(x509.SubjectAlternativeName([x509.DNSName("a.vn")]), True)]), Reason.OK),
}  # fmt: skip


@pytest.mark.parametrize("flaw", FLAWS)
def test_flaws_of_the_end_certificate(flaw: str) -> None:
    make, reason = FLAWS[flaw]
    assert judged(make(), between=[middle()]) is reason


AUTHORITIES: dict[str, tuple[Callable[[], Made], Reason]] = {
    "as it should be": (lambda: made("Odd", root(), ca=True), Reason.OK),
    "no authority": (lambda: made("Odd", root(), usage=uses("key_cert_sign")), Reason.PATH),
    "no basic constraints": (lambda: made("Odd", root(), basic=False, usage=uses("key_cert_sign")), Reason.PATH),
    "may not sign certificates": (lambda: made("Odd", root(), ca=True, usage=uses("crl_sign")), Reason.PATH),
    "expired": (lambda: made("Odd", root(), ca=True, until=AT - DAY), Reason.EXPIRED),
    "unknown critical extension": (lambda: made("Odd", root(), ca=True, extensions=[(UNKNOWN, True)]), Reason.PATH),
}


@pytest.mark.parametrize("flaw", AUTHORITIES)
def test_flaws_of_an_authority(flaw: str) -> None:
    make, reason = AUTHORITIES[flaw]
    odd = make()
    assert judged(below(by=odd), between=[odd]) is reason


ANCHORS: dict[str, tuple[Callable[[], Made], Reason]] = {
    "no authority": (lambda: made("Top", usage=uses("digital_signature")), Reason.UNTRUSTED),
    "may not sign certificates": (lambda: made("Top", ca=True, usage=uses("crl_sign")), Reason.PATH),
    "expired": (lambda: made("Top", ca=True, until=AT - DAY), Reason.EXPIRED),
    "not yet valid": (lambda: made("Top", ca=True, since=AT + DAY), Reason.NOT_YET_VALID),
    "no authorities below it": (lambda: made("Top", ca=True, path_length=0), Reason.PATH),
    "one authority below it": (lambda: made("Top", ca=True, path_length=1), Reason.OK),
    "unknown critical extension": (lambda: made("Top", ca=True, extensions=[(UNKNOWN, True)]), Reason.PATH),
    "constrains names": (
        lambda: made("Top", ca=True, extensions=[
            (x509.NameConstraints([x509.DirectoryName(named("Other"))], None), True)]), Reason.PATH),
}  # fmt: skip


@pytest.mark.parametrize("flaw", ANCHORS)
def test_an_anchor_is_judged_as_any_certificate(flaw: str) -> None:
    make, reason = ANCHORS[flaw]
    top = make()
    under = made("Under", top, ca=True)
    assert judged(below(by=under), trust=[top], between=[under]) is reason


def test_a_self_issued_authority_does_not_count_as_one_below() -> None:
    top = made("Top", ca=True, path_length=0)
    rolled = made("Top", top, ca=True, key_name="new key")
    assert judged(below(by=rolled), trust=[top], between=[rolled]) is Reason.OK


def test_most_certificates_between() -> None:
    leaf = below()
    assert judged(leaf, between=[middle()], rules=PathRules(max_path=1)) is Reason.OK
    assert judged(leaf, between=[middle()], rules=PathRules(max_path=0)) is Reason.PATH


def test_names_are_compared_without_case_blanks_and_string_type() -> None:
    shouted = x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
                         x509.NameAttribute(NameOID.COMMON_NAME, " mIDDLE  ")])  # fmt: skip
    leaf = made("Leaf", middle(), issuer=shouted)
    assert judged(leaf, between=[middle()]) is Reason.OK


def test_a_certificate_with_two_algorithms_is_not_good() -> None:
    leaf = below().der
    inner, outer = leaf.find(bytes.fromhex("06082a8648ce3d040302")), leaf.rfind(bytes.fromhex("06082a8648ce3d040302"))
    assert inner != outer
    changed = leaf[:outer] + bytes.fromhex("06082a8648ce3d040303") + leaf[outer + 10 :]
    assert judged(changed, between=[middle()]) is not Reason.OK


@pytest.mark.parametrize("content", [b"", b"rubbish", b"\x30\x03\x02\x01\x01", b"-----BEGIN CERTIFICATE-----"])
def test_what_is_no_certificate_is_malformed(content: bytes) -> None:
    assert judged(content) is Reason.MALFORMED


def test_a_version_that_nobody_knows_is_malformed_and_beside_a_good_one_harmless() -> None:
    strange = below().der.replace(bytes.fromhex("a003020102"), bytes.fromhex("a003020107"), 1)
    assert judged(strange, between=[middle()]) is Reason.MALFORMED
    base = TrustBase(trust=(root().der,), intermediates=(strange,))
    assert standing(below().der, [strange, middle().der], base, AT).reason is Reason.OK


def test_the_same_extension_twice_is_malformed() -> None:
    other = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.2"), b"\x05\x00")
    twice = below((UNKNOWN, False), (other, False)).der
    one, two = (ObjectIdentifier(f"1.3.6.1.4.1.99999.{number}").dump() for number in (1, 2))
    assert two in twice
    assert judged(twice.replace(two, one), between=[middle()]) is Reason.MALFORMED


def test_nothing_longer_than_64_kb_is_a_certificate() -> None:
    long = below((x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), bytes(65 * 1024)), False))
    assert judged(long, between=[middle()]) is Reason.MALFORMED


# what a certificate may be used for

USAGES: dict[str, tuple[tuple[x509.ObjectIdentifier, ...], Reason]] = {
    "documents": ((x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36"),), Reason.OK),
    "mail": ((Use.EMAIL_PROTECTION,), Reason.OK),
    "anything": ((Use.ANY_EXTENDED_KEY_USAGE, Use.SERVER_AUTH), Reason.OK),
    "Adobe's": ((x509.ObjectIdentifier("1.2.840.113583.1.1.5"),), Reason.OK),
    "servers": ((Use.SERVER_AUTH, Use.CLIENT_AUTH), Reason.PATH),
    "code": ((Use.CODE_SIGNING,), Reason.PATH),
    "OCSP": ((Use.OCSP_SIGNING,), Reason.PATH),
}


@pytest.mark.parametrize("purpose", USAGES)
def test_only_some_certificates_sign_documents(purpose: str) -> None:
    allowed, reason = USAGES[purpose]
    leaf = below((x509.ExtendedKeyUsage(allowed), False))
    assert judged(leaf, between=[middle()], profile=Profile.EDXML) is reason
    assert judged(leaf, between=[middle()]) is Reason.OK


def test_a_usage_that_is_asked_for() -> None:
    leaf = below((x509.ExtendedKeyUsage([Use.SERVER_AUTH]), False))
    assert judged(leaf, between=[middle()], rules=PathRules(eku=(Use.SERVER_AUTH.dotted_string,))) is Reason.OK
    assert judged(leaf, between=[middle()], rules=PathRules(eku=(Use.CODE_SIGNING.dotted_string,))) is Reason.PATH
    assert judged(leaf, between=[middle()], rules=PathRules(eku=("serverAuth",))) is Reason.OK
    assert judged(leaf, between=[middle()], rules=PathRules(eku=("codeSigning",))) is Reason.PATH
    assert judged(below(), between=[middle()], rules=PathRules(key_usage=("digitalSignature",))) is Reason.OK
    assert judged(below(), between=[middle()], rules=PathRules(key_usage=("nonRepudiation",))) is Reason.PATH


def test_time_stamps_need_a_certificate_for_nothing_else() -> None:
    base = TrustBase(trust=(root().der,))
    for allowed, critical, reason in (
        ([Use.TIME_STAMPING], True, Reason.OK),
        ([Use.TIME_STAMPING], False, Reason.PATH),
        ([Use.TIME_STAMPING, Use.CODE_SIGNING], True, Reason.PATH),
    ):
        leaf = below((x509.ExtendedKeyUsage(allowed), critical))
        assert standing(leaf.der, [middle().der], base, AT, Purpose.TIME_STAMPS).reason is reason


# names

GENERAL = x509.GeneralName
DNS, MAIL, URI = x509.DNSName, x509.RFC822Name, x509.UniformResourceIdentifier
COUNTRY = x509.DirectoryName(x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "VN")]))


def network(text: str) -> x509.IPAddress:
    return x509.IPAddress(ipaddress.ip_network(text))


def address(text: str) -> x509.IPAddress:
    return x509.IPAddress(ipaddress.ip_address(text))


def number(text: str) -> x509.RegisteredID:
    return x509.RegisteredID(x509.ObjectIdentifier(text))


NAMES: list[tuple[str, GENERAL, GENERAL, bool]] = [
    ("the host", DNS("gov.vn"), DNS("GOV.vn"), True),
    ("below the host", DNS("gov.vn"), DNS("a.b.gov.vn"), True),
    ("beside the host", DNS("gov.vn"), DNS("mygov.vn"), False),
    ("mail of the host", MAIL("gov.vn"), MAIL("Me@gov.VN"), True),
    ("mail below the host", MAIL("gov.vn"), MAIL("me@a.gov.vn"), False),
    ("mail below the domain", MAIL(".gov.vn"), MAIL("me@a.gov.vn"), True),
    ("mail of the domain", MAIL(".gov.vn"), MAIL("me@gov.vn"), False),
    ("the mailbox", MAIL("me@gov.vn"), MAIL("me@gov.vn"), True),
    ("another mailbox", MAIL("me@gov.vn"), MAIL("ME@gov.vn"), False),
    ("address", URI("gov.vn"), URI("https://gov.vn:8/x"), True),
    ("address below", URI(".gov.vn"), URI("ftp://a.gov.vn"), True),
    ("address beside", URI("gov.vn"), URI("http://x@evil.vn/gov.vn"), False),
    ("address without a host", URI("gov.vn"), URI("urn:x"), False),
    ("number", network("10.0.0.0/8"), address("10.9.8.7"), True),
    ("number beside", network("10.0.0.0/8"), address("11.0.0.1"), False),
    ("long number", network("2001:db8::/32"), address("2001:db8::1"), True),
    ("number of the other family", network("10.0.0.0/8"), address("::1"), False),
    ("directory", COUNTRY, x509.DirectoryName(named("x")), True),
    ("mail with two signs", MAIL("gov.vn"), MAIL._init_without_validation("a@b@gov.vn"), False),
    ("host with a point before it", DNS("gov.vn"), DNS(".gov.vn"), False),
    ("registered", number("1.2.3"), number("1.2.4"), False),
]  # fmt: skip


@pytest.mark.parametrize(("base", "name", "within"), [row[1:] for row in NAMES], ids=[row[0] for row in NAMES])
def test_names_within_what_is_permitted(base: GENERAL, name: GENERAL, *, within: bool) -> None:
    strict = made("Strict", root(), ca=True, extensions=[(x509.NameConstraints([base], None), True)])
    leaf = below((x509.SubjectAlternativeName([name]), False), by=strict)
    assert judged(leaf, between=[strict]) is (Reason.OK if within else Reason.PATH)
    strict = made("Strict", root(), ca=True, extensions=[(x509.NameConstraints(None, [base]), True)])
    leaf = below((x509.SubjectAlternativeName([name]), False), by=strict)
    undecided = isinstance(base, x509.RegisteredID) or name.value in ("urn:x", "a@b@gov.vn", ".gov.vn")
    assert judged(leaf, between=[strict]) is (Reason.PATH if within or undecided else Reason.OK)


@pytest.mark.parametrize(
    "base",
    [DNS("*.gov.vn"), DNS(".gov.vn"), MAIL._init_without_validation("a@b@gov.vn"), address("10.0.0.1"), DNS("-")],
    ids=lambda base: str(base.value),
)
def test_a_constraint_that_is_none_lets_nobody_through(base: GENERAL) -> None:
    constraints = x509.NameConstraints([DNS("x")], None)
    constraints._permitted_subtrees = [base]
    strict = made("Strict", root(), ca=True, extensions=[(constraints, True)])
    assert judged(below(by=strict), between=[strict]) is Reason.PATH


def test_a_wild_card_may_stand_for_what_is_excluded() -> None:
    strict = made(
        "Strict", root(), ca=True, extensions=[(x509.NameConstraints(None, [x509.DNSName("a.gov.vn")]), True)]
    )
    wild = below((x509.SubjectAlternativeName([x509.DNSName("*.gov.vn")]), False), by=strict)
    assert judged(wild, between=[strict]) is Reason.PATH


def test_mail_within_the_subject_counts_where_there_is_no_alternative_name() -> None:
    strict = made(
        "Strict", root(), ca=True, extensions=[(x509.NameConstraints([x509.RFC822Name("gov.vn")], None), True)]
    )
    assert judged(made(named("x", EMAIL_ADDRESS="me@gov.vn"), strict), between=[strict]) is Reason.OK
    assert judged(made(named("x", EMAIL_ADDRESS="me@evil.vn"), strict), between=[strict]) is Reason.PATH


def test_thousands_of_names_against_thousands_of_constraints() -> None:
    bases = [x509.DNSName(f"a{number}.vn") for number in range(2000)]
    strict = made("Strict", root(), ca=True, extensions=[(x509.NameConstraints(bases, None), True)])
    leaf = below(
        (x509.SubjectAlternativeName([x509.DNSName(f"x.a{number}.vn") for number in range(2000)]), False), by=strict
    )
    start = process_time()
    assert judged(leaf, between=[strict]) is Reason.OK
    assert process_time() - start < 2


# algorithms

EDWARDS = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))


def signed(by: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey, subject: Any, how: Any, hashed: Any) -> bytes:
    name = authority.name("Ký")
    builder = x509.CertificateBuilder().subject_name(authority.name("Lá")).issuer_name(name).public_key(subject)
    builder = builder.serial_number(7).not_valid_before(AT - DAY).not_valid_after(AT + DAY)
    return builder.sign(by, hashed, rsa_padding=how).public_bytes(Encoding.DER)


def anchor_of(by: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    name = authority.name("Ký")
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(by.public_key())
    builder = builder.serial_number(8).not_valid_before(AT - DAY).not_valid_after(AT + DAY)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    hashed = hashes.SHA256() if isinstance(by, rsa.RSAPrivateKey) else None
    return builder.sign(by, hashed).public_bytes(Encoding.DER)


PSS = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
ALGORITHMS: dict[str, tuple[Any, Callable[[], Any], Any, Any, Reason]] = {
    "RSA": (authority.key("ký"), lambda: authority.key("lá").public_key(), None, hashes.SHA384(), Reason.OK),
    "RSA with PSS": (authority.key("ký"), lambda: authority.key("lá").public_key(), PSS, hashes.SHA256(), Reason.OK),
    "Ed25519": (EDWARDS, EDWARDS.public_key, None, None, Reason.OK),
    "RSA of 1024 bits": (
        authority.key("ký"), lambda: authority.key("ngắn", 1024).public_key(), None, hashes.SHA256(),
        Reason.WEAK_ALGORITHM),
    "SHA-224": (
        authority.key("ký"), lambda: authority.key("lá").public_key(), None, hashes.SHA224(), Reason.WEAK_ALGORITHM),
    "by an RSA key of 1024 bits": (
        authority.key("ngắn", 1024), lambda: authority.key("lá").public_key(), None, hashes.SHA256(),
        Reason.WEAK_ALGORITHM),
    "DSA of 1024 bits": (
        authority.key("ký"), lambda: authority.dsa_key().public_key(), None, hashes.SHA256(), Reason.WEAK_ALGORITHM),
}  # fmt: skip


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_algorithms(algorithm: str) -> None:
    by, subject, how, hashed, reason = ALGORITHMS[algorithm]
    leaf = signed(by, subject(), how, hashed)
    assert standing(leaf, [], TrustBase(trust=(anchor_of(by),)), AT).reason is reason


def test_a_curve_that_is_written_out_is_none() -> None:
    key_info = below().cert.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert wrong_key(key_info) == ""
    algorithm, bits = der.parts(der.only(key_info).content)
    oid, curve = der.parts(algorithm.content)
    written = der.wrapped(der.SEQUENCE, oid.whole + der.wrapped(der.SEQUENCE, curve.whole))
    assert wrong_key(der.wrapped(der.SEQUENCE, written + bits.whole))


def test_sha_1_is_weak_only_where_all_else_holds() -> None:
    leaf, *others = authority.weakly_issued().ders
    base = TrustBase(trust=(authority.anchors(),))
    assert standing(leaf, others, base, AT).reason is Reason.WEAK_ALGORITHM
    assert standing(leaf, others, base, AT + 2 * YEAR).reason is Reason.EXPIRED


# whatever bytes


def test_bytes_changed_anywhere_never_make_a_way_that_holds() -> None:
    chance = random.Random(5280)  # noqa: S311 - the same changes each time
    whole = [below().der, middle().der]
    for _ in range(300):
        leaf, between = (bytearray(one) for one in whole)
        changed = chance.choice((leaf, between))
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
        found = standing(bytes(leaf), [bytes(between)], TrustBase(trust=(root().der,)), AT)
        assert found.reason not in (Reason.OK, Reason.WEAK_ALGORITHM)


# many ways


def crossed(count: int, *, rooted: bool) -> tuple[Made, list[Made]]:
    """Authorities of one name that sign each other, each with a key of its own; a leaf below the last."""
    selves = [made("Crossed", ca=True, key_name=f"crossed {number}") for number in range(count)]
    edges = [made("Crossed", by, ca=True, key_name=of.key) for by in selves for of in selves if by is not of]
    if rooted:
        edges.append(made("Crossed", root(), ca=True, key_name="crossed 0"))
    return made("Leaf", selves[-1]), edges


@pytest.mark.parametrize("count", [8, 16, 32])
def test_authorities_that_sign_each_other_do_not_make_the_search_explode(count: int) -> None:
    leaf, edges = crossed(count, rooted=False)
    start = process_time()
    assert judged(leaf, between=edges) is Reason.UNTRUSTED
    assert process_time() - start < 5


def test_long_ways_are_for_who_asks_for_them() -> None:
    row = [root()]
    for number in range(12):
        row.append(made(f"Step {number}", row[-1], ca=True))
    leaf = below(by=row[-1])
    assert judged(leaf, between=row[1:]) is Reason.UNTRUSTED
    assert judged(leaf, between=row[1:], rules=PathRules(max_path=12)) is Reason.OK
    assert judged(leaf, between=row[1:], rules=PathRules(max_path=11)) is not Reason.OK


@pytest.mark.parametrize("count", [250, 2500])
def test_large_certificates_on_many_ways_take_seconds_at_most(count: int) -> None:
    policies = [x509.PolicyInformation(x509.ObjectIdentifier(f"1.2.3.{number}"), None) for number in range(count)]
    mapped = x509.UnrecognizedExtension(
        x509.ObjectIdentifier("2.5.29.33"),
        der.wrapped(der.SEQUENCE, b"".join(_mapping(number) for number in range(count * 3 // 5))),
    )
    names = x509.NameConstraints([x509.DNSName(f"a{number}.vn") for number in range(300)], None)
    heavy: list[Extension] = [(x509.CertificatePolicies(policies), False), (mapped, True), (names, True)]
    upper = [made("Upper", root(), ca=True, extensions=heavy) for _ in range(6)]
    lower = [made("Lower", upper[0], ca=True, extensions=heavy) for _ in range(6)]
    alternatives = x509.SubjectAlternativeName([x509.DNSName(f"x.a{number}.vn") for number in range(900)])
    leaf = below((alternatives, False), (x509.CertificatePolicies(policies), False), (UNKNOWN, True), by=lower[0])
    start = process_time()
    assert judged(leaf, between=[*upper, *lower]) is Reason.PATH
    assert process_time() - start < 5


def _mapping(number: int) -> bytes:
    pair = (ObjectIdentifier(f"1.2.3.{each}").dump() for each in (number, number + 1))
    return der.wrapped(der.SEQUENCE, b"".join(pair))


def test_a_way_through_authorities_that_sign_each_other_is_found() -> None:
    leaf, edges = crossed(4, rooted=True)
    assert judged(leaf, between=edges) is Reason.OK


def test_an_expired_way_does_not_hide_one_that_holds() -> None:
    old = made("Twice", root(), ca=True, until=AT - DAY)
    new = made("Twice", root(), ca=True)
    leaf = below(by=new)
    assert judged(leaf, between=[old, new]) is Reason.OK
    assert judged(leaf, between=[old]) is Reason.EXPIRED


def test_an_anchor_itself_is_trusted_while_it_lasts() -> None:
    assert judged(root()) is Reason.OK
    assert judged(root(), at=AT + 2 * YEAR) is Reason.EXPIRED
