"""Composition root of the notifier: `python -m services.notifier`."""

import time
import uuid
from datetime import timedelta
from functools import partial

from hub.model.events import AlertRaised, AlertSent, DeliveryPlanned, DeliverySettled, DeliveryTaken
from hub.model.statuses import Channel
from hub.runtime.faust_worker import FaustWorker
from hub.runtime.foundation import Foundation, instance_name
from hub.runtime.health import set_probe
from hub.runtime.patience import patiently
from hub.runtime.process import Process, run
from hub.runtime.settings import load, secret
from hub.wire.topics import topic_of
from services.notifier.adapters import MongoBook, prepare_rows
from services.notifier.adapters_attempts import MongoAttempts, MongoCustody
from services.notifier.adapters_log import LogPositions
from services.notifier.adapters_sms import HttpTexter
from services.notifier.adapters_smtp import Relay, SmtpMailer
from services.notifier.app import Deadlines, GuardedClock, OwnAlerts, Strays, Takeover, recorder
from services.notifier.app_lanes import Lane
from services.notifier.attempts import Holder, Patience
from services.notifier.clock_guard import NEVER_BELIEVED
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
    strays = Strays(book)
    own = OwnAlerts(hub.log, settings.brokers, hub.marks, GIVES, strays.project)
    limit = timedelta(seconds=settings.not_fetched_seconds)
    raising = RaiseAlerts(book, hub.view.directory, positions, limit)
    custody = Takeover(
        MongoCustody(hub.database), lambda: hub.log.partitions(topic_of(AlertRaised)), positions.raised_ends
    )
    deadlines = Deadlines(
        book=book, steps=hub.steps("raise_alerts", raising), takeover=custody, strays=strays,
        resolve_doubt=own.resolve_doubt, lanes=lanes, limit=limit,
        clock=GuardedClock(hub.clock, time.monotonic, limit), directory_ready=hub.view.ready,
    )  # fmt: skip
    own.assigned = deadlines.assigned
    watch = hub.steps("watch_deliveries", WatchDeliveries(book, deadlines.planned))
    worker = FaustWorker(
        group=settings.group, brokers=settings.brokers, log=hub.log, marks=hub.marks, own=own, parking=hub.parking,
        handlers=dict.fromkeys(TAKES, watch), clock=hub.clock, data_dir=str(settings.data_dir / "faust"),
        instance=instance_name(settings),
    )  # fmt: skip
    process.health.needs("deliveries", set_probe(worker.assigned, "no partitions of the delivery topics yet"))
    process.runs("worker", worker.run)
    process.runs("own events", own.keep_up)
    process.runs("deadlines", deadlines.run)
    for channel, lane in lanes.items():
        process.runs(channel.value, lane.run)
    process.closes(positions.close)


def _lanes(process: Process, hub: Foundation, settings: NotifierSettings, book: MongoBook) -> dict[Channel, Lane]:
    holder = Holder(instance=instance_name(settings), life=str(uuid.uuid4()))
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
        steady=GuardedClock(hub.clock, time.monotonic, NEVER_BELIEVED),
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
