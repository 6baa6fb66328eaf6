"""Composition root of the signature service."""

import asyncio

from hub.model.events import DocumentReceived, SignatureChecked
from hub.runtime import blobs as blob_store
from hub.runtime.foundation import Foundation
from hub.runtime.health import set_probe
from hub.runtime.process import Process, run
from hub.runtime.settings import load
from services.signature.adapters import DirectorySenders, MongoVerdicts, PooledExaminer
from services.signature.adapters_evidence import BlobEvidence
from services.signature.adapters_trust import TrustFiles
from services.signature.app import topics
from services.signature.handlers import CheckSignatures
from services.signature.settings import SignatureSettings
from services.signature.worker_process import WorkerLimits
from services.signature.workers import Workers


async def compose(process: Process, settings: SignatureSettings) -> None:
    """Put the service together and start its workers."""
    foundation = Foundation(process, settings, gives=(SignatureChecked,))
    trust = TrustFiles(settings.trust_file, settings.crl_dir)
    limits = WorkerLimits(
        memory_bytes=settings.worker_memory_bytes,
        seconds=settings.worker_seconds,
        documents=settings.worker_documents,
    )
    workers = Workers(settings.workers, limits, trust)
    process.closes(workers.close)
    await asyncio.gather(workers.start(), foundation.prepare((DocumentReceived,)))
    blobs = blob_store.connect(settings)
    handler = CheckSignatures(
        senders=DirectorySenders(foundation.view),
        examiner=PooledExaminer(blobs, workers, settings.data_dir / "incoming", 2 * settings.workers),
        evidences=BlobEvidence(blobs),
        verdicts=MongoVerdicts(foundation.database),
        clock=foundation.clock,
    )
    own = foundation.own_events(handler.project)
    steps = foundation.steps("CheckSignatures", handler)
    consumer = foundation.consumer(own, topics(check=steps), most_records=settings.batch)
    process.health.needs("blobs", blobs.ping)
    process.health.needs("trust", trust.ping)
    process.health.needs("workers", workers.ping)
    process.health.needs("own events", set_probe(consumer.assigned, "own events are still being projected"))


def main() -> None:
    """Run until SIGTERM."""
    settings = load(SignatureSettings)
    run("signature", settings, lambda process: compose(process, settings))


if __name__ == "__main__":
    main()
