import stat
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from sim.agencies import Agency, AgencyCode
from sim.authority import Authority, Standing, open_authority
from tests.unit.sim.conftest import NOW

G22 = AgencyCode("000.00.00.G22")


def crl(path: Path) -> x509.CertificateRevocationList:
    return x509.load_der_x509_crl(path.read_bytes())


def test_the_subject_names_the_agency_by_uid(authority: Authority) -> None:
    subject = authority.identity(G22).certificate.subject

    assert [each.value for each in subject.get_attributes_for_oid(NameOID.USER_ID)] == [G22]
    assert [each.value for each in subject.get_attributes_for_oid(NameOID.COMMON_NAME)] == ["Văn phòng Chính phủ"]


def test_certificates_are_for_signing_documents(authority: Authority) -> None:
    usage = authority.identity(G22).certificate.extensions.get_extension_for_class(x509.KeyUsage).value

    assert usage.digital_signature
    assert usage.content_commitment
    assert not usage.key_cert_sign


def test_the_key_belongs_to_the_certificate(authority: Authority) -> None:
    for standing in Standing:
        identity = authority.identity(G22, standing)
        assert identity.certificate.public_key() == identity.key.public_key()


def test_anchors_hold_the_root_alone(authority: Authority) -> None:
    (root,) = x509.load_pem_x509_certificates(authority.anchors.read_bytes())

    assert root.subject == root.issuer
    authority.identity(G22).issuer.verify_directly_issued_by(root)


def test_a_rogue_issuer_has_the_names_but_not_the_key(authority: Authority) -> None:
    good, rogue = authority.identity(G22).issuer, authority.identity(G22, Standing.UNKNOWN_AUTHORITY).issuer

    assert (good.subject, good.issuer) == (rogue.subject, rogue.issuer)
    assert good.public_key() != rogue.public_key()


def test_the_crl_names_the_revoked_certificates_and_no_others(
    authority: Authority, agencies: tuple[Agency, ...]
) -> None:
    listed = {entry.serial_number for entry in crl(authority.crls / "issuing.crl")}
    revoked = {authority.identity(agency.code, Standing.REVOKED).certificate.serial_number for agency in agencies}

    assert listed == revoked
    assert not list(crl(authority.crls / "root.crl"))


def test_private_keys_are_for_their_owner_only(authority: Authority) -> None:
    for path in authority.state.rglob("*key.pem"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_reopening_keeps_keys_enrols_newcomers_and_renews_crls(tmp_path: Path, agencies: tuple[Agency, ...]) -> None:
    first = open_authority(tmp_path, agencies[:2], NOW)
    again = open_authority(tmp_path, agencies[:3], NOW)
    later = open_authority(tmp_path, agencies[:3], NOW + timedelta(days=29))

    code, newcomer = agencies[0].code, agencies[2].code
    assert first.fingerprint == again.fingerprint == later.fingerprint
    assert first.identity(code).certificate == later.identity(code).certificate
    assert later.identity(newcomer).certificate.subject != later.identity(code).certificate.subject
    until = crl(later.crls / "issuing.crl").next_update_utc
    assert until is not None
    assert until > NOW + timedelta(days=50)


def test_an_authority_that_was_never_made_is_missed(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Authority(tmp_path)
