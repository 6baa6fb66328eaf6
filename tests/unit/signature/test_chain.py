"""The way to an anchor: the rules that the tables of flaws do not show, and what is remembered."""

import tracemalloc
from datetime import datetime, timedelta
from time import process_time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.x509.oid import ExtendedKeyUsageOID

from services.signature.chain import Chains, NoAnchors, Revocation, TrustUnreadable
from services.signature.facts import Standing
from services.signature.pki import der
from tests.unit.signature import authority
from tests.unit.signature.authority import RECEIVED, YEAR, Identity, issued, key

DAY = timedelta(days=1)


def standing(identity: Identity, chains: Chains | None = None, moment: datetime = RECEIVED) -> Standing:
    leaf, *others = identity.ders
    return (chains or authority.chains()).judge(leaf, others, moment).standing


def test_trusted_with_lists_in_force() -> None:
    assert standing(authority.sender()) is Standing.TRUSTED


@pytest.mark.parametrize(
    "lists",
    [
        [],
        [authority.crl(authority.ROOT_NAME, key("root"))],
        authority.crls(published=RECEIVED - 9 * DAY, until=RECEIVED - DAY),
        [authority.crl(authority.ROOT_NAME, key("root")), authority.crl(authority.ISSUING_NAME, key("rogue"))],
    ],
    ids=["none", "only the root's", "out of date", "signed by somebody else"],
)
def test_without_a_list_in_force_nobody_can_say(lists: list[bytes]) -> None:
    assert standing(authority.sender(), authority.chains(lists=lists)) is Standing.REVOCATION_UNKNOWN
    assert standing(authority.sender(), authority.chains(Revocation.OFF, lists=lists)) is Standing.TRUSTED


def test_a_list_newer_than_the_receipt_counts() -> None:
    lists = authority.crls(published=RECEIVED + DAY, until=RECEIVED + 30 * DAY)
    assert standing(authority.sender(), authority.chains(lists=lists)) is Standing.TRUSTED


def test_a_certificate_revoked_after_the_receipt_was_good_at_the_receipt() -> None:
    chains = authority.chains(lists=authority.crls(published=RECEIVED + 3 * DAY))
    identity = issued(key("sender"), authority.SENDER, serial=authority.REVOKED_LATER_SERIAL)
    assert standing(identity, chains) is Standing.TRUSTED
    assert standing(identity, chains, authority.REVOKED_LATER + DAY) is Standing.REVOKED
    assert standing(identity, chains) is Standing.TRUSTED


def test_what_is_remembered_holds_only_while_nothing_begins_or_ends() -> None:
    chains = authority.chains()
    identity = issued(key("sender"), authority.SENDER, until=RECEIVED + DAY)
    assert standing(identity, chains) is Standing.TRUSTED
    assert standing(identity, chains, RECEIVED + DAY + timedelta(seconds=5)) is Standing.EXPIRED
    assert standing(identity, chains, RECEIVED - 2 * YEAR) is Standing.NOT_YET_VALID
    assert standing(authority.sender(), chains, RECEIVED + 40 * DAY) is Standing.REVOCATION_UNKNOWN
    assert standing(identity, chains, RECEIVED + timedelta(hours=1)) is Standing.TRUSTED


def test_what_is_remembered_belongs_to_these_very_certificates() -> None:
    chains = authority.chains()
    leaf, *others = authority.sender().ders
    assert chains.judge(leaf, others, RECEIVED).standing is Standing.TRUSTED
    assert chains.judge(leaf, [], RECEIVED).standing is Standing.UNTRUSTED
    assert chains.judge(leaf, authority.rogue().ders[1:], RECEIVED).standing is Standing.UNTRUSTED


def test_an_authority_may_not_issue_below_its_path_length() -> None:
    middle = authority.certificate(
        authority.name("Giữa"), key("middle"), authority.ISSUING_NAME, key("issuing"), authority=True
    )
    leaf = authority.certificate(
        authority.name("Sở Mẫu", authority.SENDER), key("sender"), authority.name("Giữa"), key("middle")
    )
    identity = Identity(key=key("sender"), certificate=leaf, issuers=(middle, authority.issuing()))
    assert standing(identity, authority.chains(Revocation.OFF)) is Standing.PATH


def test_an_agency_may_not_issue() -> None:
    subject, issuer = authority.name("Giả", authority.OTHER), authority.name("Sở Mẫu", authority.SENDER)
    leaf = authority.certificate(subject, key("x"), issuer, key("sender"))
    identity = Identity(key=key("x"), certificate=leaf, issuers=(authority.sender().certificate, authority.issuing()))
    assert standing(identity, authority.chains(Revocation.OFF)) is Standing.PATH


def test_an_anchor_has_its_own_dates() -> None:
    old = authority.certificate(authority.ROOT_NAME, key("root"), authority.ROOT_NAME, key("root"), authority=True,
                                since=RECEIVED - 2 * YEAR, until=RECEIVED - DAY)  # fmt: skip
    chains = Chains(authority.anchors(old), authority.crls(), Revocation.OFF)
    assert standing(authority.sender(), chains) is Standing.EXPIRED


def test_an_end_entity_is_no_anchor() -> None:
    with pytest.raises(TrustUnreadable):
        Chains(authority.anchors(authority.sender().certificate), (), Revocation.OFF)


