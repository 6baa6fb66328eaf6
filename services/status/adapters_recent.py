"""Lives as they were last read or written, with their versions: large ones only, a bounded number of lines in all.

To parse a thousand lines for one event costs far more than to ask the database whether the row is still of the version
at hand. For a few lines it does not, so small lives are not kept.
"""

from collections.abc import Collection

from hub.model.ids import HubId
from services.status.life import Life
from services.status.versions import version_of

_FEWEST_LINES = 20
_MOST_LINES = 5_000  # 21 MB with five statuses each


class Recent:
    """What is kept is never believed by itself: a reader compares versions, and a write is made under them."""

    def __init__(self, most_lines: int = _MOST_LINES) -> None:
        self._kept: dict[HubId, tuple[Life, int]] = {}
        self._most = most_lines
        self._lines = 0

    def of(self, ids: Collection[HubId]) -> dict[HubId, tuple[Life, int]]:
        """Those of these documents that are kept, with their versions."""
        return {hub_id: self._kept[hub_id] for hub_id in ids if hub_id in self._kept}

    def put(self, life: Life, version: int) -> Life:
        """Keep a life; those put longest ago make room. Gives the life."""
        self._drop(life.hub_id)
        if _FEWEST_LINES <= len(life.lines) <= self._most:
            self._kept[life.hub_id] = (life, version)
            self._lines += len(life.lines)
        while self._lines > self._most:
            self._drop(next(iter(self._kept)))
        return life

    def version(self, life: Life) -> int:
        """The version of this very life."""
        kept, version = self._kept.get(life.hub_id, (None, 0))
        return version if kept is life else version_of(life)

    def _drop(self, hub_id: HubId) -> None:
        dropped = self._kept.pop(hub_id, None)
        self._lines -= len(dropped[0].lines) if dropped else 0
