"""What the reader reads, and each flaw by name with the code it is answered with."""

import base64
import hashlib
import os
import time
from collections.abc import Sequence

import pytest

from hub.model.reasons import Code
from hub.wire.edxml import ReadDocument, ReadStatus, Unreadable
from hub.wire.edxml_reader import EdxmlReader
from tests.fakes.packages import DECLARATION, NAMESPACE, File, Letter, StatusLetter, tag, wrapped

PDF = b"%PDF-1.7 " + bytes(range(256)) * 5


def read(data: bytes, size: int = 65_536) -> ReadDocument | ReadStatus:
    reader = EdxmlReader()
    for start in range(0, len(data), size):
        reader.feed(data[start : start + size])
    return reader.close()


def document(data: bytes) -> ReadDocument:
    message = read(data)
    assert isinstance(message, ReadDocument)
    return message


def codes(message: ReadDocument | ReadStatus) -> list[str]:
    return [finding.code for finding in message.findings]


def unreadable(data: bytes, size: int = 65_536) -> Unreadable:
    with pytest.raises(Unreadable) as raised:
        read(data, size)
    return raised.value


def test_a_document_as_java_clients_write_it() -> None:
    found = document(Letter(files=(File(content=PDF),)).bytes())
    assert found.findings == ()
    assert found.sender == "000.00.07.H99"
    assert found.sender_name == "Sở Mẫu tỉnh Ví Dụ"
    assert found.recipients == ("000.00.00.G99", "H98.12")
    assert found.document_id == "000.00.07.H99,2026/11/20,125/SM-VP"
    assert (found.number, found.notation) == ("125", "SM-VP")
    assert found.subject == "V/v lấy ý kiến dự thảo kế hoạch mẫu năm 2027"
    assert found.type_name == "Công văn"
    assert found.promulgation_date == "2026/11/20"
    assert (found.priority, found.business_type, found.paper) == ("1", "0", "0")
    (attachment,) = found.attachments
    assert attachment.content_id == "1"
    assert attachment.name == "125-SM-VP.signed.pdf"
    assert attachment.size == len(PDF)
    assert attachment.digest == hashlib.sha256(PDF).hexdigest()
    assert attachment.head == PDF[:16]


def test_a_status_message() -> None:
    found = read(StatusLetter().bytes())
    assert isinstance(found, ReadStatus)
    assert found.findings == ()
    assert (found.reporter, found.addressee) == ("000.00.00.G99", "000.00.07.H99")
    assert (found.code, found.status, found.promulgation_date) == ("125/SM-VP", "03", "2026/11/20")
    assert found.document_id == "000.00.07.H99,2026/11/20,125/SM-VP"
    assert found.staff.name == "Phạm Thị Mẫu"
    assert found.timestamp == "2026/11/20 10:02:41"


def test_any_prefix() -> None:
    text = Letter().xml().replace("edXML:", "x:").replace(f'xmlns:edXML="{NAMESPACE}"', f'xmlns:x="{NAMESPACE}"')
    assert document(text.encode()) == document(Letter().bytes())


def test_no_prefix_at_all() -> None:
    text = Letter().xml().replace("edXML:", "").replace(f' xmlns:edXML="{NAMESPACE}"', "")
    assert document(text.encode()) == document(Letter().bytes())


def test_order_of_the_vendors_dotnet_library() -> None:
    java = Letter().xml()
    identifier = tag("DocumentId", Letter().document_id)
    other = java.replace(identifier, "", 1).replace("</edXML:MessageHeader>", f"{identifier}</edXML:MessageHeader>")
    assert document(other.encode()) == document(java.encode())


def test_absent_bussiness_and_trace() -> None:
    text = Letter().xml()
    cut = text[: text.index("<edXML:TraceHeaderList>")] + text[text.index("</edXML:TraceHeaderList>") + 24 :]
    found = document(cut.encode())
    assert (found.business_type, found.paper, found.findings) == ("", "", ())


def test_paper_directly_below_the_trace_list() -> None:
    text = Letter().xml().replace("<edXML:Paper>0</edXML:Paper>", "")
    text = text.replace("</edXML:TraceHeaderList>", "<edXML:Paper>1</edXML:Paper></edXML:TraceHeaderList>")
    assert document(text.encode()).paper == "1"


