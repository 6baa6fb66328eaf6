"""A worker of `hubctl verify`: `python -m services.signature.worker_verify MEMORY_BYTES SECONDS`.

Reads requests and the contents of their files from stdin, writes answers to stdout, ends with its stdin. It opens no
file at all: everything is loaded before it confines itself.
"""

import gc
import os
import resource
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import BinaryIO

from services.signature import worker_judges
from services.signature.judges import OUT_OF_MEMORY, judge
from services.signature.reasons import Reason
from services.signature.verification import Answer, BadRequest, plain, refusal
from services.signature.verification_request import Opener, request_of
from services.signature.worker_confinement import allow_seconds, confine, end_allowance
from services.signature.worker_judges import JUDGES
from services.signature.worker_verify_frames import LENGTH_BYTES, MOST_BYTES, Head, Judged, Ready, head_of, said

_GROWN_KILOBYTES = 160 * 1024
_BIG = 1024 * 1024
_LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
_SIGNATURE = b"""<a Id="i"><Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo><CanonicalizationMethod
Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/><SignatureMethod
Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/><Reference URI="#i"><Transforms><Transform
Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/></Transforms><DigestMethod
Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><DigestValue>AA==</DigestValue></Reference></SignedInfo>
<SignatureValue>AA==</SignatureValue></Signature></a>"""
_WARM = (b"", b"<a/>", _SIGNATURE, b"%PDF-1.7\n1 0 obj <</Type/Catalog>> endobj\ntrailer <</Root 1 0 R>>\n%%EOF")


class _Stop(Exception):  # noqa: N818 - no error
    """Whoever asks has closed our stdin."""


def main() -> None:
    """Serve until stdin ends."""
    memory_bytes, seconds = int(sys.argv[1]), float(sys.argv[2])
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a library prints is no answer
    worker_judges.load()
    _warm_up()
    gc.collect()
    gc.freeze()  # what is loaded by now stays for good: do not look at it again
    weakness = confine(memory_bytes, may_open=False)
    grown = _used() + _GROWN_KILOBYTES
    _say(answers, said(Ready(weakness=weakness, kinds=tuple(JUDGES))))
    while True:
        try:
            head = head_of(_read(sys.stdin.buffer, int.from_bytes(_read(sys.stdin.buffer, LENGTH_BYTES), "big")))
        except _Stop:
            return
        allow_seconds(seconds)
        answer, full = _answer(head)
        end_allowance()
        _say(answers, _reply(answer, worn=full or _used() > grown))
        if sum(size for _, size in head.files) > _BIG:
            gc.collect()  # pyHanko's objects refer to each other in circles, and to the whole file


def _answer(head: Head) -> tuple[Answer, bool]:
    """The answer, and whether memory ran out."""
    try:
        contents = {path: _read(sys.stdin.buffer, size) for path, size in head.files}
        request = request_of(head.line, _opener(contents), head.now)
    except BadRequest as error:
        return refusal(Reason.BAD_REQUEST, str(error)), False
    answer = judge(request, JUDGES)
    return answer, answer == OUT_OF_MEMORY


def _opener(contents: Mapping[str, bytes]) -> Opener:
    def opened(path: str) -> bytes:
        if path not in contents:
            raise FileNotFoundError(path)
        return contents[path]

    return opened


def _reply(answer: Answer, *, worn: bool) -> bytes:
    reply = said(Judged(answer=plain(answer), worn=worn))
    if len(reply) <= MOST_BYTES:
        return reply
    return said(Judged(answer=plain(refusal(Reason.LIMITS, "more signatures than an answer may hold")), worn=True))


def _warm_up() -> None:
    """Judge something of each kind: libraries prepare themselves at the first use."""
    line = {"path": "x", "method": "http://www.w3.org/TR/2001/REC-xml-c14n-20010315", "at": "2026-01-01T00:00:00Z"}
    for kind in JUDGES:
        for content in _WARM:
            judge(request_of(line | {"kind": kind.value}, _opener({"x": content}), _LONG_AGO), JUDGES)


def _used() -> int:
    """The most memory this process ever had, in kilobytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _read(stream: BinaryIO, size: int) -> bytes:
    content = stream.read(size)
    if len(content) < size:
        raise _Stop
    return content


def _say(stream: BinaryIO, content: bytes) -> None:
    while content:
        content = content[stream.write(content) :]


if __name__ == "__main__":
    main()
