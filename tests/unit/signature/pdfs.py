"""PDFs for tests: signed by pyHanko, and changed afterwards in ways that an attacker would try."""

import io
from functools import cache

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import PdfFileWriter, copy_into_new_writer
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko_certvalidator.registry import SimpleCertificateStore
from reportlab.pdfgen.canvas import Canvas

from tests.unit.signature import authority
from tests.unit.signature.authority import Identity


@cache
def bare(pages: int = 1) -> bytes:
    """A PDF without a signature."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, invariant=1)
    for page in range(1, pages + 1):
        canvas.drawString(100, 700, f"Trang {page}")
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def signer(identity: Identity) -> SimpleSigner:
    der = identity.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    certificates = [asn1_x509.Certificate.load(one) for one in identity.ders]
    return SimpleSigner(
        signing_cert=certificates[0],
        signing_key=asn1_keys.PrivateKeyInfo.load(der),
        cert_registry=SimpleCertificateStore.from_certs(certificates[1:]),  # type: ignore[no-untyped-call]
    )


def signed_pdf(
    identity: Identity | None = None,
    pdf: bytes | None = None,
    *,
    field: str = "ChuKy1",
    digest: str = "sha256",
    subfilter: SigSeedSubFilter = SigSeedSubFilter.PADES,
) -> bytes:
    """`pdf` with one more signature."""
    metadata = PdfSignatureMetadata(field_name=field, md_algorithm=digest, subfilter=subfilter)
    made = PdfSigner(metadata, signer(identity or authority.sender()), new_field_spec=SigFieldSpec(field)).sign_pdf(
        IncrementalPdfFileWriter(io.BytesIO(pdf or bare()))
    )
    return bytes(made.getbuffer())


@cache
def good() -> bytes:
    """Signed once by the sender."""
    return signed_pdf()


@cache
def twice() -> bytes:
    """Signed by the sender, then by another agency."""
    return signed_pdf(authority.other(), good(), field="ChuKy2")


def with_page_text(pdf: bytes) -> bytes:
    """An incremental update that writes over the first page."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    stream = writer.add_object(generic.StreamObject(stream_data=b"BT /F1 30 Tf 100 600 Td (999 000 000) Tj ET"))
    page = writer.root["/Pages"]["/Kids"][0]
    page["/Contents"] = generic.ArrayObject([page.raw_get("/Contents"), stream])
    writer.update_container(page)
    return written(writer)


def with_annotation(pdf: bytes) -> bytes:
    """An incremental update that lays a note over the first page."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    note = generic.DictionaryObject()  # type: ignore[no-untyped-call]
    note[generic.pdf_name("/Type")] = generic.pdf_name("/Annot")
    note[generic.pdf_name("/Subtype")] = generic.pdf_name("/FreeText")
    note[generic.pdf_name("/Rect")] = generic.ArrayObject(map(generic.FloatObject, (0, 0, 500, 500)))
    note[generic.pdf_name("/Contents")] = generic.pdf_string("khác")
    page = writer.root["/Pages"]["/Kids"][0]
    existing = list(page["/Annots"]) if "/Annots" in page else []
    page["/Annots"] = generic.ArrayObject([*existing, writer.add_object(note)])
    writer.update_container(page)
    return written(writer)


def with_validation_data(pdf: bytes) -> bytes:
    """What PAdES-LT appends: a document security store with the issuer's certificate."""
    file = io.BytesIO(pdf)
    certificate = asn1_x509.Certificate.load(authority.sender().ders[1])
    DocumentSecurityStore.add_dss(file, sig_contents=None, certs=[certificate])
    return file.getvalue()


def written(writer: IncrementalPdfFileWriter | PdfFileWriter) -> bytes:
    out = io.BytesIO()
    writer.write(out)  # type: ignore[no-untyped-call]
    return out.getvalue()


def byte_range(pdf: bytes) -> tuple[int, int, int, int]:
    """The last signature's byte range."""
    reader = PdfFileReader(io.BytesIO(pdf))
    first, length, second, rest = reader.embedded_signatures[-1].byte_range
    return int(first), int(length), int(second), int(rest)


def with_byte_range(pdf: bytes, *numbers: int) -> bytes:
    """The same file with other numbers in the byte range, padded to the same length."""
    start = pdf.rindex(b"/ByteRange")
    end = pdf.index(b"]", start) + 1
    text = b"/ByteRange [" + b" ".join(b"%d" % number for number in numbers)
    assert len(text) < end - start
    return pdf[:start] + text.ljust(end - start - 1) + b"]" + pdf[end:]


def with_contents(pdf: bytes, message: bytes) -> bytes:
    """The same file with another CMS message in the reserved space."""
    _, start, stop, _ = byte_range(pdf)
    room = stop - start - 2
    letters = message.hex().encode()
    assert len(letters) <= room
    return pdf[: start + 1] + letters.ljust(room, b"0") + pdf[stop - 1 :]


def message_of(pdf: bytes) -> bytes:
    """The CMS message with the zeros behind it."""
    _, start, stop, _ = byte_range(pdf)
    return bytes.fromhex(pdf[start + 1 : stop - 1].decode())


@cache
def streamed() -> bytes:
    """The same page written with object streams and a cross-reference stream, as newer writers do."""
    writer = copy_into_new_writer(PdfFileReader(io.BytesIO(bare())))
    writer.stream_xrefs = True
    return written(writer)