def test_empty_elements_are_absent() -> None:
    text = Letter().xml().replace("</edXML:TypeName>", "</edXML:TypeName><edXML:X/>").replace("Công văn", "  ")
    assert document(text.encode()).type_name == ""


def test_byte_order_mark_and_no_declaration() -> None:
    letter = Letter().xml()
    assert document(b"\xef\xbb\xbf" + letter.encode()).findings == ()
    assert document(letter.removeprefix(DECLARATION).encode()).findings == ()
    assert document(letter.replace("UTF-8", "utf-8").encode()).findings == ()


def test_dummy_signature_is_passed_over_in_any_namespace() -> None:
    for signature in (
        "<Signature><SignedInfo><Reference URI=''><From>x</From></Reference></SignedInfo></Signature>",
        "<Signature xmlns='http://www.w3.org/2000/09/xmldsig#'><SignedInfo/></Signature>",
        "<edXML:DigitalSignature/>",
    ):
        text = Letter().xml().replace("</edXML:edXMLHeader>", f"{signature}</edXML:edXMLHeader>")
        assert document(text.encode()) == document(Letter().bytes())


def test_unknown_elements_are_kept_out_of_the_way() -> None:
    extra = "<edXML:ApplicationType>MCDT_DT</edXML:ApplicationType><own:Note xmlns:own='urn:own'>x</own:Note>"
    assert document(Letter(extra=extra).bytes()) == document(Letter().bytes())


def test_references_of_recalls_and_replacements() -> None:
    found = document(Letter(business_type="3", concerned="a,b,c", replaced=("x", "y")).bytes())
    assert found.concerned == "a,b,c"
    assert found.replaced == ("x", "y")


def test_base64_with_line_breaks_and_indentation() -> None:
    encoded = "\r\n   " + base64.encodebytes(PDF).decode().replace("\n", "\r\n\t") + "\n"
    found = document(Letter(files=(File(encoded=encoded),)).bytes())
    assert found.findings == ()
    assert found.attachments[0].digest == hashlib.sha256(PDF).hexdigest()


@pytest.mark.parametrize("encoded", [
    "JVBERi0x=", "JVBERi0xLjQK=", "JVBERi0x*jQK", "JVBERi0xLjQ", "QR==", "QUJ=", "QQ==QQ==", "=QQQ", "QQ=Q", "ĐĐĐĐ",
    "QUJD-_8=", "QQ==\n=", "Q", "QQ", "QQQ", "====", "QUI=QUJD", "QQ\u00a0==",
])  # fmt: skip
def test_base64_that_is_not_canonical(encoded: str) -> None:
    assert codes(document(Letter(files=(File(encoded=encoded),)).bytes())) == [Code.BASE64]


def test_base64_with_an_element_inside() -> None:
    assert codes(document(Letter(files=(File(encoded="QUJD<x/>QUJD"),)).bytes())) == [Code.BASE64]


@pytest.mark.parametrize(
    ("announced", "sent"),
    [
        (("cid:1", "cid:2"), ("1", "2")),
        (("2", "1"), ("cid:1", "cid:2")),
        (("a", "b"), ("x", "y")),
        (("", ""), ("", "")),
    ],
)
def test_references_find_their_attachments(announced: Sequence[str], sent: Sequence[str]) -> None:
    letter = Letter(
        announced=[File(content_id=each, name=f"{each}.pdf") for each in announced],
        files=[File(content_id=each, content=str(place).encode()) for place, each in enumerate(sent)],
    )
    found = document(letter.bytes())
    assert found.findings == ()
    by_id = announced == ("2", "1")
    sizes = [hashlib.sha256(str(place).encode()).hexdigest() for place in ((1, 0) if by_id else (0, 1))]
    assert [attachment.digest for attachment in found.attachments] == sizes


def test_announced_but_not_sent_and_sent_but_not_announced() -> None:
    letter = Letter(announced=(File(content_id="1"), File(content_id="2")), files=(File(content_id="cid:1"),))
    assert codes(document(letter.bytes())) == [Code.ATTACHMENT_MISSING]
    letter = Letter(announced=(File(content_id="1"),), files=(File(content_id="1"), File(content_id="3")))
    assert codes(document(letter.bytes())) == [Code.ATTACHMENT_UNANNOUNCED]


