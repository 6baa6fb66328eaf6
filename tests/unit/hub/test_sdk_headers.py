"""Signed headers as SDK clients send them."""

from hub.model.ids import digest
from hub.wire import sdk_headers

PARAMETERS = {
    "systemid": "000.00.07.H99",
    "docid": "5f1d7a52-7c41-4a0e-9d0b-2b1c7d3e9a10",
    "timestamp": "20112026T091502+0137",
    "Content-Type": "application/json",
    "status": "done",
}


def received(parameters: dict[str, str], secret: str = "khoa-1") -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in sdk_headers.sign(parameters, secret).items()]


def test_the_published_example_verifies() -> None:
    headers = dict(received(PARAMETERS))
    assert headers[b"xroadvnpt-hash-header"] == b"881b3ce3cdf354bdb3be0202c3e70176acfe6fa69a165fa9220827c8d6cc3a91"
    signed = sdk_headers.read(headers.items())
    assert signed is not None
    assert signed.system_id == "000.00.07.H99"
    assert signed.signed_with("khoa-1")
    assert not signed.signed_with("khoa-2")


def test_spelling_of_names_is_kept() -> None:
    signed = sdk_headers.read(received({"docId": "a", "docid": "b", "systemid": "s"}))
    assert signed is not None
    assert signed.parameters["docId"] == "a"
    assert signed.parameters["docid"] == "b"


def test_the_hash_of_the_file_is_taken_padded_and_unpadded() -> None:
    true = digest(b"<a/>")
    shortened = true.replace("c20300dabc079", "c2030dabc079")
    assert shortened != true
    for announced, fits in ((true, True), (shortened, True), ("", True), ("00", False)):
        signed = sdk_headers.read(received({"systemid": "s", "hash-file": announced}))
        assert signed is not None
        assert signed.announces(true) is fits, announced


def test_what_is_no_sdk_call_is_none() -> None:
    assert sdk_headers.read([(b"authorization", b"Bearer x")]) is None
    for broken in (b"", b"[]", b"{", b"1", b"{" * 100_000):
        assert sdk_headers.read([(sdk_headers.SIGN_HEADER, broken), (sdk_headers.HASH_HEADER, b"00")]) is None


def test_a_hash_outside_ascii_is_a_wrong_hash() -> None:
    for mac in ("đ".encode(), b"\xff" * 64, b""):
        signed = sdk_headers.read([*received(PARAMETERS)[:-2], (sdk_headers.HASH_HEADER, mac)])
        assert signed is not None
        assert not signed.signed_with("khoa-1")


def test_halves_of_characters_are_replaced() -> None:
    raw = b'{"XroadVnpt-systemid":"s","XroadVnpt-hash-file":"\\ud800x","XroadVnpt-\\udfff":"\\ud83d\\ude00"}'
    signed = sdk_headers.read([(sdk_headers.SIGN_HEADER, raw), (sdk_headers.HASH_HEADER, b"00")])
    assert signed is not None
    assert signed.parameters == {"systemid": "s", "hash-file": "?x", "?": "\U0001f600"}
    assert signed.announced == "?x"
