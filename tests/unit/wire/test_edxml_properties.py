"""However a file is cut into pieces the outcome is the same; whatever is broken in it, only Unreadable comes out."""

from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from hub.wire.base64_stream import Base64Stream
from hub.wire.edxml import ReadDocument, ReadStatus, Unreadable
from hub.wire.edxml_reader import EdxmlReader
from tests.fakes.packages import File, Letter, StatusLetter

FILES = st.builds(File, encoded=st.sampled_from(["", "QUJD", "QUI=", "QUJ=", "QU JD\r\n", "QUJ", "Q*JD", "<x/>QUJD"]))
LETTERS = st.builds(
    Letter,
    subject=st.sampled_from(
        ["Đề nghị", "a <![CDATA[ b ]]> c", "<!-- x -->y", "&lt;&#x110;&gt;", "<![CDATA[<![CDATA[]]>"]
    ),
    document_id=st.sampled_from(["a,b,c", "<![CDATA[a]]>", "a<!-- -->b", ""]),
    files=st.lists(FILES, max_size=3),
)
MESSAGES = st.one_of(LETTERS.map(Letter.bytes), st.just(StatusLetter().bytes()))


def outcome(pieces: list[bytes]) -> ReadDocument | ReadStatus | tuple[str, str]:
    reader = EdxmlReader()
    try:
        for piece in pieces:
            reader.feed(piece)
        return reader.close()
    except Unreadable as error:
        return error.refusal.code, error.refusal.field


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted({place % (len(data) + 1) for place in places}), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


@given(MESSAGES, st.lists(st.integers(0, 1 << 20), max_size=40))
@settings(max_examples=150, deadline=None, database=None)
def test_cutting_changes_nothing(data: bytes, places: list[int]) -> None:
    assert outcome(cut(data, places)) == outcome([data])


@given(MESSAGES)
@settings(max_examples=20, deadline=None, database=None)
def test_not_even_byte_by_byte(data: bytes) -> None:
    assert outcome([data[place : place + 1] for place in range(len(data))]) == outcome([data])


@given(
    MESSAGES,
    st.lists(st.tuples(st.integers(0, 1 << 20), st.binary(max_size=8), st.integers(0, 40)), min_size=1, max_size=6),
    st.lists(st.integers(0, 1 << 20), max_size=5),
)
@settings(max_examples=400, deadline=None, database=None)
@example(b"<?xml version='1.0'?>", [(0, b"", 0)], [])
@example(b"\xef\xbb", [(0, b"", 0)], [1])
@example(b"<![CDATA[", [(0, b"", 0)], [])
def test_mutilated_bytes_never_break_anything_else(
    data: bytes, changes: list[tuple[int, bytes, int]], places: list[int]
) -> None:
    for place, new, gone in changes:
        at = place % (len(data) + 1)
        data = data[:at] + new + data[at + gone :]
    assert outcome(cut(data, places)) == outcome([data])


@given(st.text(alphabet="QUJDabc+/= \n*Đ", max_size=60), st.lists(st.integers(0, 60), max_size=8))
@settings(max_examples=400, deadline=None, database=None)
def test_base64_in_pieces(text: str, places: list[int]) -> None:
    whole, pieces = Base64Stream(), Base64Stream()
    whole.feed(text)
    whole.close()
    edges = [0, *sorted({place % (len(text) + 1) for place in places}), len(text)]
    for start, end in pairwise(edges):
        pieces.feed(text[start:end])
    pieces.close()
    assert whole.faulty == pieces.faulty
    if not whole.faulty:
        assert (whole.size, whole.digest, whole.head) == (pieces.size, pieces.digest, pieces.head)