@pytest.mark.parametrize("content", [b"rubbish", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_rubbish_is_no_anchor(content: bytes) -> None:
    with pytest.raises(TrustUnreadable):
        Chains(content, (), Revocation.OFF)


def test_nobody_is_untrusted_where_nobody_is_trusted_yet() -> None:
    leaf, *others = authority.sender().ders
    with pytest.raises(NoAnchors):
        Chains(b"\n", (), Revocation.OFF).judge(leaf, others, RECEIVED)


def test_a_list_that_cannot_be_read_is_named_and_the_others_count() -> None:
    chains = Chains(authority.anchors(), [b"rubbish", *authority.crls()], Revocation.REQUIRE)
    assert chains.faults == ["CRL 0: neither PEM nor DER"]
    assert chains.size == (1, 2)
    assert standing(authority.sender(), chains) is Standing.TRUSTED


def test_hostile_certificates_are_a_fact_and_no_error() -> None:
    leaf, *_ = authority.sender().ders
    for rubbish in (b"", b"\x30", b"\x30\x80", leaf[:-9], bytes(300)):
        assert authority.chains().judge(rubbish, [rubbish], RECEIVED).standing is not Standing.TRUSTED


# what certvalidator did not do


def test_a_missing_list_of_the_root_hides_nothing() -> None:
    own = [authority.crl(authority.ISSUING_NAME, key("issuing"))]
    chains = authority.chains(lists=own)
    assert (
        standing(issued(key("sender"), authority.SENDER, serial=authority.REVOKED_SERIAL), chains) is Standing.REVOKED
    )
    assert standing(issued(key("sender"), authority.SENDER, until=RECEIVED - DAY), chains) is Standing.EXPIRED
    assert standing(issued(key("sender"), authority.SENDER, usage=authority.uses("crl_sign")), chains) is Standing.PATH
    forged = authority.certificate(authority.name("x"), key("x"), authority.ISSUING_NAME, key("forger"))
    assert standing(Identity(key=key("x"), certificate=forged, issuers=(authority.issuing(),)), chains) is (
        Standing.UNTRUSTED
    )
    assert standing(authority.sender(), chains) is Standing.REVOCATION_UNKNOWN


def for_servers() -> Identity:
    made = (
        x509.CertificateBuilder()
        .subject_name(authority.name("Máy chủ", authority.SENDER))
        .issuer_name(authority.ISSUING_NAME)
        .public_key(key("server").public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(RECEIVED - YEAR)
        .not_valid_after(RECEIVED + YEAR)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key("issuing"), hashes.SHA256())
    )
    return Identity(key=key("server"), certificate=made, issuers=(authority.issuing(),))


def test_a_servers_certificate_signs_no_documents_unless_it_is_told_to() -> None:
    assert standing(for_servers()) is Standing.PATH
    told = Chains(authority.anchors(), authority.crls(), Revocation.REQUIRE,
                  purposes=[ExtendedKeyUsageOID.SERVER_AUTH.dotted_string])  # fmt: skip
    assert standing(for_servers(), told) is Standing.TRUSTED


def long_list(entries: int) -> bytes:
    """A list of as many entries, put together by hand: the builder would take minutes."""
    tbs, algorithm, _ = der.parts(der.only(authority.crl(authority.ISSUING_NAME, key("issuing"))).content)
    fields = list(der.parts(tbs.content))
    place = max(at for at, part in enumerate(fields) if part.identifier == der.SEQUENCE)
    date = fields[place - 1].whole
    more = b"".join(
        der.wrapped(der.SEQUENCE, der.wrapped(der.INTEGER, b"\x01" + (number * 2654435761).to_bytes(15, "big")) + date)
        for number in range(entries)
    )
    whole = [part.whole for part in fields]
    whole[place] = der.wrapped(der.SEQUENCE, fields[place].content + more)
    signed = der.wrapped(der.SEQUENCE, b"".join(whole))
    signature = key("issuing").sign(signed, padding.PKCS1v15(), hashes.SHA256())
    return der.wrapped(der.SEQUENCE, signed + algorithm.whole + der.wrapped(der.BIT_STRING, b"\0" + signature))


def test_a_list_of_a_quarter_million_entries_costs_little() -> None:
    lists = [authority.crl(authority.ROOT_NAME, key("root")), long_list(250_000)]
    revoked = issued(key("sender"), authority.SENDER, serial=authority.REVOKED_SERIAL)
    tracemalloc.start()
    start = process_time()
    chains = authority.chains(lists=lists)
    assert standing(authority.sender(), chains) is Standing.TRUSTED
    assert standing(revoked, chains) is Standing.REVOKED
    assert process_time() - start < 1
    assert tracemalloc.get_traced_memory()[1] < 6 * sum(map(len, lists))
    tracemalloc.stop()


def test_the_last_good_list_stays_in_force() -> None:
    good = authority.chains()
    root = authority.crl(authority.ROOT_NAME, key("root"))
    bad = Chains(authority.anchors(), [root, b"torn"], Revocation.REQUIRE, before=good)
    assert bad.faults
    assert bad.size == (1, 2)
    assert standing(authority.sender(), bad) is Standing.TRUSTED
    again = Chains(authority.anchors(), [root, b"torn"], Revocation.REQUIRE, before=bad)
    assert standing(authority.sender(), again) is Standing.TRUSTED


def test_an_older_list_does_not_replace_a_newer_one_and_a_list_taken_away_is_gone() -> None:
    root = authority.crl(authority.ROOT_NAME, key("root"))
    good = authority.chains()
    old = authority.crl(authority.ISSUING_NAME, key("issuing"), published=RECEIVED - 9 * DAY, until=RECEIVED - DAY)
    assert standing(authority.sender(), Chains(authority.anchors(), [root, old], Revocation.REQUIRE, before=good)) is (
        Standing.TRUSTED
    )
    assert standing(authority.sender(), Chains(authority.anchors(), [root], Revocation.REQUIRE, before=good)) is (
        Standing.REVOCATION_UNKNOWN
    )
