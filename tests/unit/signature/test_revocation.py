"""Revocation by RFC 5280 §6.3 and RFC 6960: who may say what, of whom, and when."""

from collections.abc import Callable
from datetime import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID as Use

from services.signature.chain import Chains, Revocation
from services.signature.facts import Standing
from services.signature.reasons import Reason
from services.signature.verification import RevocationMode
from tests.unit.signature.authority import uses
from tests.unit.signature.hierarchy import (
    AT,
    DAY,
    YEAR,
    Extension,
    Listed,
    Made,
    judged,
    key,
    made,
    middle,
    named,
    revoked_list,
    root,
)

REQUIRE, OFF = RevocationMode.REQUIRE, RevocationMode.OFF
GOOD, BAD = 4711, 666
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\x00")


def leaf(serial: int = GOOD, *extensions: Extension) -> Made:
    return made("Leaf", middle(), serial=serial, extensions=extensions)


def reason(flag: x509.ReasonFlags) -> tuple[Extension, ...]:
    return ((x509.CRLReason(flag), False),)


def top() -> bytes:
    return revoked_list(root())


def scope(**more: object) -> Extension:
    given: dict[str, object] = {
        "full_name": None, "relative_name": None, "only_contains_user_certs": False, "only_contains_ca_certs": False,
        "only_some_reasons": None, "indirect_crl": False, "only_contains_attribute_certs": False,
    }  # fmt: skip
    return x509.IssuingDistributionPoint(**given | more), True  # type: ignore[arg-type]


def asked(serial: int, *crls: bytes, mode: RevocationMode = RevocationMode.IF_PRESENT, **more: object) -> Reason:
    given = {"between": [middle()]} | more
    return judged(leaf(serial), crls=crls, revocation=mode, **given)


def test_modes() -> None:
    assert asked(GOOD) is Reason.OK
    assert asked(GOOD, mode=REQUIRE) is Reason.REVOCATION_UNKNOWN
    assert asked(GOOD, revoked_list(middle()), mode=REQUIRE) is Reason.REVOCATION_UNKNOWN  # the authority's is open
    assert asked(GOOD, top(), revoked_list(middle()), mode=REQUIRE) is Reason.OK
    assert asked(BAD, revoked_list(middle(), Listed(serial=BAD))) is Reason.REVOKED
    assert asked(BAD, revoked_list(middle(), Listed(serial=BAD)), mode=OFF) is Reason.OK


def test_a_missing_list_hides_nothing() -> None:
    """Revoked, expired, forged: each is said although nobody can say whether the authority is revoked."""
    own = revoked_list(middle(), Listed(serial=BAD))
    assert asked(BAD, own, mode=REQUIRE) is Reason.REVOKED
    old = made("Leaf", middle(), until=AT - DAY)
    assert judged(old, between=[middle()], revocation=REQUIRE) is Reason.EXPIRED
    forged = made("Leaf", Made(cert=middle().cert, key="forger"))
    assert judged(forged, between=[middle()], revocation=REQUIRE) is Reason.UNTRUSTED
    wrong = made("Leaf", middle(), usage=uses("key_cert_sign"))
    assert judged(wrong, between=[middle()], revocation=REQUIRE) is Reason.PATH


def test_a_revoked_authority() -> None:
    lists = revoked_list(root(), Listed(serial=middle().cert.serial_number)), revoked_list(middle())
    assert asked(GOOD, *lists) is Reason.REVOKED


TIMES = [
    ("in force", AT - DAY, AT + DAY, Reason.REVOKED),
    ("from this second", AT, AT + DAY, Reason.REVOKED),
    ("until this second", AT - DAY, AT, Reason.REVOKED),
    ("not yet", AT + DAY, AT + 2 * DAY, Reason.OK),
    ("no longer", AT - 2 * DAY, AT - DAY, Reason.OK),
]


@pytest.mark.parametrize(("since", "until", "expected"), [row[1:] for row in TIMES], ids=[row[0] for row in TIMES])
def test_a_list_out_of_its_time_counts_as_absent(since: datetime, until: datetime, expected: Reason) -> None:
    own = revoked_list(middle(), Listed(serial=BAD), since=since, until=until)
    assert asked(BAD, own) is expected
    assert asked(BAD, top(), own, mode=REQUIRE) is (
        Reason.REVOKED if expected is Reason.REVOKED else Reason.REVOCATION_UNKNOWN
    )


def stranger_of_the_same_name() -> bytes:
    return revoked_list(Made(cert=middle().cert, key="forger"))


