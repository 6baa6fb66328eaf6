"""PDFs with form fields: certified, filled in as they may and as they may not, and with fields that lie."""

import io
from functools import cache

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer
from pyhanko.sign.fields import FieldMDPAction, FieldMDPSpec, MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner
from reportlab.pdfgen.canvas import Canvas

from tests.unit.signature import authority, pdfs


@cache
def form() -> bytes:
    """A page with two text fields."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, invariant=1)
    canvas.drawString(100, 700, "Giấy đề nghị")
    for place, name in enumerate(("SoTien", "NguoiNhan")):
        canvas.acroForm.textfield(name=name, value="0", x=100, y=600 - 50 * place, width=200, height=20)
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def certified(permission: MDPPerm, *, locked: str = "") -> bytes:
    """The form with a certification signature."""
    metadata = PdfSignatureMetadata(
        field_name="ChungNhan", md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES, certify=True,
        docmdp_permissions=permission,
    )  # fmt: skip
    lock = FieldMDPSpec(FieldMDPAction.INCLUDE, [locked]) if locked else None
    spec = SigFieldSpec("ChungNhan", field_mdp_spec=lock, doc_mdp_update_value=permission)
    made = PdfSigner(metadata, pdfs.signer(authority.sender()), new_field_spec=spec).sign_pdf(
        IncrementalPdfFileWriter(io.BytesIO(form()))
    )
    return bytes(made.getbuffer())


def filled(pdf: bytes, name: str = "SoTien", value: str = "999") -> bytes:
    """The field with another value and another look, by an update."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    fields = writer.root["/AcroForm"]["/Fields"]
    field = next(fields[place] for place in range(len(fields)) if fields[place]["/T"] == name)
    field[generic.pdf_name("/V")] = generic.pdf_string(value)
    look = generic.StreamObject(
        {
            generic.pdf_name("/Type"): generic.pdf_name("/XObject"),
            generic.pdf_name("/Subtype"): generic.pdf_name("/Form"),
            generic.pdf_name("/BBox"): generic.ArrayObject(map(generic.NumberObject, (0, 0, 200, 20))),
        },
        stream_data=b"/Tx BMC BT /Helv 12 Tf 2 5 Td (%s) Tj ET EMC" % value.encode(),
    )
    field[generic.pdf_name("/AP")] = generic.DictionaryObject({  # type: ignore[no-untyped-call]
        generic.pdf_name("/N"): writer.add_object(look)
    })  # fmt: skip
    writer.update_container(field)
    return pdfs.written(writer)


def approved(pdf: bytes) -> bytes:
    """One more signature, by another agency."""
    return pdfs.signed_pdf(authority.other(), pdf, field="PheDuyet")


def with_second_field(pdf: bytes, name: str) -> bytes:
    """One more signature field, by an update, that points to the signature there is."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    form_dictionary = writer.root["/AcroForm"]
    fields = form_dictionary["/Fields"]
    copy = generic.DictionaryObject(dict(fields[0].items()))  # type: ignore[no-untyped-call]
    copy[generic.pdf_name("/T")] = generic.pdf_string(name)
    form_dictionary[generic.pdf_name("/Fields")] = generic.ArrayObject([*fields, writer.add_object(copy)])
    writer.update_container(form_dictionary)
    writer.update_root()  # type: ignore[no-untyped-call]
    return pdfs.written(writer)


def without_field(pdf: bytes) -> bytes:
    """An update that takes the last signature's field out of the form."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    form_dictionary = writer.root["/AcroForm"]
    form_dictionary[generic.pdf_name("/Fields")] = generic.ArrayObject(list(form_dictionary["/Fields"])[:-1])
    writer.update_container(form_dictionary)
    writer.update_root()  # type: ignore[no-untyped-call]
    return pdfs.written(writer)


def encrypted(password: str) -> bytes:
    """The page, encrypted."""
    writer = copy_into_new_writer(PdfFileReader(io.BytesIO(pdfs.bare())))
    writer.encrypt(owner_pass="owner", user_pass=password)  # type: ignore[no-untyped-call]
    return pdfs.written(writer)


def signed_encrypted(password: str) -> bytes:
    """The encrypted page, signed."""
    writer = IncrementalPdfFileWriter(io.BytesIO(encrypted(password)))
    writer.encrypt(password)  # type: ignore[no-untyped-call]
    metadata = PdfSignatureMetadata(field_name="ChuKy1", md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES)
    made = PdfSigner(metadata, pdfs.signer(authority.sender()), new_field_spec=SigFieldSpec("ChuKy1")).sign_pdf(writer)
    return bytes(made.getbuffer())
