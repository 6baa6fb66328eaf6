from hub.runtime.settings import HubSettings
from hub.wire.topics import TOPICS
from hubctl.topics import Shape, shape_of


def test_equal_shapes_have_no_differences() -> None:
    shape = Shape(partitions=6, config={"cleanup.policy": "delete"})
    assert shape.differences(Shape(partitions=6, config={"cleanup.policy": "delete", "segment.ms": "1"})) == ()


def test_every_difference_is_named() -> None:
    wanted = Shape(partitions=6, config={"cleanup.policy": "compact", "retention.ms": "-1"})
    actual = Shape(partitions=3, config={"cleanup.policy": "delete"})
    assert wanted.differences(actual) == (
        "3 partitions instead of 6",
        "cleanup.policy=delete instead of compact",
        "retention.ms=None instead of -1",
    )


def test_an_append_needs_two_brokers_where_there_are_three() -> None:
    for replication, needed in ((1, "1"), (3, "2")):
        shape = shape_of(TOPICS[0], HubSettings(replication=replication, partitions=4))
        assert shape.partitions == 4
        assert shape.config["min.insync.replicas"] == needed
