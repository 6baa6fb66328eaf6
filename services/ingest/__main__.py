"""Intake as a process: settings -> adapters -> handlers -> doors."""

import asyncio
import contextlib
from datetime import timedelta

from hub.model.errors import Transient
from hub.model.events import DocumentReceived, DocumentRefused, StatusReported
from hub.runtime import blobs as blob_store
from hub.runtime import seal
from hub.runtime.callers import Callers
from hub.runtime.foundation import Foundation
from hub.runtime.health import Probe, set_probe
from hub.runtime.http import Watched
from hub.runtime.logs import logger
from hub.runtime.process import Process, run
from hub.runtime.serving import serve
from hub.runtime.settings import load
from services.ingest.adapters import BlobPackages, MongoClaims, MongoReceipts, make_indexes
from services.ingest.adapters_log import CaughtUp
from services.ingest.adapters_spool import FolderSpool
from services.ingest.app import Doors, build
from services.ingest.handlers import SubmitDocument
from services.ingest.handlers_statuses import ReportStatus
from services.ingest.settings import IngestSettings

GIVES = (DocumentReceived, DocumentRefused, StatusReported)
_PAUSE = 1.0


async def compose(process: Process, settings: IngestSettings) -> None:
    """Put intake together; its parts then run until the process stops."""
    foundation = Foundation(process, settings, GIVES)
    callers = Callers(foundation.view, seal.from_file(settings.seal_key_file), foundation.clock)
    spool = FolderSpool(settings.data_dir / "spool", settings.spool_memory_bytes)
    orphans = spool.clean()
    await foundation.prepare()
    receipts = MongoReceipts(foundation.database)
    caught_up = CaughtUp(foundation.own_events(receipts.add), foundation.view, settings.partitions)
    blobs = blob_store.connect(settings)
    packages = BlobPackages(blobs)
    directory = foundation.view.directory
    submit = SubmitDocument(
        directory=directory, receipts=receipts, claims=MongoClaims(foundation.database), packages=packages,
        catch_up=caught_up, request_limit=timedelta(seconds=settings.request_limit_seconds),
    )  # fmt: skip
    report = ReportStatus(directory=directory, receipts=receipts, packages=packages, catch_up=caught_up)
    opened = asyncio.Event()
    doors = Doors(
        callers=callers, opened=opened, clock=foundation.clock, spool=spool,
        package_limit=settings.package_limit_bytes, status_limit=settings.status_limit_bytes,
        submit=submit, submitting=foundation.steps("submit", submit),
        report=report, reporting=foundation.steps("report", report),
    )  # fmt: skip

    async def open_doors(stop: asyncio.Event) -> None:
        await _begin(foundation, caught_up, stop)
        opened.set()
        await stop.wait()

    app = Watched(build(doors))
    process.runs("opening", open_doors)
    process.runs("http", lambda stop: serve(app, settings.http_host, settings.http_port, stop))
    process.health.needs("blobs", blobs.ping)
    process.health.needs("registry", _schemas_known(foundation))
    process.health.needs("receipts", set_probe(opened, "events of an earlier life are still being projected"))
    logger().info("spool cleaned", count=orphans)


async def _begin(foundation: Foundation, caught_up: CaughtUp, stop: asyncio.Event) -> None:
    """What must be done before the first decision: indexes made, directory read, own events of earlier projected."""
    while not stop.is_set():
        try:
            await make_indexes(foundation.database)
            await caught_up()
        except Transient as error:
            logger().warning("part away, doors stay closed", part=error.part, error=str(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _PAUSE)
        else:
            return


def _schemas_known(foundation: Foundation) -> Probe:
    """Once an id is known it is kept on disk: then the registry may be away."""

    async def probe() -> None:
        for event in GIVES:
            foundation.registry.id_of(event)

    return probe


def main() -> None:
    """Run intake until SIGTERM."""
    settings = load(IngestSettings)
    run("ingest", settings, lambda process: compose(process, settings))


if __name__ == "__main__":
    main()
