"""Settings of the signature service, beside those that all services have."""

from pathlib import Path

from pydantic import Field

from hub.runtime.settings import HubSettings

_MIB = 1024 * 1024
_BATCH_SECONDS = 100.0
_MOST_AT_ONCE = 100


class SignatureSettings(HubSettings):
    """Environment variables HUB_…; a wrong combination stops the process at start.

    The anchors' file must be named, but need not be there yet: documents wait until it is.
    """

    trust_file: Path
    """PEM file of trust anchors; read again when it changes."""
    crl_dir: Path | None = None
    """Folder of CRLs, PEM or DER; each certificate but the anchor then needs one in force. Without it none is asked."""
    workers: int = Field(default=2, ge=1, le=64)
    worker_memory_bytes: int = Field(default=512 * _MIB, ge=192 * _MIB)
    """Address space of one worker: its libraries take 80 MB, a package of 100 MB another 200 MB."""
    worker_seconds: float = Field(default=10.0, gt=0, le=20)
    """Processor time of one document. 20 at most: see `batch`."""
    worker_documents: int = Field(default=5000, ge=1)
    """A worker is replaced by a fresh one after so many documents."""

    @property
    def batch(self) -> int:
        """Documents taken at once: poison, every one of them, they must be done within max.poll.interval (300 s).

        Each may use up its processor time, side by side on the workers (100 s in all), and three may need a try alone
        of three times as long (180 s at the longest). One that takes long holds up no more than these others.
        """
        return max(1, min(_MOST_AT_ONCE, int(_BATCH_SECONDS * self.workers / self.worker_seconds)))