def test_empty_attachment() -> None:
    assert codes(document(Letter(files=(File(encoded=" "),)).bytes())) == [Code.ATTACHMENT_EMPTY]
    text = Letter().xml().replace("<ContentTransferEncoded>JVBERi0xLjQK</ContentTransferEncoded>", "")
    assert codes(document(text.encode())) == [Code.ATTACHMENT_EMPTY]


@pytest.mark.parametrize(("old", "new"), [
    ("000.00.07.H99</edXML:OrganId><edXML:OrganName>Sở", "000.00.07<!---->.H99</edXML:OrganId><edXML:OrganName>Sở"),
    ("<edXML:OrganId>H98.12", "<edXML:OrganId><?x y?>H98.12"),
    ("<edXML:OrganId>H98.12<", "<edXML:OrganId><![CDATA[H98.12]]><"),
    ("125/SM-VP</edXML:DocumentId>", "125<!-- -->/SM-VP</edXML:DocumentId>"),
    ("<edXML:CodeNumber>125", "<edXML:CodeNumber><![CDATA[1]]>25"),
    ("<edXML:PromulgationDate>2026", "<edXML:PromulgationDate>2<!-- -->026"),
    ("<edXML:BussinessDocType>0", "<edXML:BussinessDocType>0<?x y?>"),
])  # fmt: skip
@pytest.mark.parametrize("size", [1, 7, 65_536])
def test_markup_where_it_decides_who_is_meant(old: str, new: str, size: int) -> None:
    text = Letter().xml()
    assert old in text
    found = read(text.replace(old, new, 1).encode(), size)
    assert codes(found) == [Code.HEADER_MARKUP]
    assert isinstance(found, ReadDocument)
    assert found.sender == "000.00.07.H99"  # the whole text, as a signature over it would cover it


def test_markup_elsewhere_is_no_fault() -> None:
    text = Letter().xml().replace("V/v lấy", "<![CDATA[V/v]]><!-- x --> lấy").replace("</edXML>", "</edXML><!-- -->")
    assert document(text.encode()) == document(Letter().bytes())


def test_elements_inside_an_identifier() -> None:
    text = Letter().xml().replace("<edXML:OrganId>H98.12", "<edXML:OrganId>H98<edXML:b/>.12")
    assert codes(document(text.encode())) == [Code.BAD_FIELD]


@pytest.mark.parametrize("name", ["From", "DocumentId", "Subject", "Code"])
def test_elements_that_must_not_be_repeated(name: str) -> None:
    found = document(Letter(extra=tag(name, "x")).bytes())
    assert codes(found) == [Code.BAD_FIELD]
    assert (found.findings[0].field, found.findings[0].detail) == (f"MessageHeader/{name}", "2 > 1")


def test_a_known_name_in_a_foreign_namespace() -> None:
    evil = '<x:From xmlns:x="urn:x"><x:OrganId>000.00.00.G22</x:OrganId></x:From>'
    found = document(Letter(extra=evil).bytes())
    assert codes(found) == [Code.NOT_EDXML]
    assert found.sender == "000.00.07.H99"


def test_too_long_a_field() -> None:
    found = document(Letter(subject="đ" * 2001).bytes())
    assert [(finding.code, finding.field) for finding in found.findings] == [(Code.BAD_FIELD, "MessageHeader/Subject")]
    assert document(Letter(subject="đ" * 2000).bytes()).findings == ()


def test_findings_are_bounded() -> None:
    assert len(document(Letter(recipients=["x" * 500] * 300).bytes()).findings) == 100


