"""Trust anchors and CRLs as files, read again when they change, without a restart.

Without an anchor no certificate is judged: documents that carry one wait, because "untrusted" would be a lie about
them. An empty file says "none yet" and is no fault; one that is missing or holds rubbish is, and readiness names it. A
file that turns bad later changes nothing: the last good content stays in force.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from hub.model.errors import Transient
from hub.runtime.logs import logger
from services.signature.frames import Trust

_LOOK_AGAIN_SECONDS = 1.0

_State = tuple[tuple[str, int, int], ...]


class TrustFiles:
    """The anchors' file and, where there is one, the folder of CRLs: without one, revocation is not asked for."""

    def __init__(self, anchors: Path, crls: Path | None, timer: Callable[[], float] = monotonic) -> None:
        self._anchors = anchors
        self._crls = crls
        self._timer = timer
        self._looked = -_LOOK_AGAIN_SECONDS
        self._state: _State = ()
        self._current: Trust | None = None
        self._accepted: Trust | None = None
        self._fault = "not read yet"

    def current(self) -> Trust:
        """What to judge by now; looks at the files at most once a second. Transient while they cannot be read."""
        if self._timer() - self._looked >= _LOOK_AGAIN_SECONDS:
            self._looked = self._timer()
            self._look()
        if self._current is None:
            raise Transient("trust", self._fault)
        return self._current

    def accepted(self, trust: Trust) -> None:
        """A worker can judge by this."""
        self._accepted = trust

    def refused(self, trust: Trust, why: str) -> None:
        """No worker can judge by this: stay with what was good before."""
        if self._current is not None and self._current.version == trust.version:
            self._current = self._accepted if self._accepted is not trust else None
            self._blame(why)

    async def ping(self) -> None:
        """Transient when the files are missing, or hold something that cannot be used."""
        self.current()
        if self._fault:
            raise Transient("trust", self._fault)

    def _look(self) -> None:
        try:
            files = (
                [self._anchors, *sorted(path for path in self._crls.iterdir() if path.is_file())]
                if (self._crls is not None)
                else [self._anchors]
            )
            state = tuple((str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in files)
            if state == self._state:
                return
            contents = [path.read_bytes() for path in files]
        except OSError as error:
            self._blame(f"{type(error).__name__}: {error.filename}")
            return
        self._state, self._fault = state, ""
        self._current = Trust(
            version=hashlib.sha256(b"".join(hashlib.sha256(content).digest() for content in contents)).hexdigest(),
            anchors=contents[0],
            crls=tuple(contents[1:]),
            revocation="off" if self._crls is None else "require",
        )
        logger().info("trust anchors read", count=len(files), version=self._current.version[:16])

    def _blame(self, fault: str) -> None:
        if fault != self._fault:
            logger().error("trust anchors cannot be used", error=fault)
        self._fault = fault
