"""Which partitions a consumer has, as its rebalance listener hears of it; the consumer loop asks and acts."""

from collections.abc import Collection

from aiokafka import ConsumerRebalanceListener, TopicPartition


class Assignment(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka ships no types
    """Remembers moves until somebody asks. Does nothing by itself: a listener's errors would be swallowed."""

    def __init__(self) -> None:
        self._gone: set[int] = set()
        self._fresh: set[int] | None = None

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """Partitions go: whoever gets them catches up with them."""
        self._gone |= {place.partition for place in revoked}
        self._fresh = None

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """Partitions are ours from here on."""
        self._fresh = {place.partition for place in assigned}

    def has_moved(self) -> bool:
        """True when something moved since the last question."""
        return bool(self._gone) or self._fresh is not None

    def moved(self) -> tuple[set[int], set[int] | None]:
        """Partitions lost and partitions got since the last question; None when there was no new assignment."""
        gone, fresh = self._gone, self._fresh
        self._gone, self._fresh = set(), None
        return gone, fresh
