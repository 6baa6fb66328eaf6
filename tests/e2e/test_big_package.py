"""A package of 100 MB passes through intake with flat memory, and comes out byte for byte."""

import base64
import hashlib
import json
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aiohttp
import psutil
import pytest

from sim.edxml import VIETNAM
from sim.place import Place
from tests.conftest import hubctl
from tests.e2e.conftest import Systems

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]

MB = 1 << 20
PIECES = 75  # of one MB each before base64: 100 MB on the wire
GROWTH_MB = 60

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<edXML xmlns="http://www.mic.gov.vn/TBT/QCVN_102_2016"><edXML:edXMLEnvelope
 xmlns:edXML="http://www.mic.gov.vn/TBT/QCVN_102_2016"><edXML:edXMLHeader><edXML:MessageHeader>
<edXML:From><edXML:OrganId>{sender}</edXML:OrganId></edXML:From>
<edXML:To><edXML:OrganId>{recipient}</edXML:OrganId></edXML:To>
<edXML:DocumentId>{sender},big,{nonce}/VP</edXML:DocumentId>
<edXML:Code><edXML:CodeNumber>{nonce}</edXML:CodeNumber><edXML:CodeNotation>VP</edXML:CodeNotation></edXML:Code>
<edXML:PromulgationInfo><edXML:PromulgationDate>{today}</edXML:PromulgationDate></edXML:PromulgationInfo>
<edXML:DocumentType><edXML:Type>2</edXML:Type></edXML:DocumentType>
<edXML:Subject>V/v gửi tài liệu lớn</edXML:Subject></edXML:MessageHeader></edXML:edXMLHeader>
<edXML:edXMLBody><edXML:edXMLManifest version="1.0"><edXML:Reference><edXML:ContentId>cid:1</edXML:ContentId>
<edXML:ContentType>application/zip</edXML:ContentType><edXML:AttachmentName>lon.zip</edXML:AttachmentName>
</edXML:Reference></edXML:edXMLManifest></edXML:edXMLBody></edXML:edXMLEnvelope>
<AttachmentEncoded><Attachment><ContentId>cid:1</ContentId><AttachmentName>lon.zip</AttachmentName>
<ContentType>application/zip</ContentType><ContentTransferEncoded>"""
TAIL = b"</ContentTransferEncoded></Attachment></AttachmentEncoded></edXML>"


def ingest_process() -> psutil.Process:
    status = json.loads(hubctl("local", "status", "--json", check=False).stdout)
    return psutil.Process(next(row["pid"] for row in status if row["name"] == "ingest"))


async def body(head: bytes, hasher: "hashlib._Hash") -> AsyncIterator[bytes]:
    pieces = (head, *(base64.b64encode(os.urandom(MB // 3 * 3)) for _ in range(PIECES)), TAIL)
    for piece in pieces:
        hasher.update(piece)
        yield piece


async def test_memory_stays_flat(stack: Place, systems: Systems) -> None:
    sender, recipient = systems.agencies[3].code, systems.agencies[4].code
    now = datetime.now(UTC).astimezone(VIETNAM)
    head = HEAD.format(sender=sender, recipient=recipient, nonce=os.getpid(), today=f"{now:%Y/%m/%d}").encode()
    process, hasher = ingest_process(), hashlib.sha256()
    before = peak = process.memory_info().rss

    async def watched() -> AsyncIterator[bytes]:
        nonlocal peak
        async for piece in body(head, hasher):
            peak = max(peak, process.memory_info().rss)
            yield piece

    client = systems[sender]
    timeout = aiohttp.ClientTimeout(total=120)
    answer = await systems.session.post(
        f"{client._base}/documents", data=watched(), headers=client._headers(), timeout=timeout
    )
    receipt = await answer.json(content_type=None)
    peak = max(peak, process.memory_info().rss)
    assert answer.status == 202, receipt
    assert receipt["digest"] == hasher.hexdigest()
    assert receipt["size"] > 100 * MB
    assert (peak - before) / MB < GROWTH_MB
    stored = stack.stack.state.blobs / receipt["digest"][:2] / receipt["digest"][2:4] / receipt["digest"]
    assert hashlib.sha256(stored.read_bytes()).hexdigest() == receipt["digest"]
