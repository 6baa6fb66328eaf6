"""A time stamping authority for tests, and PDFs with its stamps."""

import io
from datetime import datetime
from functools import cache

from asn1crypto import cms as asn1_cms
from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, PdfTimeStamper
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from tests.unit.signature import authority, pdf_messages, pdfs
from tests.unit.signature.authority import RECEIVED, YEAR, Identity

STAMPING = (ExtendedKeyUsageOID.TIME_STAMPING,)


@cache
def stamper(
    *, uses: tuple[x509.ObjectIdentifier, ...] | None = STAMPING, critical: bool = True, rogue: bool = False
) -> Identity:
    """A time stamping identity, right unless told otherwise."""
    key = authority.key("stamper")
    issuer = authority.key("rogue") if rogue else authority.key("issuing")
    builder = (
        x509.CertificateBuilder()
        .subject_name(authority.name("Cấp dấu thời gian"))
        .issuer_name(authority.ISSUING_NAME)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(RECEIVED - 3 * YEAR)
        .not_valid_after(RECEIVED + YEAR)
        .add_extension(authority.uses("digital_signature"), critical=True)
    )
    if uses is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage(uses), critical=critical)
    return Identity(key=key, certificate=builder.sign(issuer, hashes.SHA256()), issuers=(authority.issuing(),))


def source(moment: datetime, identity: Identity | None = None) -> DummyTimeStamper:
    """Where pyHanko gets its stamps from; they all say the same moment."""
    identity = identity or stamper()
    der = identity.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    certificates = [asn1_x509.Certificate.load(one) for one in identity.ders]
    return DummyTimeStamper(
        certificates[0],
        asn1_keys.PrivateKeyInfo.load(der),
        certs_to_embed=SimpleCertificateStore.from_certs(certificates[1:]),  # type: ignore[no-untyped-call]
        fixed_dt=moment,
    )


def stamped(moment: datetime, signer: Identity, by: Identity | None = None) -> bytes:
    """A PDF whose signature has a time stamp."""
    metadata = PdfSignatureMetadata(field_name="ChuKy1", md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES)
    made = PdfSigner(
        metadata, pdfs.signer(signer), timestamper=source(moment, by), new_field_spec=SigFieldSpec("ChuKy1")
    ).sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdfs.bare())))
    return bytes(made.getbuffer())


def with_document_stamp(pdf: bytes, moment: datetime, by: Identity | None = None) -> bytes:
    """The PDF with a time stamp of the document after all that is in it."""
    made = PdfTimeStamper(source(moment, by)).timestamp_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)), "sha256")
    return bytes(made.getbuffer())


def with_stamp_of_another(moment: datetime, signer: Identity) -> bytes:
    """A signature beside which a time stamp of another signature was put."""
    message = asn1_cms.ContentInfo.load(pdfs.message_of(stamped(moment, signer)))
    stolen = message["content"]["signer_infos"][0]["unsigned_attrs"]

    def make(covered: bytes) -> bytes:
        own = asn1_cms.ContentInfo.load(pdf_messages.message(covered, signer))
        own["content"]["signer_infos"][0]["unsigned_attrs"] = stolen
        made: bytes = own.dump(force=True)
        return made

    return pdf_messages.hand_signed(make)


def broken(pdf: bytes) -> bytes:
    """The PDF with another value for the signature of its last time stamp."""
    message = asn1_cms.ContentInfo.load(pdfs.message_of(pdf))
    message["content"]["signer_infos"][0]["signature"] = bytes(256)
    return pdfs.with_contents(pdf, message.dump(force=True))