def unusable() -> dict[str, Callable[[], bytes]]:
    own = middle
    return {
        "forged": stranger_of_the_same_name,
        "unknown critical extension": lambda: revoked_list(own(), extensions=[(UNKNOWN, True)]),
        "unknown critical extension of an entry": lambda: revoked_list(
            own(), Listed(serial=1, extensions=[(UNKNOWN, True)])),
        "for authorities only": lambda: revoked_list(own(), extensions=[scope(only_contains_ca_certs=True)]),
        "for attribute certificates": lambda: revoked_list(
            own(), extensions=[scope(only_contains_attribute_certs=True)]),
        "for some reasons": lambda: revoked_list(
            own(), extensions=[scope(only_some_reasons=frozenset({x509.ReasonFlags.key_compromise}))]),
        "of another point": lambda: revoked_list(
            own(), extensions=[scope(full_name=[x509.UniformResourceIdentifier("http://a.vn/1.crl")])]),
        "a delta without its base": lambda: revoked_list(
            own(), number=9, extensions=[(x509.DeltaCRLIndicator(1), True)]),
        "under another name": lambda: revoked_list(own(), issuer=named("Nobody")),
        "unreadable": lambda: b"\x30\x03\x02\x01\x01",
    }  # fmt: skip


@pytest.mark.parametrize("flaw", unusable())
def test_a_list_that_cannot_be_used_leaves_the_question_open(flaw: str) -> None:
    assert asked(GOOD, unusable()[flaw]()) is Reason.REVOCATION_UNKNOWN
    assert asked(GOOD, top(), revoked_list(middle()), unusable()[flaw](), mode=REQUIRE) is Reason.OK


def test_who_may_not_sign_lists() -> None:
    mute = made("Mute", root(), ca=True, usage=uses("key_cert_sign"))
    below = made("Leaf", mute, serial=BAD)
    assert judged(below, between=[mute], crls=[revoked_list(mute, Listed(serial=BAD))]) is Reason.REVOCATION_UNKNOWN


def test_two_lists_for_half_the_reasons_each() -> None:
    some = frozenset({x509.ReasonFlags.key_compromise, x509.ReasonFlags.ca_compromise})
    rest = frozenset(x509.ReasonFlags) - some - {x509.ReasonFlags.unspecified, x509.ReasonFlags.remove_from_crl}
    halves = [revoked_list(middle(), Listed(serial=BAD), extensions=[scope(only_some_reasons=some)]),
              revoked_list(middle(), extensions=[scope(only_some_reasons=rest)])]  # fmt: skip
    assert asked(GOOD, top(), *halves, mode=REQUIRE) is Reason.OK
    assert asked(BAD, top(), *halves, mode=REQUIRE) is Reason.REVOKED


def test_the_list_of_the_certificates_own_point() -> None:
    where = [x509.UniformResourceIdentifier("http://a.vn/1.crl")]
    points = x509.CRLDistributionPoints([x509.DistributionPoint(where, None, None, None)]), False
    own = revoked_list(middle(), Listed(serial=BAD), extensions=[scope(full_name=where)])
    assert judged(leaf(GOOD, points), between=[middle()], crls=[own, top()], revocation=REQUIRE) is Reason.OK
    assert judged(leaf(BAD, points), between=[middle()], crls=[own, top()], revocation=REQUIRE) is Reason.REVOKED


def indirect(*, authorised: bool = True) -> tuple[Made, Extension, Made]:
    """Who makes lists for others; the point that says so; the certificate of a namesake in serial number."""
    maker = made("Lists", root(), usage=uses("crl_sign") if authorised else uses("digital_signature"))
    point = x509.DistributionPoint(None, None, None, [x509.DirectoryName(maker.name)])
    return maker, (x509.CRLDistributionPoints([point]), False), made("Other", root(), ca=True)


def test_lists_made_by_somebody_else() -> None:
    maker, point, other = indirect()
    ours = (x509.CertificateIssuer([x509.DirectoryName(middle().name)]), True)
    others = (x509.CertificateIssuer([x509.DirectoryName(other.name)]), True)
    lists = revoked_list(maker, Listed(serial=GOOD, extensions=[others]), Listed(serial=5),
                         Listed(serial=BAD, extensions=[ours]), extensions=[scope(indirect_crl=True)])  # fmt: skip
    given = {"between": [middle(), maker, other], "crls": [lists, top()], "revocation": REQUIRE}
    assert judged(leaf(GOOD, point), **given) is Reason.OK
    assert judged(leaf(BAD, point), **given) is Reason.REVOKED
    assert judged(leaf(5, point), **given) is Reason.OK  # the entry before it names another issuer
    assert judged(leaf(GOOD), **given) is Reason.REVOCATION_UNKNOWN  # it does not point there
    plain = revoked_list(maker)
    assert judged(leaf(GOOD, point), **given | {"crls": [plain, top()]}) is Reason.REVOCATION_UNKNOWN


