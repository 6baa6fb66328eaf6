"""Schemas: files equal classes, evolution is FULL_TRANSITIVE, and every event survives the wire."""

import dataclasses
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType
from avro.schema import parse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.model import events
from hub.model.events import Event
from hub.wire.avro import decode, encode, parsed_writer, schema_id_of, schema_of
from hub.wire.topics import TOPICS, Keyed, Topic

ROOT = Path(__file__).resolve().parents[2]
RELEASED = ROOT / "tests" / "data" / "schemas_released"
ids = [topic.name for topic in TOPICS]


@pytest.mark.parametrize("topic", TOPICS, ids=ids)
def test_schema_file_equals_the_class(topic: Topic) -> None:
    file = ROOT / "schemas" / "avro" / topic.schema_file
    assert json.loads(file.read_text(encoding="utf-8")) == schema_of(topic.event), "run `make schemas`"


def test_there_is_no_schema_file_without_a_topic() -> None:
    files = {file.name for file in (ROOT / "schemas" / "avro").glob("*.avsc")}
    assert files == {topic.schema_file for topic in TOPICS}


def test_every_event_class_has_one_topic() -> None:
    classes = {word for word in vars(events).values() if isinstance(word, type) and issubclass(word, Event)} - {Event}
    assert {topic.event for topic in TOPICS} == classes
    assert len({topic.name for topic in TOPICS}) == len(TOPICS)


def compatible(reader: dict[str, Any], writer: dict[str, Any]) -> bool:
    checker = ReaderWriterCompatibilityChecker()  # type: ignore[no-untyped-call]  # avro ships no types
    result = checker.get_compatibility(parse(json.dumps(reader)), parse(json.dumps(writer)))
    return bool(result.compatibility is SchemaCompatibilityType.compatible)


@pytest.mark.parametrize("topic", TOPICS, ids=ids)
def test_schema_is_full_transitive_with_all_released_ones(topic: Topic) -> None:
    released = sorted((RELEASED / topic.name).glob("*.avsc"))
    assert released, f"no released schema of {topic.name} is kept under {RELEASED.name}"
    now = schema_of(topic.event)
    for file in released:
        before = json.loads(file.read_text(encoding="utf-8"))
        assert compatible(now, before), f"{file.name}: today's readers cannot read it"
        assert compatible(before, now), f"{file.name}: its readers cannot read today's"


def test_the_compatibility_check_can_fail() -> None:
    now = schema_of(TOPICS[0].event)
    more = json.loads(json.dumps(now))
    more["fields"].append({"name": "added_without_default", "type": "string"})
    assert compatible(now, more)
    assert not compatible(more, now)


def example(topic: Topic) -> st.SearchStrategy[Event]:
    hints = {field.name: get_type_hints(topic.event)[field.name] for field in dataclasses.fields(topic.event)}
    moments = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1)).map(  # noqa: DTZ001 - hypothesis wants bounds without a zone
        lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=UTC)
    )
    st.register_type_strategy(datetime, moments)
    st.register_type_strategy(int, st.integers(min_value=-(2**62), max_value=2**62))
    return st.builds(topic.event, **{name: st.from_type(hint) for name, hint in hints.items()})


@pytest.mark.parametrize("topic", TOPICS, ids=ids)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_every_event_comes_back_as_it_went(topic: Topic, data: st.DataObject) -> None:
    event = data.draw(example(topic))
    value = encode(event, 7)
    assert schema_id_of(value) == 7
    assert decode(value, topic.event, parsed_writer(schema_of(topic.event))) == event


def test_document_topics_are_co_partitioned() -> None:
    counts = {topic.partitions(6) for topic in TOPICS if topic.keyed is Keyed.DOCUMENT}
    assert counts == {6}
