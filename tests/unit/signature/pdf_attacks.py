"""What attackers do to signed PDFs: each a function from a signed file to a forged one, byte by byte where need be."""

import io
import re

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader

from tests.unit.signature import authority, pdfs


def page_content(pdf: bytes) -> generic.Reference:
    """The first page's content stream."""
    page = PdfFileReader(io.BytesIO(pdf)).root["/Pages"]["/Kids"][0]
    reference: generic.Reference = page.raw_get("/Contents").reference
    return reference


def object_text(number: int, text: bytes = b"BT /F1 30 Tf 100 600 Td (999 000 000) Tj ET") -> bytes:
    """An object that is a content stream."""
    return b"%d 0 obj\n<< /Length %d >>\nstream\n%s\nendstream\nendobj\n" % (number, len(text), text)


def last_startxref(pdf: bytes) -> int:
    return int(re.findall(rb"startxref\s+(\d+)", pdf)[-1])


def hidden_object(pdf: bytes) -> bytes:
    """The page's content once more, after the end, in no cross-reference: a reader that repairs files shows it."""
    return pdf + object_text(page_content(pdf).idnum)


def hidden_object_and_old_end(pdf: bytes) -> bytes:
    """The same, and an end that points to the old cross-references."""
    return hidden_object(pdf) + b"startxref\n%d\n%%%%EOF\n" % last_startxref(pdf)


def hidden_object_then_validation_data(pdf: bytes) -> bytes:
    return pdfs.with_validation_data(hidden_object(pdf))


def hidden_object_then_signature(pdf: bytes) -> bytes:
    return pdfs.signed_pdf(authority.other(), hidden_object(pdf), field="ChuKy2")


def hidden_between_object_and_index(pdf: bytes) -> bytes:
    """Within a proper update: between its last object and its cross-references, all offsets put right."""
    whole = pdfs.with_validation_data(pdf)
    start = last_startxref(whole)
    added = object_text(page_content(pdf).idnum)
    moved = re.sub(rb"startxref\s+\d+\s+%%EOF\s*\Z", b"startxref\n%d\n%%%%EOF\n" % (start + len(added)), whole[start:])
    return whole[:start] + added + moved


def table(pdf: bytes, entries: dict[int, int], trailer: bytes = b"") -> bytes:
    """A cross-reference table of these numbers and offsets, its trailer, and the end."""
    reader = PdfFileReader(io.BytesIO(pdf), strict=False)
    size = max([int(reader.trailer["/Size"]), *(number + 1 for number in entries)])
    root = reader.trailer.raw_get("/Root").reference.idnum
    rows = (
        b"".join(b"%d 1\n%010d 00000 n \n" % (number, offset) for number, offset in sorted(entries.items())) or b"0 0\n"
    )
    return b"xref\n" + rows + b"trailer\n<< /Size %d /Root %d 0 R /Prev %d %s>>\n" % (
        size, root, last_startxref(pdf), trailer,
    )  # fmt: skip


def update(pdf: bytes, objects: dict[int, bytes], *, revived: dict[int, int] | None = None) -> bytes:
    """A proper incremental update with these objects; `revived` are offsets into what is already there."""
    body, offsets = bytearray(pdf), dict(revived or {})
    for number, text in objects.items():
        offsets[number] = len(body)
        body += b"%d 0 obj\n%s\nendobj\n" % (number, text)
    start = len(body)
    return bytes(body) + table(pdf, offsets) + b"startxref\n%d\n%%%%EOF\n" % start


def page_replaced(pdf: bytes) -> bytes:
    """Incremental saving attack: the page's content overwritten by a proper update."""
    number = page_content(pdf).idnum
    return update(pdf, {number: object_text(number).partition(b"obj\n")[2].rpartition(b"\nendobj")[0]})


def empty_update(pdf: bytes) -> bytes:
    return update(pdf, {})


def shadow_prepared() -> bytes:
    """A file that its author prepared: another content stands in it, hidden, before it is signed."""
    bare = pdfs.bare()
    number = page_content(bare).idnum
    hidden = object_text(number)
    place = bare.rindex(b"xref\n0")
    start = last_startxref(bare)
    moved = bare[place:].replace(b"startxref\n%d" % start, b"startxref\n%d" % (start + len(hidden)))
    return bare[:place] + hidden + moved


def shadow_hide_and_replace(prepared_and_signed: bytes) -> bytes:
    """Cross-references that bring the hidden content up."""
    number = page_content(prepared_and_signed).idnum
    return update(prepared_and_signed, {}, revived={number: prepared_and_signed.index(object_text(number))})


def nuls(pdf: bytes) -> bytes:
    return pdf + bytes(100)


