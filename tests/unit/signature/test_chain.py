"""The way to an anchor: the rules that the tables of flaws do not show, and what is remembered."""

from datetime import datetime, timedelta

import pytest

from services.signature.chain import Chains, NoAnchors, Revocation, TrustUnreadable
from services.signature.facts import Standing
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
