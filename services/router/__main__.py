"""The router's process: the one place that sees all its parts."""

from dataclasses import dataclass

from hub.model.events import SignatureChecked, StatusReported
from hub.model.ids import AgencyCode
from hub.runtime import blobs, seal
from hub.runtime.callers import Callers
from hub.runtime.foundation import Foundation
from hub.runtime.health import set_probe
from hub.runtime.http import Watched, serve
from hub.runtime.patience import patiently
from hub.runtime.process import Process, run
from hub.runtime.registry import prepare_patiently
from hub.runtime.settings import load, secret
from services.router.adapters import Gauges, MongoInbox
from services.router.adapters_directory import Bell, MongoDirectory, SealedSecrets
from services.router.app import Opening, agencies_app, operators_app, topics
from services.router.app_directory import AdminGuard, DirectoryDoors
from services.router.app_inbox import InboxDoors
from services.router.handlers import (
    GIVES,
    ForwardStatuses,
    Known,
    PlanDeliveries,
    Projection,
    RoutingDesk,
    SettleItem,
    TakeItem,
)
from services.router.handlers_directory import ChangeDirectory
from services.router.settings import RouterSettings


async def compose(process: Process, settings: RouterSettings) -> None:
    """Put the parts together: what all doors share, the consumer, the doors."""
    foundation = Foundation(process, settings, GIVES)
    await foundation.prepare()
    await prepare_patiently(foundation.registry, (SignatureChecked, StatusReported))
    inbox, bell = MongoInbox(foundation.database), Bell()
    await patiently(inbox.prepare)
    view, packages = foundation.view, blobs.connect(settings)
    process.health.needs("blobs", packages.ping)
    known = Known(
        directory=view.directory, refresh=lambda: view.up_to_date(settings.append_limit_seconds), learn=view.learn
    )
    rows = MongoDirectory(foundation.database)
    projection = Projection(inbox, rows, bell)
    desk = RoutingDesk(known=known, inbox=inbox, clock=foundation.clock, hub=AgencyCode(settings.hub_agency))
    consumer = foundation.consumer(
        foundation.own_events(projection.project),
        topics(
            plan=foundation.steps("PlanDeliveries", PlanDeliveries(desk, packages, projection)),
            forward=foundation.steps("ForwardStatuses", ForwardStatuses(desk, projection)),
        ),
    )
    process.health.needs("own events", set_probe(consumer.assigned, "own events are still being projected"))
    process.runs("bell", bell.run)
    process.runs("gauges", Gauges(inbox, foundation.clock).run)
    opening = Opening(directory=view.ready, router=consumer.assigned)
    inbox_doors = InboxDoors(
        known=known, inbox=inbox, packages=packages, arrivals=bell, clock=foundation.clock,
        take=foundation.steps("TakeItem", TakeItem(known, inbox, projection)),
        settle=foundation.steps("SettleItem", SettleItem(known, inbox, projection)),
    )  # fmt: skip
    serve_doors(foundation, settings, opening, inbox_doors, _Directory(known, rows, projection))


@dataclass(frozen=True, slots=True)
class _Directory:
    known: Known
    rows: MongoDirectory
    projection: Projection


def serve_doors(
    foundation: Foundation, settings: RouterSettings, opening: Opening, inbox: InboxDoors, parts: _Directory
) -> None:
    """Serve agencies on the public port and operators on the internal one."""
    process, sealing = foundation.process, seal.from_file(settings.seal_key_file)
    change = ChangeDirectory(parts.known, SealedSecrets(sealing), parts.projection, AgencyCode(settings.hub_agency))
    directory = DirectoryDoors(
        known=parts.known, entries=parts.rows, clock=foundation.clock,
        change=foundation.steps("ChangeDirectory", change),
    )  # fmt: skip
    callers = Callers(foundation.view, sealing, foundation.clock)
    app = Watched(agencies_app(opening, callers, inbox, directory))
    process.runs("http", lambda stop: serve(app, settings.http_host, settings.http_port, stop))
    process.mounts("/admin", operators_app(opening, AdminGuard(secret(settings.admin_token_file)), directory))


def main() -> None:
    """Start the router."""
    settings = load(RouterSettings)
    run("router", settings, lambda process: compose(process, settings))


if __name__ == "__main__":
    main()
