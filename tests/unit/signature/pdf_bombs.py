"""PDFs that are built to keep a parser busy, or to fell it."""

import zlib

HEAD = b"%PDF-1.7\n"


def built(objects: dict[int, bytes], trailer: bytes = b"") -> bytes:
    """A PDF of these objects; 1 is the catalogue."""
    body, offsets = bytearray(HEAD), {}
    for number, text in objects.items():
        offsets[number] = len(body)
        body += b"%d 0 obj\n%s\nendobj\n" % (number, text)
    start = len(body)
    rows = b"".join(b"%d 1\n%010d 00000 n \n" % pair for pair in sorted(offsets.items()))
    size = max(objects) + 1
    return bytes(body) + (
        b"xref\n0 1\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R %s>>\nstartxref\n%d\n%%%%EOF\n"
        % (rows, size, trailer, start)
    )


CATALOGUE = b"<< /Type /Catalog /Pages 2 0 R %s >>"
PAGES = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>"


def circular_pages() -> bytes:
    return built({1: CATALOGUE % b"", 2: b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 1 >>"})


def circular_pages_in_two_steps() -> bytes:
    return built({
        1: CATALOGUE % b"",
        2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        3: b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>",
    })  # fmt: skip


def circular_form() -> bytes:
    form = b"/AcroForm << /Fields [4 0 R] >>"
    field = b"<< /T (a) /FT /Sig /Kids [4 0 R 4 0 R] >>"
    return built({1: CATALOGUE % form, 2: PAGES, 3: PAGE, 4: field})


def circular_value() -> bytes:
    """An object that is a reference to itself."""
    return built({1: CATALOGUE % b"/AcroForm 4 0 R", 2: PAGES, 3: PAGE, 4: b"4 0 R"})


def looping_references() -> bytes:
    """Cross-references whose predecessor is themselves."""
    plain = built({1: CATALOGUE % b"", 2: PAGES, 3: PAGE}, b"/Prev 000000000 ")
    return plain.replace(b"/Prev 000000000", b"/Prev %09d" % plain.rindex(b"xref\n0 1"))


def _with_reference_stream(entries: bytes, data: bytes, others: bytes = b"") -> bytes:
    packed = zlib.compress(data)
    head = HEAD + others
    stream = (
        b"9 0 obj\n<< /Type /XRef /Root 1 0 R /Filter /FlateDecode /Length %d %s >>\nstream\n%s\nendstream\nendobj\n"
    )
    return head + stream % (len(packed), entries, packed) + b"startxref\n%d\n%%%%EOF\n" % len(head)


def two_thousand_million_references() -> bytes:
    return _with_reference_stream(b"/Size 2000000000 /W [0 0 0]", b"")


def references_that_swell() -> bytes:
    return _with_reference_stream(b"/Size 30000000 /W [1 2 1]", bytes(120_000_000))


def broken_object_stream() -> bytes:
    """The catalogue stands in an object stream that cannot be unpacked."""
    head = b"8 0 obj\n<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length 9 >>\n"
    others = head + b"stream\nnot zlib!\nendstream\nendobj\n"
    rows = bytes((2, 0, 8, 0)) + bytes((1, 0, len(HEAD), 0)) + bytes((1, 0, len(HEAD + others), 0))
    return _with_reference_stream(b"/Size 10 /Index [1 1 8 2] /W [1 2 1]", rows, others)


def object_stream_that_swells() -> bytes:
    packed = zlib.compress(b"1 0 " + b"[" * 200_000_000)
    head = b"8 0 obj\n<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length %d >>\nstream\n" % len(packed)
    others = head + packed + b"\nendstream\nendobj\n"
    start = len(HEAD + others)
    rows = bytes((2, 0, 0, 8, 0)) + bytes((1, 0, 0, len(HEAD), 0)) + bytes((1, *start.to_bytes(3, "big"), 0))
    return _with_reference_stream(b"/Size 10 /Index [1 1 8 2] /W [1 3 1]", rows, others)


def deep_nesting() -> bytes:
    return built({1: CATALOGUE % (b"/AcroForm " + b"[" * 200_000 + b"]" * 200_000), 2: PAGES, 3: PAGE})


def deep_pages() -> bytes:
    objects = {1: CATALOGUE % b""}
    objects |= {number: b"<< /Type /Pages /Kids [%d 0 R] /Count 1 >>" % (number + 1) for number in range(2, 5000)}
    return built(objects)


def many_fields() -> bytes:
    form = b"/AcroForm << /Fields [%s] >>" % (b"4 0 R " * 100_000)
    return built({1: CATALOGUE % form, 2: PAGES, 3: PAGE, 4: b"<< /T (a) /FT /Tx >>"})


def many_signatures() -> bytes:
    value = (
        b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /ByteRange [0 9 9 9] /Contents <00> >>"
    )
    form = b"/AcroForm << /Fields [%s] >>" % b" ".join(b"%d 0 R" % number for number in range(5, 105))
    objects = {1: CATALOGUE % form, 2: PAGES, 3: PAGE, 4: value}
    objects |= {number: b"<< /T (f%d) /FT /Sig /V 4 0 R >>" % number for number in range(5, 105)}
    return built(objects)


def many_revisions() -> bytes:
    body = built({1: CATALOGUE % b"", 2: PAGES, 3: PAGE})
    before = body.rindex(b"xref\n0 1")
    for _ in range(3000):
        start = len(body)
        body += b"xref\n0 0\ntrailer\n<< /Size 4 /Root 1 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n" % (before, start)
        before = start
    return body


def open_string() -> bytes:
    return built({1: CATALOGUE % (b"/AcroForm (" + b"(" * 100_000), 2: PAGES, 3: PAGE})


BOMBS = {
    "circular page tree": circular_pages,
    "circular page tree in two steps": circular_pages_in_two_steps,
    "circular form": circular_form,
    "object that is itself": circular_value,
    "cross-references in a loop": looping_references,
    "two thousand million cross-references": two_thousand_million_references,
    "cross-references that swell": references_that_swell,
    "broken object stream": broken_object_stream,
    "object stream that swells": object_stream_that_swells,
    "deep nesting": deep_nesting,
    "deep page tree": deep_pages,
    "many fields": many_fields,
    "many signatures": many_signatures,
    "many revisions": many_revisions,
    "string without an end": open_string,
}