def test_who_makes_lists_for_others_must_be_allowed_to_and_not_be_revoked() -> None:
    maker, point, _ = indirect(authorised=False)
    lists = revoked_list(maker, extensions=[scope(indirect_crl=True)])
    given = {"between": [middle(), maker], "revocation": REQUIRE}
    assert judged(leaf(GOOD, point), crls=[lists, top()], **given) is Reason.REVOCATION_UNKNOWN
    maker, point, _ = indirect()
    lists = revoked_list(maker, extensions=[scope(indirect_crl=True)])
    bad = revoked_list(root(), Listed(serial=maker.cert.serial_number))
    given = {"between": [middle(), maker], "revocation": REQUIRE}
    assert judged(leaf(GOOD, point), crls=[lists, bad], **given) is Reason.REVOCATION_UNKNOWN


def delta(*entries: Listed, base: int = 1, number: int = 2) -> bytes:
    return revoked_list(middle(), *entries, number=number, extensions=[(x509.DeltaCRLIndicator(base), True)])


def test_changes_since_a_list() -> None:
    removed = Listed(serial=BAD, extensions=reason(x509.ReasonFlags.remove_from_crl))
    held = revoked_list(middle(), Listed(serial=BAD, extensions=reason(x509.ReasonFlags.certificate_hold)))
    assert asked(BAD, held) is Reason.REVOKED
    assert asked(BAD, held, delta(removed)) is Reason.OK
    assert asked(BAD, revoked_list(middle()), delta(Listed(serial=BAD))) is Reason.REVOKED
    assert asked(BAD, revoked_list(middle()), delta(Listed(serial=BAD), base=5, number=6)) is Reason.OK
    assert asked(BAD, revoked_list(middle(), number=3), delta(Listed(serial=BAD))) is Reason.OK


def test_a_hold_ends_with_the_next_list_and_a_revocation_never_does() -> None:
    held = revoked_list(middle(), Listed(serial=BAD, extensions=reason(x509.ReasonFlags.certificate_hold)))
    assert asked(BAD, held, revoked_list(middle(), number=2)) is Reason.OK
    gone = revoked_list(middle(), Listed(serial=BAD))
    assert asked(BAD, gone, revoked_list(middle(), number=2)) is Reason.REVOKED


def test_a_reason_that_nobody_knows_is_a_reason() -> None:
    strange = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.21"), b"\x0a\x01\x07"), False
    assert asked(BAD, revoked_list(middle(), Listed(serial=BAD, extensions=[strange]))) is Reason.REVOKED


def test_who_is_on_a_list_in_force_is_revoked_whatever_the_entrys_date() -> None:
    assert asked(BAD, revoked_list(middle(), Listed(serial=BAD, since=AT + DAY))) is Reason.REVOKED


def test_a_key_is_not_to_be_relied_on_from_the_day_it_was_known_to_others() -> None:
    """Judged after receipt by a list that is newer, as the hub does."""
    suspect = (x509.InvalidityDate((AT - DAY).replace(tzinfo=None)), False)
    anchors = root().cert.public_bytes(Encoding.PEM)
    for extensions, expected in (((suspect,), Standing.REVOKED), ((), Standing.TRUSTED)):
        entry = Listed(serial=BAD, since=AT + DAY, extensions=extensions)
        newer = revoked_list(middle(), entry, since=AT + 2 * DAY, until=AT + 3 * DAY)
        chains = Chains(anchors, [top(), newer], Revocation.REQUIRE)
        assert chains.judge(leaf(BAD).der, [middle().der], AT).standing is expected


# OCSP


def said(
    of: Made, by: Made, *, issuer: Made | None = None, status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD,
    since: datetime = AT - DAY, until: datetime | None = AT + DAY, along: tuple[Made, ...] = (),
    responder: Made | None = None, nonce: bool = False, hashed: bool = False,
) -> bytes:  # fmt: skip
    revoked = status is ocsp.OCSPCertStatus.REVOKED
    encoding = ocsp.OCSPResponderEncoding.HASH if hashed else ocsp.OCSPResponderEncoding.NAME
    builder = (
        ocsp.OCSPResponseBuilder()
        .add_response(
            cert=of.cert, issuer=(issuer or middle()).cert, algorithm=hashes.SHA1(), cert_status=status,  # noqa: S303
            this_update=since, next_update=until, revocation_time=AT - 2 * DAY if revoked else None,
            revocation_reason=None)
        .responder_id(encoding, (responder or by).cert)
    )  # fmt: skip
    if along:
        builder = builder.certificates([one.cert for one in along])
    if nonce:
        builder = builder.add_extension(x509.OCSPNonce(b"12345678"), critical=False)
    return builder.sign(key(by.key), hashes.SHA256()).public_bytes(Encoding.DER)


