"""The router's process: the one place that sees all its parts."""

from hub.model.events import SignatureChecked, StatusReported
from hub.model.ids import AgencyCode
from hub.runtime import blobs, seal
from hub.runtime.callers import Callers
from hub.runtime.consumer import ConsumerLoop
from hub.runtime.foundation import Foundation
from hub.runtime.health import set_probe
from hub.runtime.http import Watched
from hub.runtime.process import Process, run
from hub.runtime.serving import serve
from hub.runtime.settings import load, secret
from services.router.adapters import Indexes, MongoInbox
from services.router.adapters_directory import Bell, MongoDirectory, SealedSecrets
from services.router.adapters_gauges import Gauges
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


class Router:
    """The parts of one process, put together."""

    def __init__(self, process: Process, settings: RouterSettings) -> None:
        self.settings = settings
        self.sealing = seal.from_file(settings.seal_key_file)
        self.packages = blobs.connect(settings)
        self.foundation = Foundation(process, settings, GIVES)
        self.inbox = MongoInbox(self.foundation.database)
        self.rows = MongoDirectory(self.foundation.database)
        self.bell = Bell()
        self.projection = Projection(self.inbox, self.rows, self.bell)
        view = self.foundation.view
        self.known = Known(
            directory=view.directory, refresh=lambda: view.up_to_date(settings.append_limit_seconds), learn=view.learn
        )
        self.hub = AgencyCode(settings.hub_agency)

    async def compose(self) -> None:
        """Start what works without doors, then the doors; they stay closed until all of it is ready."""
        foundation, process = self.foundation, self.foundation.process
        await foundation.prepare((SignatureChecked, StatusReported))
        consumer = self._consumer()
        indexes = Indexes(self.inbox)
        process.health.needs("blobs", self.packages.ping)
        process.health.needs("own events", set_probe(consumer.assigned, "own events are still being projected"))
        process.runs("indexes", indexes.run)
        process.runs("bell", self.bell.run)
        process.runs("gauges", Gauges(self.inbox, foundation.clock).run)
        opening = Opening(directory=foundation.view.ready, mongo=indexes.made, router=consumer.assigned)
        self._doors(opening)

    def _consumer(self) -> ConsumerLoop:
        steps = self.foundation.steps
        desk = RoutingDesk(known=self.known, inbox=self.inbox, clock=self.foundation.clock, hub=self.hub)
        plan = steps("PlanDeliveries", PlanDeliveries(desk, self.packages, self.projection))
        forward = steps("ForwardStatuses", ForwardStatuses(desk, self.projection))
        return self.foundation.consumer(
            self.foundation.own_events(self.projection.project), topics(plan=plan, forward=forward)
        )

    def _doors(self, opening: Opening) -> None:
        foundation, settings, steps = self.foundation, self.settings, self.foundation.steps
        inbox = InboxDoors(
            known=self.known, inbox=self.inbox, packages=self.packages, arrivals=self.bell, clock=foundation.clock,
            take=steps("TakeItem", TakeItem(self.known, self.inbox, self.projection)),
            settle=steps("SettleItem", SettleItem(self.known, self.inbox, self.projection)),
        )  # fmt: skip
        change = ChangeDirectory(self.known, SealedSecrets(self.sealing), self.projection, self.hub)
        directory = DirectoryDoors(
            known=self.known, entries=self.rows, clock=foundation.clock, change=steps("ChangeDirectory", change)
        )
        callers = Callers(foundation.view, self.sealing, foundation.clock)
        app = Watched(agencies_app(opening, callers, inbox, directory))
        foundation.process.runs("http", lambda stop: serve(app, settings.http_host, settings.http_port, stop))
        guard = AdminGuard(secret(settings.admin_token_file))
        foundation.process.mounts("/admin", Watched(operators_app(opening, guard, directory)))


def main() -> None:
    """Start the router."""
    settings = load(RouterSettings)
    run("router", settings, lambda process: Router(process, settings).compose())


if __name__ == "__main__":
    main()
