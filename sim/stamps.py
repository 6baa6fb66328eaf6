"""Parts of a page that reportlab has no word for: slanted text, urgency mark, signature with seal, scanned sheet."""

import math
import random
from collections.abc import Sequence
from typing import Any

from reportlab.lib.colors import Color
from reportlab.pdfbase.pdfdoc import PDFImageXObject
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import Flowable

_RED = Color(0.8, 0.05, 0.1)
_BLUE = Color(0.1, 0.15, 0.6)
_SLANT_DEGREES = 12  # fonts-dejavu-core has no italics
_PAPER = [0.86, 1.0]  # random bytes shown as the grain of light paper
_STAR_POINTS = 5
_ROW_HEIGHT = 17


class Slanted(Flowable):  # type: ignore[misc]  # reportlab ships no types
    """One line, slanted as italics would be; `anchor` 0 is at the left, 0.5 in the middle."""

    def __init__(self, text: str, font: str, size: float, *, anchor: float) -> None:
        super().__init__()
        self._text, self._font, self._size, self._anchor = text, font, size, anchor

    def wrap(self, width: float, _height: float) -> tuple[float, float]:
        """Takes the whole width."""
        self.width, self.height = width, self._size * 1.4
        return self.width, self.height

    def draw(self) -> None:
        """Skewed to the right, then as any text."""
        canvas = self.canv
        canvas.setFont(self._font, self._size)
        free = self.width - stringWidth(self._text, self._font, self._size)
        canvas.translate(free * self._anchor, self._size * 0.3)
        canvas.skew(0, _SLANT_DEGREES)
        canvas.drawString(0, 0, self._text)


class UrgencyMark(Flowable):  # type: ignore[misc]
    """`HỎA TỐC` in a red frame (NĐ 30 Annex I)."""

    def __init__(self, text: str, font: str) -> None:
        super().__init__()
        self._text, self._font = text, font
        self.width = stringWidth(text, font, 12) + 16
        self.height = 22

    def wrap(self, width: float, _height: float) -> tuple[float, float]:
        """Centred in its column."""
        self._indent = (width - self.width) / 2
        return width, self.height + 6

    def draw(self) -> None:
        """Frame and word."""
        canvas = self.canv
        canvas.setStrokeColor(_RED)
        canvas.setFillColor(_RED)
        canvas.rect(self._indent, 2, self.width, self.height - 4)
        canvas.setFont(self._font, 12)
        canvas.drawCentredString(self._indent + self.width / 2, 7, self._text)


class SealedSignature(Flowable):  # type: ignore[misc]
    """A blue scribble with a red seal over its left third, lettered `MẪU`: specimen."""

    _RADIUS = 34.0

    def __init__(self, rng: random.Random, font: str) -> None:
        super().__init__()
        self._font = font
        self._strokes = [(rng.uniform(6, 24), rng.uniform(-26, 26)) for _ in range(7)]

    def wrap(self, width: float, _height: float) -> tuple[float, float]:
        """As high as the seal."""
        self.width, self.height = width, 2 * self._RADIUS + 8
        return self.width, self.height

    def draw(self) -> None:
        """Scribble first, the seal over it."""
        middle, level = self.width / 2, self.height / 2
        self._scribble(middle - 30, level)
        self._seal(middle - 40, level)

    def _scribble(self, x: float, y: float) -> None:
        path = self.canv.beginPath()
        path.moveTo(x, y)
        for step, swing in self._strokes:
            path.curveTo(x + step / 3, y + swing, x + step, y - swing / 2, x + step, y + swing / 4)
            x += step
        self.canv.setStrokeColor(_BLUE)
        self.canv.setLineWidth(1.3)
        self.canv.drawPath(path)

    def _seal(self, x: float, y: float) -> None:
        canvas = self.canv
        canvas.setStrokeColor(_RED)
        canvas.setFillColor(_RED)
        for radius, width in ((self._RADIUS, 1.6), (self._RADIUS - 4, 0.6), (self._RADIUS - 15, 0.6)):
            canvas.setLineWidth(width)
            canvas.circle(x, y, radius)
        star = canvas.beginPath()
        for point in range(2 * _STAR_POINTS):
            angle = math.pi / 2 + point * math.pi / _STAR_POINTS
            reach = 10 if point % 2 == 0 else 4
            (star.lineTo if point else star.moveTo)(x + reach * math.cos(angle), y + reach * math.sin(angle))
        star.close()
        canvas.drawPath(star, fill=1, stroke=0)
        canvas.setFont(self._font, 7.5)
        canvas.drawCentredString(x, y + self._RADIUS - 12.5, "MẪU")
        canvas.drawCentredString(x, y - self._RADIUS + 7, "MẪU")


class ScannedSheet(Flowable):  # type: ignore[misc]
    """A table on grainy paper. `grain` goes into the file byte for byte: it gives the file its size."""

    def __init__(self, grain: bytes, rows: Sequence[Sequence[str]], font: str) -> None:
        super().__init__()
        self._grain, self._rows, self._font = grain, rows, font

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        """Fills what is left of the page."""
        self.width, self.height = width, height - 1
        return self.width, self.height

    def draw(self) -> None:
        """Paper, then the table, a little askew as from a scanner."""
        canvas = self.canv
        canvas.saveState()
        canvas.scale(self.width, self.height)
        canvas.doForm(_image(canvas, self._grain))
        canvas.restoreState()
        canvas.translate(24, self.height - 50)
        canvas.rotate(0.4)
        self._table(canvas)

    def _table(self, canvas: Any) -> None:
        edges = [0, 34, 200, 290, 420]
        levels = [-_ROW_HEIGHT * row for row in range(len(self._rows) + 1)]
        canvas.setLineWidth(0.5)
        canvas.grid(edges, levels)
        for edge, column in zip(edges, zip(*self._rows, strict=True), strict=False):
            cells = canvas.beginText(edge + 5, 5 - _ROW_HEIGHT)
            cells.setFont(self._font, 9, leading=_ROW_HEIGHT)
            cells.textLines(column)
            canvas.drawText(cells)


def _image(canvas: Any, grain: bytes) -> str:
    """Add `grain` as an uncompressed grey picture; the name to draw it by."""
    width = max(1, math.isqrt(len(grain) * 2 // 3))
    image = PDFImageXObject("grain")
    image.width, image.height = width, len(grain) // width
    image.bitsPerComponent, image.colorSpace = 8, "DeviceGray"
    image.streamContent = grain[: image.width * image.height]
    image._filters, image._decode = (), _PAPER  # noqa: SLF001 - the only way to a raw stream
    document = canvas._doc  # noqa: SLF001 - as reportlab's own drawImage does
    document.Reference(image, document.getXObjectName(image.name))
    document.addForm(image.name, image)
    return "grain"
