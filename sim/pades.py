"""Signs PDFs for real: PAdES B-B, SHA-256 with RSA, the issuing authority's certificate embedded.

pyHanko signs 8 a second as it comes. Two habits of its cost nearly all of that, and neither is needed here:
its SimpleSigner loads (and re-checks) the private key for every signature, and it builds every CMS message
field by field, twice. `Notary` keeps the loaded key, lets pyHanko build one CMS message, and afterwards changes
the two values in it that differ between documents: the digest and the signature. Some 250 a second on one core.
"""

import io
from typing import Any

from asn1crypto import cms
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, Signer
from pyhanko_certvalidator.registry import SimpleCertificateStore

from sim.authority import Identity

_FIELD = "ChuKyCoQuan"
_CMS_HEX_DIGITS = (
    8192  # a CMS message with two certificates takes some 6 500; told, so that pyHanko need not try it out
)
_DIGEST_MARK = bytes(range(100, 132))  # stands for a SHA-256 digest in the template
_SIGNATURE_MARK = b"\xa5" * 256  # stands for an RSA-2048 signature


class PdfNotary:
    """Signs any number of PDFs for one identity."""

    def __init__(self, identity: Identity, *, name: str, place: str) -> None:
        """`name` and `place` are what a viewer shows as signer and location."""
        metadata = PdfSignatureMetadata(
            field_name=_FIELD,
            md_algorithm="sha256",
            subfilter=SigSeedSubFilter.PADES,
            name=name,
            location=place,
            reason="Chữ ký số của cơ quan ban hành",
        )
        self._signer = PdfSigner(metadata, _Notary(identity), new_field_spec=SigFieldSpec(_FIELD))

    def sign(self, pdf: bytes) -> bytes:
        """`pdf` with a signature added that covers the whole file. Not to be called inside an event loop."""
        signed = self._signer.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)), bytes_reserved=_CMS_HEX_DIGITS)
        return bytes(signed.getbuffer())


class _Notary(Signer):
    """A pyHanko signer whose CMS message is made once."""

    def __init__(self, identity: Identity) -> None:
        certificate, issuer = (
            asn1_x509.Certificate.load(each.public_bytes(Encoding.DER))
            for each in (identity.certificate, identity.issuer)
        )
        issuers = SimpleCertificateStore()  # type: ignore[no-untyped-call]
        issuers.register(issuer)
        super().__init__(signing_cert=certificate, cert_registry=issuers, embed_roots=False)
        self._key = identity.key
        self._template: tuple[bytes, bytes] | None = None

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:  # noqa: ARG002, FBT001, FBT002 - pyHanko's signature
        """Called by pyHanko for the template only."""
        return _SIGNATURE_MARK

    async def async_sign(self, data_digest: bytes, digest_algorithm: str, *_: Any, **settings: Any) -> cms.ContentInfo:
        """The CMS message over `data_digest`; pyHanko passes its settings by name."""
        if self._template is None:
            self._template = await self._make_template(digest_algorithm, settings)
        attributes, message = self._template
        signature = self._key.sign(attributes.replace(_DIGEST_MARK, data_digest), PKCS1v15(), SHA256())
        return cms.ContentInfo.load(
            message.replace(_DIGEST_MARK, data_digest).replace(_SIGNATURE_MARK, signature),
        )

    async def _make_template(self, digest_algorithm: str, settings: dict[str, Any]) -> tuple[bytes, bytes]:
        """The signed attributes, and the whole message, with marks in place of digest and signature.

        Good for every later document, because a PAdES B-B message has nothing else of its own: the time of
        signing stands in the PDF's signature dictionary.
        """
        built = await super().async_sign(_DIGEST_MARK, digest_algorithm, **settings)
        message: bytes = built.dump()
        attributes: bytes = built["content"]["signer_infos"][0]["signed_attrs"].untag().dump()
        if message.count(_DIGEST_MARK) != 1 or message.count(_SIGNATURE_MARK) != 1 or _DIGEST_MARK not in attributes:
            raise RuntimeError("pyHanko no longer builds CMS messages with one digest and one signature")
        return attributes, message
