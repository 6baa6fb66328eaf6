"""Letters as A4 pages in the layout of NĐ 30/2020 Annex I. Every page says that it is a specimen.

From the top: agency and quốc hiệu, number, place and date, trích yếu, text, nơi nhận and signature.
Fonts are DejaVu Serif from Debian's fonts-dejavu-core: the decree's Times New Roman is not free.
"""

import io
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from reportlab import rl_config
from reportlab.lib.colors import black, grey
from reportlab.lib.enums import TA_CENTER, TA_JUSTIFY
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import (
    HRFlowable,
    KeepTogether,
    PageBreak,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
)

from sim.letters import Letter
from sim.stamps import ScannedSheet, SealedSignature, Slanted, UrgencyMark

_FONT_FOLDER = Path("/usr/share/fonts/truetype/dejavu")
_TEXT, _BOLD = "DejaVuSerif", "DejaVuSerif-Bold"
_MARGINS = {"leftMargin": 30 * mm, "rightMargin": 17 * mm, "topMargin": 20 * mm, "bottomMargin": 20 * mm}
_LEFT_COLUMN, _RIGHT_COLUMN = 66 * mm, 97 * mm
_URGENCY = ("", "KHẨN", "THƯỢNG KHẨN", "HỎA TỐC", "HỎA TỐC HẸN GIỜ")
_SPECIMEN = "Văn bản giả lập để thử nghiệm hệ thống, không có giá trị pháp lý"
_NAMED = 6  # more addressees are summed up
_TEXT_AND_FONTS = 61_000  # what a signed letter weighs without a scan
_SMALLEST_SCAN = 4_000


