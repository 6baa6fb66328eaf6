"""The status service's process."""

from hub.runtime import seal
from hub.runtime.callers import Callers
from hub.runtime.faust_worker import FaustWorker
from hub.runtime.foundation import Foundation, instance_name
from hub.runtime.health import set_probe
from hub.runtime.http import Watched, public_app
from hub.runtime.patience import patiently
from hub.runtime.process import Process, run
from hub.runtime.serving import serve
from hub.runtime.settings import load, secret
from services.status.adapters import MongoLives
from services.status.adapters_alerts import MongoAlerts
from services.status.adapters_xlsx import xlsx_of
from services.status.app import GIVES, doors
from services.status.app_api import add_api
from services.status.app_console import Console, add_console
from services.status.app_viewers import Operators, Viewers
from services.status.handlers import Documents, RecordAlerts, RecordTimeline
from services.status.settings import StatusSettings


async def compose(process: Process, settings: StatusSettings) -> None:
    """Put the service together."""
    foundation = Foundation(process, settings, GIVES)
    lives, alerts = MongoLives(foundation.database), MongoAlerts(foundation.database)
    await foundation.prepare()
    await patiently(lives.prepare)
    await patiently(alerts.prepare)
    handler = RecordTimeline(lives)
    timeline = foundation.steps("record_timeline", handler)
    worker = FaustWorker(
        group=settings.group, brokers=settings.brokers, log=foundation.log, marks=foundation.marks,
        own=foundation.own_events(handler.project), parking=foundation.parking, clock=foundation.clock,
        handlers=doors(timeline, foundation.steps("record_alerts", RecordAlerts(alerts))),
        data_dir=str(settings.data_dir / "faust"), instance=instance_name(settings),
    )  # fmt: skip
    process.runs("stream", worker.run)
    process.health.needs("stream", set_probe(worker.assigned, "no partitions assigned yet"))

    operators = Operators(secret(settings.operator_password_file))
    callers = Callers(foundation.view, seal.from_file(settings.seal_key_file), foundation.clock)
    documents = Documents(lives, lives, alerts, foundation.view.directory)
    app = public_app("Status")
    add_api(app, documents, Viewers(operators, callers), xlsx_of)
    add_console(app, Console(documents=documents, operators=operators, to_xlsx=xlsx_of, clock=foundation.clock))
    process.runs("http", lambda stop: serve(Watched(app), settings.http_host, settings.http_port, stop))


def main() -> None:
    """Entry point of `python -m services.status`."""
    settings = load(StatusSettings)
    run("status", settings, lambda process: compose(process, settings))


if __name__ == "__main__":
    main()