@pytest.mark.parametrize(("flaw", "data", "code"), [
    ("external entity", b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', Code.DTD_FORBIDDEN),
    ("external subset", b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd"><a/>', Code.DTD_FORBIDDEN),
    ("laughs", b'<!DOCTYPE a [<!ENTITY l "ha"><!ENTITY m "&l;&l;">]><a>&m;</a>', Code.DTD_FORBIDDEN),
    ("parameter entities", b'<!DOCTYPE a [<!ENTITY % p "<!ENTITY x \'y\'>"> %p;]><a/>', Code.DTD_FORBIDDEN),
    ("empty doctype", b"<!DOCTYPE a><a/>", Code.DTD_FORBIDDEN),
    ("doctype after the declaration", DECLARATION.encode() + b"<!DOCTYPE edXML><edXML/>", Code.DTD_FORBIDDEN),
    ("undefined entity", f'<edXML xmlns="{NAMESPACE}">&x;</edXML>'.encode(), Code.NOT_WELL_FORMED),
    ("empty", b"", Code.NOT_WELL_FORMED),
    ("blank", b"  \n", Code.NOT_WELL_FORMED),
    ("no markup", b"hello", Code.NOT_WELL_FORMED),
    ("declaration alone", DECLARATION.encode(), Code.NOT_WELL_FORMED),
    ("half a declaration", b"<?xml", Code.NOT_WELL_FORMED),
    ("unclosed declaration", b"<?xml version='1.0' " + b" " * 2000, Code.NOT_WELL_FORMED),
    ("open element", Letter().bytes()[:-8], Code.NOT_WELL_FORMED),
    ("crossed elements", b"<a><b></a></b>", Code.NOT_EDXML),
    ("text before", b"x" + Letter().bytes(), Code.NOT_WELL_FORMED),
    ("blank before the declaration", b" " + Letter().bytes(), Code.NOT_WELL_FORMED),
    ("text after", Letter().bytes() + b"x", Code.NOT_WELL_FORMED),
    ("second root", Letter().bytes() + b"<edXML/>", Code.NOT_WELL_FORMED),
    ("NUL", Letter().bytes().replace(b"SM-VP", b"SM\0VP"), Code.NOT_WELL_FORMED),
    ("NUL after the end", Letter().bytes() + b"\0", Code.NOT_WELL_FORMED),
    ("control character", Letter().bytes().replace(b"SM-VP", b"SM\x1bVP"), Code.NOT_WELL_FORMED),
    ("reference to one", Letter().bytes().replace(b"SM-VP", b"SM&#x1b;VP"), Code.NOT_WELL_FORMED),
    ("not UTF-8", Letter().bytes().replace(b"SM-VP", b"SM\xffVP"), Code.NOT_WELL_FORMED),
    ("Latin-1", Letter().xml().replace("UTF-8", "ISO-8859-1").encode("latin-1", "replace"), Code.NOT_WELL_FORMED),
    ("UTF-16", Letter().xml().replace("UTF-8", "UTF-16").encode("utf-16"), Code.NOT_WELL_FORMED),
    ("UTF-16 without a word", Letter().xml().removeprefix(DECLARATION).encode("utf-16-le"), Code.NOT_WELL_FORMED),
    ("XML 1.1", Letter().bytes().replace(b'"1.0"', b'"1.1"', 1), Code.NOT_WELL_FORMED),
    ("overlong UTF-8", Letter().bytes().replace(b"SM-VP", b"SM\xc0\xafVP"), Code.NOT_WELL_FORMED),
    ("surrogates", Letter().bytes().replace(b"SM-VP", b"SM\xed\xa0\x80VP"), Code.NOT_WELL_FORMED),
    ("repeated attribute", f'<edXML xmlns="{NAMESPACE}" a="1" a="2"/>'.encode(), Code.NOT_WELL_FORMED),
    ("HTML", b"<!doctype html><html></html>", Code.NOT_WELL_FORMED),
    ("other root", b"<Envelope/>", Code.NOT_EDXML),
    ("no namespace", b"<edXML/>", Code.NOT_EDXML),
    ("the refused namespace", b'<edXML xmlns="http://www.go.vn/eDoc"/>', Code.NOT_EDXML),
    ("root of another name", f'<edxml xmlns="{NAMESPACE}"/>'.encode(), Code.NOT_EDXML),
    ("undeclared prefix", f'<edXML xmlns="{NAMESPACE}"><x:edXMLEnvelope/></edXML>'.encode(), Code.NOT_WELL_FORMED),
    ("no header", f'<edXML xmlns="{NAMESPACE}"/>'.encode(), Code.NOT_EDXML),
    ("no message header", wrapped(tag("edXMLHeader", tag("X", "y")), "").encode(), Code.NOT_EDXML),
])  # fmt: skip
@pytest.mark.parametrize("size", [1, 65_536])
def test_files_that_cannot_be_read(flaw: str, data: bytes, code: Code, size: int) -> None:
    assert unreadable(data, size).refusal.code == code, flaw


def open_with(inside: bytes) -> bytes:
    return f'<edXML xmlns="{NAMESPACE}">'.encode() + inside + b"</edXML>"


@pytest.mark.parametrize(("bomb", "data", "code"), [
    ("depth", open_with(b"<a>" * 100_000), Code.XML_DEPTH),
    ("depth of 65", open_with(b"<a>" * 64 + b"</a>" * 64), Code.XML_DEPTH),
    ("elements", open_with(b"<a/>" * 1_000_000), Code.XML_LIMITS),
    ("attribute of 11 MB", open_with(b'<a b="' + b"x" * 11_000_000 + b'"/>'), Code.XML_LIMITS),
    ("attributes", open_with(b"<a " + b" ".join(b'a%d=""' % n for n in range(100_000)) + b"/>"), Code.XML_LIMITS),
    ("30,000 attributes on many", open_with(b"".join(b'<a b="" c="" d=""/>' for _ in range(10_000))), Code.XML_LIMITS),
    ("namespaces", open_with(b"<a" + b"".join(b' xmlns:a%d="u"' % n for n in range(100_000)) + b"/>"), Code.XML_LIMITS),
    ("names", open_with(b"".join(b"<a%d/>" % n for n in range(1000))), Code.XML_LIMITS),
    ("long name", open_with(b"<" + b"a" * 300 + b"/>"), Code.XML_LIMITS),
    ("name without end", open_with(b"<" + b"a" * 5_000_000), Code.XML_LIMITS),
    ("comments", open_with(b"<!---->" * 30_000), Code.XML_LIMITS),
    ("giant comment", open_with(b"<!--" + b"x" * 5_000_000 + b"-->"), Code.XML_LIMITS),
    ("giant instruction", open_with(b"<?x " + b"x" * 5_000_000 + b"?>"), Code.XML_LIMITS),
    ("giant CDATA", open_with(b"<a><![CDATA[" + b"x" * 5_000_000 + b"]]></a>"), Code.XML_LIMITS),
    ("giant text", open_with(b"<a>" + b"x" * 100_000 + b"</a>"), Code.XML_LIMITS),
    ("texts without end", open_with(b"<a>" + (b"<b>" + b"x" * 60_000 + b"</b>") * 50 + b"</a>"), Code.XML_LIMITS),
    ("blanks after the end", Letter().bytes() + b" " * 5_000_000, Code.XML_LIMITS),
])  # fmt: skip
def test_bombs_are_defused_early(bomb: str, data: bytes, code: Code) -> None:
    begun, before = time.monotonic(), memory()
    assert unreadable(data).refusal.code == code, bomb
    assert time.monotonic() - begun < 1.0
    assert memory() - before < 20_000_000


def test_just_below_the_limits() -> None:
    deep = b"<a>" * 63 + b"</a>" * 63
    assert unreadable(open_with(deep)).refusal.code == Code.NOT_EDXML  # read to its end: only the header is missing
    wide = b"<a/>" * 19_990
    assert unreadable(open_with(wide)).refusal.code == Code.NOT_EDXML


def test_a_large_package_takes_no_memory() -> None:
    block = base64.b64encode(os.urandom(48 * 1024))
    head, tail = Letter().bytes().split(b"JVBERi0xLjQK")
    reader = EdxmlReader()
    reader.feed(head)
    reader.feed(block)
    before = peak = memory()
    for _ in range(20_000_000 // len(block)):
        reader.feed(block)
        peak = max(peak, memory())
    reader.feed(tail)
    found = reader.close()
    assert isinstance(found, ReadDocument)
    assert found.attachments[0].size > 14_000_000
    assert peak - before < 4_000_000


def test_a_thousand_recipients() -> None:
    begun = time.monotonic()
    found = document(Letter(recipients=[f"H{n:02}.{n}" for n in range(1000)]).bytes())
    assert len(found.recipients) == 1000
    assert time.monotonic() - begun < 1.0


def memory() -> int:
    with open("/proc/self/statm", encoding="ascii") as figures:  # noqa: PTH123 - one line of the kernel's
        return int(figures.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
