"""Composition root of the notifier: `python -m services.notifier`."""

import time
import uuid
from datetime import timedelta
from functools import partial

from hub.model.events import AlertRaised, AlertSent, DeliveryPlanned, DeliverySettled, DeliveryTaken
from hub.model.statuses import Channel
from hub.runtime.faust_worker import FaustWorker
from hub.runtime.foundation import Foundation
from hub.runtime.health import set_probe
from hub.runtime.process import Process, run
from hub.runtime.settings import load, secret
from hub.wire.topics import topic_of
from services.notifier.adapters import MongoBook, prepare_rows
from services.notifier.adapters_attempts import MongoAttempts, MongoCustody
from services.notifier.adapters_log import LogPositions
from services.notifier.adapters_sms import HttpTexter
from services.notifier.adapters_smtp import Relay, SmtpMailer
from services.notifier.app import Deadlines, GuardedClock, Takeover, recorder
from services.notifier.app_lanes import Lane, patiently
from services.notifier.attempts import Patience
from services.notifier.handlers import Gateways, RaiseAlerts, RecordOutcome, SendAlert, WatchDeliveries
from services.notifier.settings import NotifierSettings

GIVES = (AlertRaised, AlertSent)
TAKES = (DeliveryPlanned, DeliveryTaken, DeliverySettled)


def main() -> None:
    """Run the service; never returns."""
    settings = load(NotifierSettings)
    run("notifier", settings, lambda process: compose(process, settings))


async def compose(process: Process, settings: NotifierSettings) -> None:
    """Settings -> adapters -> handlers -> doors."""
    hub = Foundation(process, settings, GIVES)
    await hub.prepare()
    await patiently(partial(prepare_rows, hub.database))
    book, positions = MongoBook(hub.database), LogPositions(settings.brokers, settings.group)
    lanes = _lanes(process, hub, settings, book)
    deadlines = _deadlines(hub, settings, book, positions, lanes)
    watch = hub.steps("watch_deliveries", WatchDeliveries(book, deadlines.planned))
    worker = FaustWorker(
        group=settings.group, brokers=settings.brokers, log=hub.log, parking=hub.parking, clock=hub.clock,
        handlers=dict.fromkeys(TAKES, watch), data_dir=str(settings.data_dir / "faust"),
    )  # fmt: skip
    worker.on_assigned(deadlines.assigned)
    process.health.needs("deliveries", set_probe(worker.started, "the worker has not started"))
    process.runs("worker", worker.run)
    process.runs("deadlines", deadlines.run)
    for channel, lane in lanes.items():
        process.runs(channel.value, lane.run)
    process.closes(positions.close)
    process.closes(hub.marks.flush)


def _deadlines(
    hub: Foundation, settings: NotifierSettings, book: MongoBook, positions: LogPositions, lanes: dict[Channel, Lane]
) -> Deadlines:
    limit = timedelta(seconds=settings.not_fetched_seconds)
    raising = RaiseAlerts(book, hub.view.directory, positions, limit)
    takeover = Takeover(
        custody=MongoCustody(hub.database),
        partitions=lambda: hub.log.partitions(topic_of(AlertRaised)),
        ends=positions.raised_ends,
        catch_up=lambda: own.catch_up(()),
        resolve_doubt=lambda: own.resolve_doubt(),
    )
    deadlines = Deadlines(
        book=book, steps=hub.steps("raise_alerts", raising), takeover=takeover, lanes=lanes, limit=limit,
        clock=GuardedClock(hub.clock, time.monotonic, limit), directory_ready=hub.view.ready,
    )  # fmt: skip
    own = hub.own_events(deadlines.own_events)
    hub.process.runs("own-events", own.keep_up)
    return deadlines


def _lanes(process: Process, hub: Foundation, settings: NotifierSettings, book: MongoBook) -> dict[Channel, Lane]:
    holder = str(uuid.uuid4())
    texter = HttpTexter(
        settings.sms_url, secret(settings.sms_token_file) if settings.sms_token_file else "", settings.sms_seconds
    )
    process.closes(texter.close)
    send = SendAlert(
        book=book,
        tries=MongoAttempts(hub.database, holder),
        gateways=Gateways(SmtpMailer(_relay(settings), settings.smtp_seconds), texter, hub.view.directory,
                          settings.mail_from),
        record=recorder(hub.steps("record_outcome", RecordOutcome(book))),
        patience=_patience(settings),
        holder=holder,
        clock=hub.clock,
        patiently=patiently,
    )  # fmt: skip
    return {channel: Lane(channel, send) for channel in Channel}


def _relay(settings: NotifierSettings) -> Relay:
    return Relay(
        host=settings.smtp_host,
        port=settings.smtp_port,
        tls=settings.smtp_tls,
        user=settings.smtp_user,
        password=secret(settings.smtp_password_file) if settings.smtp_password_file else "",
        local_name=settings.mail_from.rpartition("@")[2],
    )


def _patience(settings: NotifierSettings) -> Patience:
    return Patience(
        first_pause=timedelta(seconds=settings.alert_retry_seconds),
        longest_pause=timedelta(seconds=settings.alert_retry_longest_seconds),
        give_up=timedelta(seconds=settings.alert_give_up_seconds),
        attempt_limit=timedelta(seconds=settings.attempt_limit_seconds),
    )


if __name__ == "__main__":
    main()