class FontsMissingError(RuntimeError):
    """The machine lacks the fonts that Vietnamese text needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedLetter:
    """A PDF, not yet signed."""

    data: bytes
    pages: int


def print_letter(letter: Letter, size: int, rng: random.Random) -> PrintedLetter:
    """The letter as a PDF of about `size` bytes (within a few KB, and never less than its text and fonts need).

    Raises FontsMissingError when DejaVu Serif is not installed.
    """
    styles = _styles()
    buffer = io.BytesIO()
    document = SimpleDocTemplate(
        buffer, pagesize=A4, title=letter.code, subject=letter.subject, author=letter.sender.name, **_MARGINS
    )
    story = [*_head(letter, styles), *_body(letter, styles), KeepTogether(_foot(letter, styles, rng))]
    scan = size - _TEXT_AND_FONTS
    if scan >= _SMALLEST_SCAN:
        story += [PageBreak(), *_annex_heading(letter, styles), ScannedSheet(rng.randbytes(scan), _figures(rng), _TEXT)]
    document.build(story, onFirstPage=_specimen, onLaterPages=_numbered)
    return PrintedLetter(data=buffer.getvalue(), pages=document.page)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Styles:
    body: ParagraphStyle
    centred: ParagraphStyle
    bold: ParagraphStyle
    title: ParagraphStyle
    small: ParagraphStyle
    small_centred: ParagraphStyle
    address: ParagraphStyle


@lru_cache
def _styles() -> _Styles:
    """The paragraph styles; their fonts are registered once a process."""
    for name in (_TEXT, _BOLD):
        path = _FONT_FOLDER / f"{name}.ttf"
        if not path.exists():
            raise FontsMissingError(f"{path} is missing: install the package fonts-dejavu-core")
        pdfmetrics.registerFont(TTFont(name, path))
    pdfmetrics.registerFontFamily(_TEXT, normal=_TEXT, bold=_BOLD, italic=_TEXT, boldItalic=_BOLD)
    rl_config.useA85 = 0  # binary streams: text armour would swell the files by a quarter
    plain = ParagraphStyle("plain", fontName=_TEXT, fontSize=10.5, leading=15)
    centred = ParagraphStyle("centred", parent=plain, alignment=TA_CENTER, leading=13)
    return _Styles(
        body=ParagraphStyle("body", parent=plain, alignment=TA_JUSTIFY, firstLineIndent=10 * mm, spaceAfter=5),
        centred=centred,
        bold=ParagraphStyle("bold", parent=centred, fontName=_BOLD, fontSize=9.5),
        title=ParagraphStyle("title", parent=centred, fontName=_BOLD, fontSize=12, leading=16),
        small=ParagraphStyle("small", parent=plain, fontSize=8.5, leading=11),
        small_centred=ParagraphStyle("small centred", parent=centred, fontSize=8.5, leading=11),
        address=ParagraphStyle("address", parent=plain, leftIndent=28 * mm),
    )


def _head(letter: Letter, styles: _Styles) -> list[Any]:
    agency = [
        *_lines(letter.office.heading, styles.bold),
        _rule(22 * mm),
        *_paragraphs([f"Số: {letter.code}"], styles.centred),
    ]
    if letter.kind.letter:
        agency += _paragraphs([letter.subject], styles.small_centred)
    if letter.priority:
        agency.append(UrgencyMark(_URGENCY[letter.priority], _BOLD))
    moment = letter.promulgated
    nation = [
        *_lines("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM\nĐộc lập - Tự do - Hạnh phúc", styles.bold),
        _rule(52 * mm),
        Slanted(f"{letter.office.place}, ngày {moment:%d} tháng {moment:%m} năm {moment:%Y}", _TEXT, 10, anchor=0.5),
    ]
    return [_columns(agency, nation), Spacer(0, 6 * mm)]


def _body(letter: Letter, styles: _Styles) -> list[Any]:
    parts = _address(letter, styles) if letter.kind.letter else _title(letter, styles)
    parts += _paragraphs(letter.grounds, styles.body)
    parts += _paragraphs([letter.opening], styles.body)
    parts += _paragraphs([letter.lead] if letter.lead else [], styles.title)
    label = "<b>Điều {}.</b> {}" if letter.grounds else "{}. {}"
    for number, text in enumerate(letter.paragraphs, start=1):
        parts.append(Paragraph(label.format(number, escape(text)), styles.body))
    return parts


def _title(letter: Letter, styles: _Styles) -> list[Any]:
    lines = [letter.kind.name.upper(), letter.subject]
    return [*_paragraphs(lines, styles.title), _rule(40 * mm), Spacer(0, 4 * mm)]


def _address(letter: Letter, styles: _Styles) -> list[Any]:
    names = [agency.name for agency in letter.recipients]
    if len(names) > _NAMED:
        names = [*names[:_NAMED], f"Và {len(names) - _NAMED} cơ quan khác theo danh sách gửi"]
    if len(names) == 1:
        return [*_paragraphs([f"Kính gửi: {names[0]}"], styles.address), Spacer(0, 4 * mm)]
    lines = ["Kính gửi:", *(f"- {name};" for name in names)]
    return [*_paragraphs(lines, styles.address), Spacer(0, 4 * mm)]


def _foot(letter: Letter, styles: _Styles, rng: random.Random) -> list[Any]:
    places = [
        Slanted("Nơi nhận:", _BOLD, 9, anchor=0.0),
        *_paragraphs([f"- {place};" for place in letter.to_places], styles.small),
    ]
    titles = [letter.competence, letter.position.upper()]
    signature = [
        *_paragraphs([line for line in titles if line], styles.bold),
        SealedSignature(rng, _BOLD),
        *_paragraphs([letter.signer], styles.bold),
    ]
    # the last words go with the signature: a page with nothing but a signature is not accepted
    return [*_paragraphs([letter.closing], styles.body), Spacer(0, 5 * mm), _columns(places, signature)]


def _annex_heading(letter: Letter, styles: _Styles) -> list[Any]:
    about = f"Kèm theo văn bản số {letter.code} của {letter.sender.name}"
    return [
        *_paragraphs(["PHỤ LỤC (BẢN QUÉT)"], styles.title),
        *_paragraphs([about], styles.centred),
        Spacer(0, 4 * mm),
    ]


def _figures(rng: random.Random) -> list[list[str]]:
    rows = [
        [str(row), f"Đơn vị số {rng.randint(1, 200)}", str(rng.randint(10, 900)), str(rng.randint(1_000, 90_000))]
        for row in range(1, rng.randint(12, 26))
    ]
    return [["STT", "Đơn vị", "Số lượng", "Kinh phí (triệu đồng)"], *rows]


def _columns(left: list[Any], right: list[Any]) -> Table:
    bare = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("ALIGN", (0, 0), (-1, -1), "CENTER"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 0),
    ]
    return Table([[left, right]], colWidths=[_LEFT_COLUMN, _RIGHT_COLUMN], style=bare)


def _lines(text: str, style: ParagraphStyle) -> list[Any]:
    return _paragraphs(text.split("\n"), style)


def _paragraphs(texts: Sequence[str], style: ParagraphStyle) -> list[Any]:
    return [Paragraph(escape(text), style) for text in texts]


def _rule(width: float) -> HRFlowable:
    return HRFlowable(width=width, thickness=0.7, color=black, spaceBefore=2, spaceAfter=5)


def _specimen(canvas: Any, _document: Any) -> None:
    canvas.setFont(_TEXT, 7)
    canvas.setFillColor(grey)
    canvas.drawCentredString(A4[0] / 2, 9 * mm, _SPECIMEN)


def _numbered(canvas: Any, document: Any) -> None:
    _specimen(canvas, document)
    canvas.setFillColor(black)
    canvas.setFont(_TEXT, 10)
    canvas.drawCentredString(A4[0] / 2, A4[1] - 12 * mm, str(document.page))  # from the second page on (NĐ 30)