def responder(by: Made | None = None, *, use: x509.ObjectIdentifier = Use.OCSP_SIGNING, until: datetime = AT + YEAR,
              serial: int = 0) -> Made:  # fmt: skip
    return made("Responder", by or middle(), extensions=[(x509.ExtendedKeyUsage([use]), False)], until=until,
                serial=serial)  # fmt: skip


REVOKED, UNSURE = ocsp.OCSPCertStatus.REVOKED, ocsp.OCSPCertStatus.UNKNOWN
OPEN = Reason.REVOCATION_UNKNOWN
ANSWERS: dict[str, tuple[Callable[[Made], bytes], Reason]] = {
    "by the issuer": (lambda of: said(of, middle()), Reason.OK),
    "by the issuer's key": (lambda of: said(of, middle(), hashed=True), Reason.OK),
    "with a nonce": (lambda of: said(of, middle(), nonce=True), Reason.OK),
    "revoked": (lambda of: said(of, middle(), status=REVOKED), Reason.REVOKED),
    "unknown": (lambda of: said(of, middle(), status=UNSURE), OPEN),
    "by a responder": (lambda of: said(of, responder(), along=(responder(),)), Reason.OK),
    "revoked by a responder": (lambda of: said(of, responder(), along=(responder(),), status=REVOKED), Reason.REVOKED),
    "by a responder not at hand": (lambda of: said(of, responder()), OPEN),
    "by a responder without the right": (
        lambda of: said(of, (no := responder(use=Use.CLIENT_AUTH)), along=(no,)), OPEN),
    "by a responder of the root": (lambda of: said(of, (far := responder(root())), along=(far,)), OPEN),
    "by an expired responder": (lambda of: said(of, (old := responder(until=AT - DAY)), along=(old,)), OPEN),
    "forged": (lambda of: said(of, made("Middle", ca=True, key_name="forger")), OPEN),
    "about another certificate": (lambda _: said(leaf(1), middle()), Reason.OK),
    "not yet": (lambda of: said(of, middle(), status=REVOKED, since=AT + DAY, until=AT + 2 * DAY), Reason.OK),
    "no longer": (lambda of: said(of, middle(), status=REVOKED, since=AT - 2 * DAY, until=AT - DAY), Reason.OK),
    "without an end, of today": (lambda of: said(of, middle(), status=REVOKED, since=AT, until=None), Reason.REVOKED),
    "without an end, of last year": (
        lambda of: said(of, middle(), status=REVOKED, since=AT - YEAR, until=None), Reason.OK),
    "try later": (lambda _: ocsp.OCSPResponseBuilder.build_unsuccessful(
        ocsp.OCSPResponseStatus.TRY_LATER).public_bytes(Encoding.DER), Reason.OK),
    "rubbish": (lambda _: b"rubbish", OPEN),
}  # fmt: skip


@pytest.mark.parametrize("answer", ANSWERS)
def test_answers(answer: str) -> None:
    make, expected = ANSWERS[answer]
    one = leaf()
    assert judged(one, between=[middle()], ocsps=[make(one)]) is expected


def test_answers_where_they_are_required() -> None:
    one = leaf()
    both = [said(one, middle()), said(middle(), root(), issuer=root())]
    assert judged(one, between=[middle()], ocsps=both, revocation=REQUIRE) is Reason.OK
    assert judged(one, between=[middle()], ocsps=both[:1], crls=[top()], revocation=REQUIRE) is Reason.OK
    assert judged(one, between=[middle()], ocsps=both[:1], revocation=REQUIRE) is OPEN


def test_whoever_says_revoked_wins() -> None:
    one = leaf(BAD)
    own = revoked_list(middle(), Listed(serial=BAD))
    assert judged(one, between=[middle()], ocsps=[said(one, middle())], crls=[own]) is Reason.REVOKED


def test_a_revoked_responder_says_nothing() -> None:
    one, who = leaf(), responder(serial=99)
    own = revoked_list(middle(), Listed(serial=99))
    answer = said(one, who, along=(who,))
    assert judged(one, between=[middle()], ocsps=[answer], crls=[own]) is Reason.OK  # the list itself says good
    assert (
        judged(one, between=[middle()], ocsps=[said(one, who, along=(who,), status=REVOKED)], crls=[own]) is Reason.OK
    )
