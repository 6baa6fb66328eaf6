"""Manifests: always the same bytes for the same evidence, and nothing else is read as one."""

import json
from dataclasses import replace

import pytest

from hub.model.events import DocumentReceived
from hub.model.ids import AgencyCode, EventId, SystemId
from services.signature.evidence import NoEvidence, digest_of, evidence_of, manifest, read
from services.signature.frames import Trust
from tests.unit.signature import authority
from tests.unit.signature.documents import LETTER, header_of

TRUST = Trust(version="1", anchors=b"anchors", crls=(b"one", b"two"), revocation="require")
DOCUMENT = DocumentReceived(
    event_id=EventId("1"), occurred_at=authority.RECEIVED, cause_id="", header=header_of(LETTER, b"x"),
    system_id=SystemId("VP.99"),
)  # fmt: skip


def test_a_manifest_comes_back_as_it_went_and_names_all_by_digest() -> None:
    evidence = evidence_of(DOCUMENT, frozenset({AgencyCode("b"), AgencyCode("a")}), TRUST)
    content = manifest(evidence)
    assert read(content) == evidence
    assert manifest(read(content)) == content
    assert (evidence.anchors, evidence.crls) == (digest_of(b"anchors"), (digest_of(b"one"), digest_of(b"two")))
    assert evidence.sender_codes == ("a", "b")
    assert json.loads(content)["header"]["package"]["digest"] == DOCUMENT.header.package.digest


def test_another_moment_is_other_evidence() -> None:
    first = manifest(evidence_of(DOCUMENT, (), TRUST))
    assert first != manifest(evidence_of(DOCUMENT, (), replace(TRUST, revocation="off")))
    assert first == manifest(evidence_of(DOCUMENT, (), replace(TRUST, version="2")))


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b"7", b"\xff", b'{"header": 1}', b'{"header": {"attachments": []}}']
)
def test_anything_else_is_no_evidence(content: bytes) -> None:
    with pytest.raises(NoEvidence):
        read(content)
    good = json.loads(manifest(evidence_of(DOCUMENT, (), TRUST)))
    for field in good:
        with pytest.raises(NoEvidence):
            read(json.dumps({name: value for name, value in good.items() if name != field} | {"x": 1}).encode())
