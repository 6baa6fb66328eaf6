"""What the reader lets pass because clients in service write it (edXML notes §1.8, §1.13), and where that ends."""

import base64
import hashlib
import os
import time
from collections.abc import Sequence

import pytest

from hub.model.reasons import Code
from hub.wire.edxml_fields import pair
from tests.fakes.packages import NAMESPACE, File, Letter, StatusLetter, tag, wrapped
from tests.unit.wire.test_edxml_reader import codes, document, memory, open_with, read, unreadable

STUB = "JVBERi0xLjQK"


@pytest.mark.parametrize("extra", [
    '<Extra xmlns="">x</Extra>', '<Extra xmlns=""><a>x</a><b/></Extra>', '<Extra xmlns=""><From>x</From></Extra>',
    '<x:Extra xmlns:x="urn:x"/>',
])  # fmt: skip
def test_an_unknown_element_of_no_namespace_is_passed_over(extra: str) -> None:
    assert document(Letter(extra=extra).bytes()) == document(Letter().bytes())


def test_a_known_name_in_no_namespace_is_a_second_reading() -> None:
    found = document(Letter(extra='<From xmlns=""><OrganId>000.00.00.G22</OrganId></From>').bytes())
    assert codes(found) == [Code.NOT_EDXML]
    assert found.sender == "000.00.07.H99"


@pytest.mark.parametrize("extra", ["<x:Extra/>", "<Extra xmlns='u'><x:a/></Extra>"])
def test_an_undeclared_prefix_is_refused_all_the_same(extra: str) -> None:
    assert unreadable(Letter(extra=extra).bytes()).refusal.code == Code.NOT_WELL_FORMED


@pytest.mark.parametrize(("announced", "sent", "pairs"), [
    (("1", "2", "x"), ("2", "y", "1"), [2, 0, 1]),
    (("a", "2", "b"), ("2", "y", "z"), [1, 0, 2]),
    (("1", "2"), ("1", "3"), [0, 1]),
    (("1", "1"), ("1", "2"), [0, 1]),
    (("1", "2", "3"), ("1", "4"), [0, None, None]),
    (("1", "2"), ("1", "3", "4"), [0, None]),
    (("", "2"), ("2", ""), [1, 0]),
])  # fmt: skip
def test_left_over_references_take_the_parts_left_over(
    announced: Sequence[str], sent: Sequence[str], pairs: list[int | None]
) -> None:
    assert pair(announced, sent) == pairs


def test_one_content_id_that_differs_is_paired_by_position() -> None:
    letter = Letter(
        announced=[File(content_id="cid:1", name="a.pdf"), File(content_id="cid:2", name="b.pdf")],
        files=[File(content_id="1", content=b"a"), File(content_id="two", content=b"b")],
    )
    found = document(letter.bytes())
    assert found.findings == ()
    assert [(file.content_id, file.digest) for file in found.attachments] == [
        (each, hashlib.sha256(content).hexdigest()) for each, content in (("1", b"a"), ("2", b"b"))
    ]


@pytest.mark.parametrize(("old", "new"), [
    ("<edXML:OrganName>Sở Mẫu", "<edXML:OrganName><![CDATA[Sở Mẫu]]>"),
    ("<edXML:To>", "<edXML:To><!-- nơi nhận -->"),
    ("<edXML:From>", "<edXML:From><?x y?>"),
    ("<edXML:Code>", "<edXML:Code><!-- số/ký hiệu -->"),
    ("Công văn", "<![CDATA[Công văn]]>"),
    ("<edXML:Priority>1", "<edXML:Priority><![CDATA[1]]>"),
])  # fmt: skip
@pytest.mark.parametrize("size", [1, 65_536])
def test_markup_that_cuts_no_identifying_text(old: str, new: str, size: int) -> None:
    text = Letter().xml()
    assert old in text
    assert read(text.replace(old, new, 1).encode(), size) == document(Letter().bytes())


@pytest.mark.parametrize(("old", "new"), [
    ("<edXML:Code>125", "<edXML:Code>1<!-- -->25"), ("<edXML:StatusCode>03", "<edXML:StatusCode>0<![CDATA[3]]>"),
])  # fmt: skip
def test_markup_in_a_status_message(old: str, new: str) -> None:
    text = StatusLetter().bytes().decode()
    assert old in text
    assert codes(read(text.replace(old, new, 1).encode())) == [Code.HEADER_MARKUP]


