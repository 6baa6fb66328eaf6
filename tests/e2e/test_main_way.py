"""The whole way of documents: sent, judged, delivered, answered, warned about; and all of it in the log."""

import re
import time
from collections import defaultdict
from typing import Any

import httpx
import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

from hub.wire.topics import TOPICS
from hubctl.local.ports import Port
from sim.check import Judgement, judge
from sim.driver import Result
from sim.ledger import read
from sim.place import Place
from sim.plan import DEMO_SPECIALS, Mix, Special
from sim.rehearsal import Rehearsed, Script, play, prepare
from tests.conftest import hubctl
from tests.e2e.conftest import quiet

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

SCRIPT = Script(
    seed=282,
    documents=24,
    specials=DEMO_SPECIALS,
    mix=Mix(sizes=(8, 1, 1), characters=(6, 0, 2)),
    alert_expected=True,
)


@pytest.fixture(scope="module")
def run(stack: Place) -> tuple[Rehearsed, Result]:
    rehearsed = prepare(stack, SCRIPT, quiet)
    return rehearsed, play(rehearsed, quiet)


@pytest.fixture(scope="module")
def verdict(stack: Place, run: tuple[Rehearsed, Result]) -> Judgement:
    rehearsed, result = run
    wait_for_alerts(stack, silent_of(rehearsed, result))
    return judge(read(stack.ledger), stack.alerts(), run=rehearsed.run)


def silent_of(rehearsed: Rehearsed, result: Result) -> set[tuple[str, str]]:
    return {
        (result.hub_id(parcel.document_id), parcel.document.codes[0])
        for parcel in rehearsed.parcels
        if parcel.document.special is Special.SILENT_RECIPIENT
    }


def wait_for_alerts(stack: Place, wanted: set[tuple[str, str]]) -> None:
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        sent = {(alert.channel, alert.document, alert.recipient) for alert in stack.alerts()}
        if all((channel, *pair) in sent for pair in wanted for channel in ("email", "sms")):
            return
        time.sleep(0.3)


def test_everything_arrives_once(run: tuple[Rehearsed, Result], verdict: Judgement) -> None:
    assert run[1].drained
    assert verdict.clean, verdict
    assert verdict.sent == SCRIPT.documents
    assert verdict.refused == 2  # the tampered one and the one to an unknown code
    assert verdict.statuses > verdict.delivered


def test_refusals_say_why(run: tuple[Rehearsed, Result]) -> None:
    rehearsed, result = run
    unknown = next(one for one in rehearsed.parcels if one.document.special is Special.UNKNOWN_RECIPIENT)
    answer = result.answers[unknown.document_id][0]
    assert answer.status == 422
    reason = answer.body["reasons"][0]
    assert reason["code"] == "UNKNOWN_RECIPIENT"
    assert all(reason[text] for text in ("field", "vi", "en", "fix_vi", "fix_en"))


def test_the_second_sending_gets_the_first_receipt(run: tuple[Rehearsed, Result]) -> None:
    rehearsed, result = run
    twice = next(one for one in rehearsed.parcels if one.document.special is Special.SENT_TWICE)
    first, second = result.answers[twice.document_id]
    assert (first.status, second.status) == (202, 200)
    assert second.body == {**first.body, "duplicate": True}


def test_somebody_is_warned_by_mail_and_sms(stack: Place, run: tuple[Rehearsed, Result], verdict: Judgement) -> None:
    assert verdict.alerts >= 2
    for document, recipient in silent_of(*run):
        channels = [one.channel for one in stack.alerts() if (one.document, one.recipient) == (document, recipient)]
        assert sorted(channels) == ["email", "sms"]


def log_by_document(stack: Place, keys: set[str]) -> dict[str, dict[str, list[tuple[dict[str, Any], str]]]]:
    """hub id -> topic -> events under these keys with their trace ids, read with Confluent's own client."""
    decode = AvroDeserializer(
        SchemaRegistryClient({"url": f"http://{stack.stack.address(Port.REGISTRY)}/apis/ccompat/v7"})
    )
    consumer = Consumer(
        {"bootstrap.servers": stack.stack.address(Port.KAFKA), "group.id": "test-outsider", "enable.auto.commit": False}
    )
    found: dict[str, dict[str, list[tuple[dict[str, Any], str]]]] = defaultdict(lambda: defaultdict(list))
    places = [
        TopicPartition(topic.name, partition, 0)
        for topic in TOPICS
        for partition in consumer.list_topics(topic.name, timeout=10).topics[topic.name].partitions
    ]
    left = sum(consumer.get_watermark_offsets(place, timeout=10)[1] for place in places)
    consumer.assign(places)
    for _ in range(left):
        message = consumer.poll(10)
        assert message is not None
        if (message.key() or b"").decode("utf-8", "replace") not in keys:
            continue  # other tests put poison into this log
        name = str(message.topic())
        event: Any = decode(message.value(), SerializationContext(name, MessageField.VALUE))
        headers: dict[str, Any] = dict(message.headers() or [])
        trace = str(headers.get("traceparent") or b"", "ascii").split("-")
        hub_id = event.get("hub_id") or event.get("header", {}).get("hub_id", "")
        found[hub_id][name].append((event, trace[1] if len(trace) > 1 else ""))
    consumer.close()
    return found


def test_the_log_holds_the_whole_way_in_one_trace(
    stack: Place, run: tuple[Rehearsed, Result], verdict: Judgement
) -> None:
    assert verdict.clean
    ((document, recipient),) = silent_of(*run)
    log = log_by_document(stack, {document, recipient})
    way = ("document.received.v1", "signature.checked.v1", "delivery.planned.v1", "alert.raised.v1", "alert.sent.v1")
    traces = {
        trace
        for topic in way
        for event, trace in log[document][topic]
        if event.get("recipient") in (None, recipient) and event.get("kind") in (None, "document")
    }
    assert len(traces) == 1
    assert "" not in traces
    for topic in way:
        assert log[document][topic], topic


def test_the_timeline_tells_it(stack: Place, run: tuple[Rehearsed, Result]) -> None:
    rehearsed, result = run
    parcel = next(one for one in rehearsed.parcels if one.document.special is Special.NONE)
    address = f"{stack.edge}/api/v1/documents/{result.hub_id(parcel.document_id)}"
    timeline = httpx.get(address, auth=("operator", stack.operator_password), timeout=10).json()
    assert {line["recipient"] for line in timeline["recipients"]} == set(parcel.document.codes)
    assert all(line["state"] in ("02", "06") for line in timeline["recipients"])
    assert timeline["verdict"]["outcome"] == "VALID"


def test_every_collection_is_what_the_log_says(stack: Place, verdict: Judgement) -> None:
    assert verdict.clean
    assert stack
    fsck = hubctl("fsck", check=False)
    assert fsck.returncode == 0, fsck.stdout + fsck.stderr
    rows = re.search(r"fsck: (\d+) rows compared, 0 differences", fsck.stdout)
    assert rows is not None
    assert int(rows[1]) > SCRIPT.documents
