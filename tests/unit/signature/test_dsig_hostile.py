"""Hostile XML: never an exception, never VALID by guess, an answer at once, and nothing opened."""

import builtins
import random
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from hub.model.statuses import Outcome
from services.signature.dsig import transforms
from services.signature.dsig.canonical import C14N, EXCLUSIVE, METHODS
from services.signature.dsig.judging import judge_c14n
from services.signature.verification import EmbeddedKey, Kind, NodeSet, Profile, Request
from tests.unit.signature import authority
from tests.unit.signature.dsig_documents import (
    BODY,
    DSIG,
    ENVELOPED,
    Ref,
    Shape,
    certificates_of,
    judged,
    made,
    transform,
)
from tests.unit.signature.dsig_documents import EXCLUSIVE as EXCLUSIVE_TRANSFORM

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
PARAMETERS = "".join(f'<!ENTITY &#37; p{n} "{f"&#37;p{n - 1};" * 10}">' for n in range(1, 9))
BOMBS = {
    "laughs": f'<!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]><a>&l11;</a>',
    "laughs in an attribute": f'<!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]><a b="&l11;"/>',
    "laughs in a default": f'<!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}<!ATTLIST a b CDATA "&l11;">]><a/>',
    "quadratic": f'<!DOCTYPE a [<!ENTITY q "{"x" * 60_000}">]><a>{"&q;" * 60_000}</a>',
    "a circle": '<!DOCTYPE a [<!ENTITY x "&y;"><!ENTITY y "&x;">]><a>&x;</a>',
    "long subset": f"<!DOCTYPE a [{'<!-- -->' * 20_000}]><a/>",
    "parameter entities": "<!DOCTYPE a [<!ENTITY % p0 \"<!ENTITY z 'zz'>\">%p0;%p0;%p0;]><a>&z;</a>",
    "external parameter entity": '<!DOCTYPE a [<!ENTITY % p SYSTEM "file:///etc/passwd">%p;]><a/>',
    "external subset": '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
    "external subset by address": '<!DOCTYPE a PUBLIC "x" "http://127.0.0.1:9/x.dtd"><a/>',
    "deep": "<a>" * 100_000 + "</a>" * 100_000,
    "many attributes": "<a " + " ".join(f'a{n}="1"' for n in range(100_000)) + "/>",
    "many namespaces": "<a " + " ".join(f'xmlns:a{n}="urn:{n}"' for n in range(100_000)) + "/>",
    "long attribute": f'<a b="{"x" * 11_000_000}"/>',
    "many elements": "<a>" + "<b/>" * 400_000 + "</a>",
}


@pytest.mark.parametrize("content", BOMBS.values(), ids=BOMBS.keys())
def test_a_bomb_is_refused_at_once(content: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: Any, **__: Any) -> Any:
        raise AssertionError("nothing is opened")

    monkeypatch.setattr(builtins, "open", forbidden)
    monkeypatch.setattr(socket, "socket", forbidden)
    start = time.process_time()
    answer = judged(content.encode())
    assert time.process_time() - start < 3
    assert answer.whole.outcome is not Outcome.VALID
    assert answer.whole.reason in ("LIMITS", "MALFORMED", "NO_SIGNATURE")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "iso-8859-1", "utf-7", "cp037"])
def test_a_document_type_is_seen_in_every_encoding(encoding: str) -> None:
    content = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE a [<!ENTITY x SYSTEM "/etc/hostname">]><a>&x;</a>'
    for octets in (content.encode(encoding), content.encode(encoding).replace(b"<!DOCTYPE", b"+ADwAIQ-DOCTYPE")):
        answer = judged(octets)
        assert answer.whole.reason in ("MALFORMED", "EXTERNAL_REFERENCE")