def test_markup_in_many_places_costs_no_time() -> None:
    leaf = "<OrganId>x<!----></OrganId>"
    many = "".join(f"<a{m}>{''.join(f'<b{n}>{leaf}</b{n}>' for n in range(70))}</a{m}>" for m in range(70))
    begun = time.monotonic()
    found = read(Letter(extra=f"<X>{many}</X>").bytes())
    assert time.monotonic() - begun < 1.0
    assert codes(found) == [Code.HEADER_MARKUP] * 100


def in_a_section(content: bytes) -> bytes:
    whole, encoded = Letter().bytes(), base64.b64encode(content)
    return whole.replace(STUB.encode(), b"<![CDATA[" + encoded + b"]]>")


@pytest.mark.parametrize("size", [997, 65_535, 65_536, 1 << 20])
def test_a_large_attachment_in_one_cdata_section(size: int) -> None:
    content = os.urandom(1_500_000) + b"\xff" * 300_000 + bytes(300_000)
    data = in_a_section(content)
    before = memory()
    found = read(data, size)
    assert codes(found) == []
    assert found.attachments[0].digest == hashlib.sha256(content).hexdigest()  # type: ignore[union-attr]
    assert memory() - before < 4_000_000


@pytest.mark.parametrize("length", [65_530, 65_536, 65_537, 65_550, 131_072])
@pytest.mark.parametrize("tail", ["", "\r\n", " <!-- x -->", "<![CDATA[]]>"])
def test_a_section_ends_wherever_it_is_cut(length: int, tail: str) -> None:
    text = "QUJD" * (length // 4)
    whole = Letter(files=(File(encoded=f"QUJD\n<![CDATA[{text}]]>{tail}<![CDATA[QUI=]]>"),)).bytes()
    outcomes = [read(whole, size) for size in (11, 4096, 65_536, 1 << 20)]
    assert all(outcome == outcomes[0] for outcome in outcomes)
    assert codes(outcomes[0]) == []
    assert outcomes[0].attachments[0].size == 3 * (length // 4) + 5  # type: ignore[union-attr]


@pytest.mark.parametrize(("inside", "code"), [
    ("<![CDATA[" + "QUJD" * 50_000 + "<x/>]]>", Code.BASE64),
    ("<![CDATA[" + "-" * 100_000 + "]]>", Code.BASE64),
    ("<![CDATA[" + "QUJD" * 50_000, Code.NOT_WELL_FORMED),
    ("<![CDATA[" + "QUJD" * 50_000 + "\x01]]>", Code.NOT_WELL_FORMED),
    # a section that is none: its beginning stands in a comment or an instruction
    ("<!-- <![CDATA[ -->" + "QUJD" * 50_000 + "]]>", Code.NOT_WELL_FORMED),
    ("<?x <![CDATA[ ?>" + "QUJD" * 50_000 + "<?x ]]> ?>", Code.NOT_WELL_FORMED),
    ("<!-- <![CDATA[" + "QUJD" * 16_000 + "]]> -->", Code.ATTACHMENT_EMPTY),
    ("<?x ?<![CDATA[>QUJD]]><?x ?>", Code.ATTACHMENT_EMPTY),
    ("<!-- <![CDATA[ -->QUJD", None),
    ("<!-- <![CDATA[ -->QUJD<!-- ]]> -->", None),
])  # fmt: skip
@pytest.mark.parametrize("size", [11, 65_536])
def test_sections_that_are_odd(inside: str, code: Code | None, size: int) -> None:
    data = Letter(files=(File(encoded=inside),)).bytes()
    if code is Code.NOT_WELL_FORMED:
        assert unreadable(data, size).refusal.code == code
    else:
        assert codes(read(data, size)) == ([] if code is None else [code])


def test_sections_elsewhere_stay_bounded() -> None:
    for bomb in (b"<a><![CDATA[" + b"QUJD" * 40_000 + b"]]></a>", b"<a><![CDATA[" + b"x" * 5_000_000 + b"]]></a>"):
        assert unreadable(open_with(bomb)).refusal.code == Code.XML_LIMITS
    below = f'<AttachmentEncoded xmlns="{NAMESPACE}"><Attachment><ContentTransferEncoded><![CDATA[{"-" * 5_000_000}]]>'
    assert unreadable(wrapped(tag("edXMLHeader", tag("MessageHeader", "x")), below).encode()).refusal.code == (
        Code.XML_LIMITS
    )


def test_a_fault_of_an_attachment_names_its_file() -> None:
    for encoded, code in (("*", Code.BASE64), (" ", Code.ATTACHMENT_EMPTY)):
        (finding,) = document(Letter(files=(File(name="phu-luc.pdf", encoded=encoded),)).bytes()).findings
        assert (finding.code, finding.detail) == (code, "phu-luc.pdf")
