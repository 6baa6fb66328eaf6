"""`hubctl verify --evidence ID`: a verdict of the hub judged again from what it was judged by, without a network.

Everything comes from the folder of a local blob store, each file by its digest. Of a remote store, copy the files that
the manifest names, and the manifest itself, into a folder of the same layout and name that in HUB_BLOB_URL.
"""

import os
import re
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from hub.model.ids import Digest
from hub.model.values import SignatureFinding
from hubctl.errors import CommandError
from hubctl.verify_item import complete
from services.signature import policy, verdict
from services.signature.evidence import JUDGED_BY, Evidence, NoEvidence, digest_of, read
from services.signature.frames import Task, Trust
from services.signature.reasons import Reason
from services.signature.verification import Answer, CoveredPart, SignatureAnswer, SignerName, plain
from services.signature.worker_once import CannotJudge, examined
from services.signature.worker_process import WorkerLimits
from services.signature.worker_verify_frames import Judged

_LIMITS = WorkerLimits(memory_bytes=512 * 1024 * 1024, seconds=10.0, documents=1)
_ID = re.compile(r"[0-9a-f]{64}")


def judged_again(evidence_id: str) -> dict[str, Any]:
    """The answer. Raises CommandError when the evidence is not whole."""
    if not _ID.fullmatch(evidence_id):
        raise CommandError("an evidence's id is a SHA-256 in lower-case hexadecimal, as signature.checked carries it")
    store = _store()
    try:
        evidence = read(_blob(store, Digest(evidence_id)))
    except NoEvidence as error:
        raise CommandError(f"{evidence_id} is no evidence: {error}") from error
    start = monotonic()
    findings = _findings(store, evidence)
    answer = _answer(findings, evidence)
    return complete(evidence_id, Judged(answer=plain(answer), worn=False), monotonic() - start)


def _findings(store: Path, evidence: Evidence) -> tuple[SignatureFinding, ...]:
    anchors, crls = _blob(store, evidence.anchors), tuple(_blob(store, crl) for crl in evidence.crls)
    trust = Trust(version=evidence.anchors, anchors=anchors, crls=crls, revocation=evidence.revocation)
    package = evidence.header.package
    place = str(_place(store, package.digest))
    task = Task(path=place, sha256=package.digest, size=package.size, moment=evidence.moment)
    try:
        found = examined(task, trust, _LIMITS)
    except CannotJudge as error:
        raise CommandError(str(error)) from error
    if isinstance(found, Reason):
        return verdict.only(found)
    return verdict.findings(found, evidence.header, evidence.sender_codes)


def _answer(findings: tuple[SignatureFinding, ...], evidence: Evidence) -> Answer:
    parts = tuple(_part(finding) for finding in findings)
    worst = policy.verdict_on_document(findings)
    whole = next(part for part, finding in zip(parts, findings, strict=True) if finding.verdict == worst)
    told = f"{evidence.header.document_id}, judged at {evidence.moment.isoformat()}"
    if evidence.judged_by != JUDGED_BY:
        told += f"; it was judged by {evidence.judged_by}, this is {JUDGED_BY}"
    return Answer(
        whole=SignatureAnswer(
            reason=whole.reason,
            detail=told,
            covered=whole.covered,
            signer=whole.signer,
            signing_time=whole.signing_time,
        ),
        signatures=parts,
    )


def _part(finding: SignatureFinding) -> SignatureAnswer:
    extent = finding.covered
    covered = CoveredPart(path=extent) if extent.startswith("/") else CoveredPart(extent=extent)
    signer = SignerName(subject=finding.signer, issuer=finding.issuer, serial=finding.serial)
    return SignatureAnswer(
        reason=Reason(finding.verdict.reason),
        detail=" ".join(filter(None, (finding.part, finding.name))),
        covered=(covered,) if extent else (),
        signer=signer if finding.signer or finding.serial else None,
        signing_time=finding.signing_time,
    )


def _store() -> Path:
    url = urlsplit(os.environ.get("HUB_BLOB_URL", "file://.local/blobs"))
    if url.scheme != "file":
        raise CommandError("HUB_BLOB_URL names a remote store; copy the evidence into a folder and name it file://…")
    return Path(f"{url.netloc}{url.path}")


def _place(store: Path, digest: Digest) -> Path:
    if not _ID.fullmatch(digest):
        raise CommandError("the evidence names something that is no digest")
    return store / digest[:2] / digest[2:4] / digest


def _blob(store: Path, digest: Digest) -> bytes:
    try:
        content = _place(store, digest).read_bytes()
    except OSError as error:
        raise CommandError(f"{digest} is not in {store}: {error.strerror}") from error
    if digest_of(content) != digest:
        raise CommandError(f"{digest} in {store} is not what was stored")
    return content
