"""Moves of partitions are remembered until somebody asks."""

from aiokafka import TopicPartition

from hub.runtime.assignment import Assignment


def places(*partitions: int) -> list[TopicPartition]:
    return [TopicPartition("signature.checked.v1", number) for number in partitions]


async def test_a_first_assignment_is_fresh_once() -> None:
    assignment = Assignment()
    await assignment.on_partitions_revoked([])
    await assignment.on_partitions_assigned(places(0, 1))
    assert assignment.has_moved()
    assert assignment.moved() == (set(), {0, 1})
    assert not assignment.has_moved()
    assert assignment.moved() == (set(), None)


async def test_a_rebalance_gives_up_everything_and_gets_what_it_gets() -> None:
    assignment = Assignment()
    await assignment.on_partitions_assigned(places(0, 1))
    assignment.moved()
    await assignment.on_partitions_revoked(places(0, 1))
    assert assignment.moved() == ({0, 1}, None)
    await assignment.on_partitions_assigned(places(1))
    assert assignment.moved() == (set(), {1})


async def test_an_assignment_of_nothing_is_an_assignment() -> None:
    assignment = Assignment()
    await assignment.on_partitions_assigned([])
    assert assignment.moved() == (set(), set())


async def test_an_assignment_that_was_overtaken_is_not_acted_on() -> None:
    assignment = Assignment()
    await assignment.on_partitions_assigned(places(0))
    await assignment.on_partitions_revoked(places(0))
    assert assignment.moved() == ({0}, None)
