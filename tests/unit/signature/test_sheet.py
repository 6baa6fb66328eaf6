"""Cutting long texts out must change nothing: neither the canonical form nor what the base64 stands for."""

import base64
import hashlib
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from services.signature.facts import Reading
from services.signature.sheet import Sheet, Unreadable, lay_out, parse

LONG = base64.b64encode(bytes(range(256)) * 300).decode()
HUGE = etree.XMLParser(huge_tree=True)


def sheet_of(text: str) -> Sheet:
    data = text.encode()
    return lay_out(data, hashlib.sha256(data).hexdigest())


def canonical(text: bytes) -> bytes:
    return etree.tostring(parse(text), method="c14n", with_comments=False)


def lines(text: str, end: str) -> str:
    return end.join(text[place : place + 76] for place in range(0, len(text), 76))


@pytest.mark.parametrize(
    ("text", "cuts"),
    [
        (f"<a><b>{LONG}</b><b>short</b></a>", 1),
        (f"<a><b>{LONG}</b>\n<b>{LONG}</b></a>", 2),
        (f"<a><b>{lines(LONG, chr(10))}</b></a>", 1),
        (f"<a><b>\r\n{lines(LONG, chr(13) + chr(10))}\r\n</b></a>", 1),
        (f"<a><b>\r{lines(LONG, chr(13))}</b></a>", 1),
        (f"<a><!-- >{LONG}< --><b>x</b></a>", 1),
        (f"<a><b>{LONG}<!-- in between -->{LONG}</b></a>", 2),
        (f"<a><?pi >{LONG}<?><b>x</b></a>", 1),
        (f"<a><b><![CDATA[>{LONG}<]]></b></a>", 1),
        (f"<a><b>{LONG}&amp;</b></a>", 0),
        (f"<a x='{LONG}'/>", 0),
        ("<a><b>AAAA</b></a>", 0),
    ],
    ids=["one", "two", "lines", "CR LF", "CR", "in a comment", "split by a comment", "in an instruction", "in CDATA",
         "with an entity", "attribute", "short"],
)  # fmt: skip
def test_the_canonical_form_is_that_of_the_package(text: str, cuts: int) -> None:
    sheet = sheet_of(text)
    assert len(sheet.cuts) == cuts
    whole = etree.tostring(etree.fromstring(text.encode(), HUGE).getroottree(), method="c14n", with_comments=False)
    assert sheet.digest(canonical(sheet.text), "sha256") == hashlib.sha256(whole).digest()


def test_a_mark_cannot_be_forged() -> None:
    """Whoever writes a mark must know the digest of what he writes it into."""
    first = sheet_of(f"<a><b>{LONG}</b></a>")
    mark = first.text[first.text.index(b"cut-") : first.text.index(b"</b>")].decode()
    second = sheet_of(f"<a><!-->{LONG}<--><b>{mark}</b></a>")
    assert second.digest(canonical(second.text), "sha256") == hashlib.sha256(f"<a><b>{mark}</b></a>".encode()).digest()


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=1, max_size=40), st.integers(48_000, 51_000), st.sampled_from(["", "\n", "\r\n", "\r"]))
def test_base64_comes_back(seed: bytes, size: int, end: str) -> None:
    content = (seed * size)[:size]
    text = base64.b64encode(content).decode()
    sheet = sheet_of(f"<a><b>{lines(text, end) if end else text}</b></a>")
    decoded = sheet.decoded(parse(sheet.text).getroot()[0].text or "")
    assert decoded is not None
    assert decoded.getvalue() == content


def test_base64_longer_than_one_chunk_comes_back() -> None:
    content = bytes(range(251)) * 15_000
    text = lines(base64.b64encode(content).decode(), "\r\n")
    sheet = sheet_of(f"<a><b>{text}</b></a>")
    decoded = sheet.decoded(parse(sheet.text).getroot()[0].text or "")
    assert isinstance(decoded, io.BytesIO)
    assert decoded.getvalue() == content


@pytest.mark.parametrize("before", range(-3, 3))
def test_line_ends_stay_whole_at_the_end_of_a_chunk(before: int) -> None:
    """CR CR LF is two line ends, wherever a chunk of the cut ends."""
    data = "A" * ((1 << 20) - before) + "\r\r\nAAAA\r\r\r\n" + "A" * 100
    sheet = sheet_of(f"<a><b>{data}</b></a>")
    whole = etree.tostring(etree.fromstring(f"<a><b>{data}</b></a>".encode(), HUGE), method="c14n")
    assert len(sheet.cuts) == 1
    assert sheet.digest(canonical(sheet.text), "sha256") == hashlib.sha256(whole).digest()


def test_nothing_follows_the_end_of_base64_even_behind_a_chunk_of_blanks() -> None:
    long = "AAAA" * ((1 << 18) - 1) + "QUI="
    sheet = sheet_of(f"<a><b>{long}{' ' * (2 << 20)}QUJD</b></a>")
    assert sheet.decoded(parse(sheet.text).getroot()[0].text or "") is None


@pytest.mark.parametrize("text", ["AAA", "AA=A", "A", "====", "QUI=QUI=", "QUI", "Q*I="])
def test_what_is_not_base64_is_said_so(text: str) -> None:
    assert sheet_of("<a/>").decoded(text) is None


def test_an_empty_text_is_an_empty_file() -> None:
    decoded = sheet_of("<a/>").decoded(" \n")
    assert decoded is not None
    assert decoded.getvalue() == b""


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', Reading.DOCTYPE),
        ('<?xml version="1.0"?>\n<!-- x --><?y z?>\n<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', Reading.DOCTYPE),
        ("<!ELEMENT a ANY><a/>", Reading.DOCTYPE),
        ('<?xml version="1.1"?><a/>', Reading.MALFORMED),
        ('<?xml version="1.0" encoding="UTF-16"?><a/>', Reading.MALFORMED),
        ("<?xml?><a/>", Reading.MALFORMED),
        ("<a>", Reading.MALFORMED),
        ("<a/><a/>", Reading.MALFORMED),
        ("<a>&b;</a>", Reading.MALFORMED),
        ("<a b='1' b='2'/>", Reading.MALFORMED),
        ("<!-- ", Reading.MALFORMED),
        ("", Reading.MALFORMED),
    ],
)
def test_what_is_refused_before_or_while_reading(text: str, reading: Reading) -> None:
    with pytest.raises(Unreadable) as refused:
        parse(text.encode())
    assert refused.value.reading is reading


@pytest.mark.parametrize(
    "text",
    [
        "<a/>",
        '\ufeff<?xml version="1.0" encoding="utf-8"?><a/>',
        "<?xml version='1.0' standalone='yes' ?>\r\n<a/>",
        "<?x y?><a/>",
    ],
)
def test_what_is_read(text: str) -> None:
    assert parse(text.encode()).getroot().tag == "a"


def test_bytes_that_are_not_utf8_are_malformed() -> None:
    with pytest.raises(Unreadable):
        parse(b"<a>\xff</a>")