def spoofed_dictionary(pdf: bytes) -> bytes:
    """The signature's dictionary once more, in an update, with another reason: same byte range, same contents."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    field = writer.root["/AcroForm"]["/Fields"][0]
    copy = generic.DictionaryObject(dict(field["/V"].items()))  # type: ignore[no-untyped-call]
    copy[generic.pdf_name("/Reason")] = generic.pdf_string("Đồng ý trả lại toàn bộ")
    field[generic.pdf_name("/V")] = writer.add_object(copy)
    writer.update_container(field)
    return pdfs.written(writer)


def wrapped(pdf: bytes) -> bytes:
    """Signature wrapping: what was signed after the message is moved back, and other objects put in between.

    The new cross-references stand where the signed end of the file points to, and a dictionary of the attacker's own
    says the byte range around all that.
    """
    first, second = pdfs.byte_range(pdf)[1:3]
    old, message = last_startxref(pdf), pdf[first:second]
    reader = PdfFileReader(io.BytesIO(pdf))
    root, field = reader.root_ref.idnum, reader.root["/AcroForm"]["/Fields"].raw_get(0).idnum
    number, size = page_content(pdf).idnum, int(reader.trailer["/Size"])
    catalogue = b"<< /Type /Catalog /Pages %d 0 R /AcroForm << /Fields [%d 0 R] /SigFlags 3 >> >>" % (
        reader.root.raw_get("/Pages").reference.idnum,
        field,
    )
    start = old + 600
    objects, offsets = bytearray(), {}
    for name, text in (
        (number, object_text(number).partition(b"obj\n")[2].rpartition(b"\nendobj")[0]),
        (root, catalogue),
        (field, b"<< /FT /Sig /Type /Annot /Subtype /Widget /Rect [0 0 0 0] /T (ChuKy1) /V %d 0 R >>" % size),
        (size, b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /ByteRange [0 %d %010d %d] "
               b"/Contents %s >>" % (first, 0, len(pdf) - second, message)),
    ):  # fmt: skip
        offsets[name] = start + len(objects)
        objects += b"%d 0 obj\n%s\nendobj\n" % (name, text)
    rows = b"".join(b"%d 1\n%010d 00000 n \n" % pair for pair in sorted(offsets.items()))
    first_table = int(re.findall(rb"startxref\s+(\d+)", pdf)[0])
    index = b"xref\n%strailer\n<< /Size %d /Root %d 0 R /Prev %d >>\n" % (rows, size + 1, root, first_table)
    middle = (b" " * (old - second) + index).ljust(start - second) + objects
    moved = second + len(middle)
    middle = middle.replace(
        b"%d %010d %d]" % (first, 0, len(pdf) - second), b"%d %010d %d]" % (first, moved, len(pdf) - second)
    )
    return pdf[:second] + middle + pdf[second:]


def forged(entries: bytes) -> bytes:
    """Universal forgery: a signature dictionary with these entries and nothing that was ever signed."""
    bare = pdfs.bare()
    reader = PdfFileReader(io.BytesIO(bare))
    number, catalogue = int(reader.trailer["/Size"]), io.BytesIO()
    reader.root.write_to_stream(catalogue, None)
    return update(
        bare,
        {
            number: b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached %s >>" % entries,
            number + 1: b"<< /FT /Sig /Type /Annot /Subtype /Widget /Rect [0 0 0 0] /T (ChuKy1) /V %d 0 R >>" % number,
            reader.root_ref.idnum: catalogue.getvalue().rstrip().removesuffix(b">>")
            + b" /AcroForm << /Fields [%d 0 R] /SigFlags 3 >> >>" % (number + 1),
        },
    )


def shadow_hidden_layer() -> bytes:
    """Shadow hide: the author lays an image over the text before it is signed; afterwards the layer goes."""
    layered = pdfs.with_annotation(pdfs.bare())
    signed = pdfs.signed_pdf(pdf=layered)
    writer = IncrementalPdfFileWriter(io.BytesIO(signed))
    page = writer.root["/Pages"]["/Kids"][0]
    page[generic.pdf_name("/Annots")] = generic.ArrayObject(list(page["/Annots"])[1:])
    writer.update_container(page)
    return pdfs.written(writer)


def with_page(pdf: bytes) -> bytes:
    """An update that adds a page."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    pages = writer.root["/Pages"]
    page = generic.DictionaryObject({  # type: ignore[no-untyped-call]
        generic.pdf_name("/Type"): generic.pdf_name("/Page"),
        generic.pdf_name("/Parent"): writer.root.raw_get("/Pages"),
        generic.pdf_name("/MediaBox"): generic.ArrayObject(map(generic.NumberObject, (0, 0, 100, 100))),
    })  # fmt: skip
    pages[generic.pdf_name("/Kids")] = generic.ArrayObject([*pages["/Kids"], writer.add_object(page)])
    pages[generic.pdf_name("/Count")] = generic.NumberObject(len(pages["/Kids"]))  # type: ignore[no-untyped-call]
    writer.update_container(pages)
    return pdfs.written(writer)


def with_action(pdf: bytes) -> bytes:
    """An update that makes the document run a script when it is opened."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    action = generic.DictionaryObject({  # type: ignore[no-untyped-call]
        generic.pdf_name("/S"): generic.pdf_name("/JavaScript"),
        generic.pdf_name("/JS"): generic.pdf_string("app.alert(1)"),
    })  # fmt: skip
    writer.root[generic.pdf_name("/OpenAction")] = writer.add_object(action)
    writer.update_root()  # type: ignore[no-untyped-call]
    return pdfs.written(writer)


def font_replaced(pdf: bytes) -> bytes:
    """Shadow replace: the font that the text is written in becomes another."""
    page = PdfFileReader(io.BytesIO(pdf)).root["/Pages"]["/Kids"][0]
    fonts = page["/Resources"]["/Font"]
    number = fonts.raw_get(next(iter(fonts))).reference.idnum
    return update(pdf, {number: b"<< /Type /Font /Subtype /Type1 /Name /F1 /BaseFont /ZapfDingbats >>"})