def test_a_file_is_never_read_into_the_document(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    for markup in (f'<!ENTITY x SYSTEM "{secret}">', f'<!ENTITY x SYSTEM "file://{secret}">'):
        answer = _c14n(f"<!DOCTYPE a [{markup}]><a>&x;</a>", C14N)
        assert answer.whole.reason == "EXTERNAL_REFERENCE"


def _c14n(content: str, method: str, xpath: str = "") -> Any:
    return judge_c14n(
        Request(
            kind=Kind.C14N,
            profile=Profile.INTEROP,
            content=content.encode(),
            at=authority.RECEIVED,
            method=method,
            node_set=NodeSet(expression=xpath) if xpath else None,
        )
    )


SLOW = [
    "//*[count(//*[count(//*) > 1]) > 1]",
    "//*[//*[//*[//*]]]",
    "//a[following::a[following::a[following::a]]]",
    "//a//a//a//a//a//a",
    "//a[contains(string(/), 'x')][//b = //c]",
    "(//a[preceding::a])[//b]",
    "//*[descendant::*[descendant::*[descendant::*]]]",
    "(" * 3000 + "1" + ")" * 3000,
]


@pytest.mark.parametrize("expression", SLOW, ids=range(len(SLOW)))
def test_expressions_that_could_take_long_are_refused(expression: str) -> None:
    content = "<r>" + "<a><a/>x</a>" * 3000 + "</r>"
    start = time.process_time()
    assert _c14n(content, C14N, expression).whole.reason in ("LIMITS", "BAD_REQUEST")
    assert time.process_time() - start < 2
    escaped = expression.replace(">", "&gt;")
    inside = f'<ds:XPath xmlns:ds="{DSIG}">{escaped}</ds:XPath>'
    document = made(body=content.replace("</r>", "%s</r>")).decode()
    document = document.replace(ENVELOPED, ENVELOPED + transform(transforms.XPATH, inside))
    start = time.process_time()
    assert judged(document.encode()).whole.outcome is not Outcome.VALID
    assert time.process_time() - start < 3


SHAPES = {
    "enveloped": Shape(),
    "inclusive": Shape(refs=(Ref(transforms=ENVELOPED + transform(C14N)),), canonicalization=C14N),
    "part": Shape(refs=(Ref(uri="#a", transforms=EXCLUSIVE_TRANSFORM),)),
    "xpath": Shape(
        refs=(
            Ref(
                transforms=transform(
                    transforms.XPATH, f'<ds:XPath xmlns:ds="{DSIG}">not(ancestor-or-self::ds:Signature)</ds:XPath>'
                )
            ),
        )
    ),
}
LETTERS = b" <>&\"'/=.AZaz09\n\r\x00\xff#!-[]"


def said(content: bytes, name: str) -> bytes:
    """What is covered, by libxml2: whole without the signature, or the Assertion."""
    root = etree.fromstring(content)
    if name == "part":
        assertion = root.find("Assertion")
        assert assertion is not None
        return etree.tostring(assertion, method="c14n", exclusive=True, with_comments=False)
    signature = root.find(f"{{{DSIG}}}Signature")
    assert signature is not None
    root.remove(signature)
    return etree.tostring(root.getroottree(), method="c14n", with_comments=False)


@pytest.mark.parametrize("name", SHAPES)
def test_no_changed_byte_makes_other_content_valid(name: str) -> None:
    content = made(SHAPES[name], BODY.replace("An<", "An<b x='1' y=\"2\"/>text<!-- c --><?p i?><"))
    assert judged(content).whole.reason == "OK"
    before, rng = said(content, name), random.Random(2026)  # noqa: S311 - repeatable, not secret
    places = [*range(content.index(b"<ds:Signature ")), *range(content.index(b"</ds:Signature>"), len(content))]
    for place in [*places, *rng.sample(range(len(content)), 300)]:
        mutant = content[:place] + bytes([rng.choice(LETTERS)]) + content[place + 1 :]
        if judged(mutant).whole.outcome is Outcome.VALID:
            assert said(mutant, name) == before, (place, mutant)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_nothing_that_is_done_to_a_document_makes_its_judge_fail(data: st.DataObject) -> None:
    content = made(SHAPES[data.draw(st.sampled_from(sorted(SHAPES)))])
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(content)))
        end = min(len(content), start + data.draw(st.integers(0, 30)))
        other = data.draw(st.integers(0, len(content)))
        insert = data.draw(st.sampled_from([b"", content[other : other + 40], b"<ds:Reference/>", b"<!---->", b"&x;"]))
        content = content[:start] + insert + content[end:]
    for key in EmbeddedKey:
        judged(content, embedded_key=key, consumed="/Response/Assertion")


PIECES = [
    "SignedInfo", "SignatureValue", "KeyInfo", "Reference", "DigestValue", "DigestMethod", "Transforms", "X509Data",
]  # fmt: skip


@pytest.mark.parametrize("name", PIECES)
@pytest.mark.parametrize("act", ["removed", "emptied", "doubled", "renamed", "moved to the end"])
def test_a_piece_taken_away_or_doubled_is_never_valid(name: str, act: str) -> None:
    root = etree.fromstring(made())
    piece = next(root.iter(f"{{{DSIG}}}{name}"))
    parent = piece.getparent()
    assert parent is not None
    match act:
        case "removed":
            parent.remove(piece)
        case "emptied":
            for child in list(piece):
                piece.remove(child)
            piece.text = None
            piece.attrib.clear()
        case "doubled":
            parent.insert(parent.index(piece), etree.fromstring(etree.tostring(piece)))
        case "renamed":
            piece.tag = name
        case _:
            root.append(piece)
    answer = judged(etree.tostring(root))
    if not (name in ("KeyInfo", "X509Data") and act == "doubled"):
        assert answer.whole.outcome is Outcome.INVALID
    if name == "KeyInfo" and act == "doubled":
        assert answer.whole.reason == "STRUCTURE"


def test_many_references_to_a_long_document_are_bounded() -> None:
    reference = Ref(transforms=ENVELOPED + transform(EXCLUSIVE)).markup
    shape = (
        Shape()
        .markup(certificates_of(authority.sender()))
        .replace("</ds:SignedInfo>", reference * 400 + "</ds:SignedInfo>")
    )
    answer = judged(
        BODY.replace("%s", shape.replace("<ds:DigestValue/>", "<ds:DigestValue>AAAA</ds:DigestValue>")).encode()
    )
    assert answer.whole.reason == "LIMITS"


@pytest.mark.parametrize("uri", METHODS)
def test_any_bytes_have_an_answer(uri: str) -> None:
    rng = random.Random(7)  # noqa: S311 - repeatable, not secret
    for size in (0, 1, 2, 3, 10, 100):
        assert _c14n_bytes(rng.randbytes(size), uri).whole.outcome is not Outcome.VALID


def _c14n_bytes(content: bytes, uri: str) -> Any:
    return judge_c14n(
        Request(kind=Kind.C14N, profile=Profile.INTEROP, content=content, at=authority.RECEIVED, method=uri)
    )
