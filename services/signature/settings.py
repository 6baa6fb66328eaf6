"""Settings of the signature service, beside those that all services have."""

from pathlib import Path

from pydantic import Field

from hub.runtime.settings import HubSettings

_MIB = 1024 * 1024


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
    worker_seconds: float = Field(default=10.0, gt=0, le=300)
    worker_documents: int = Field(default=5000, ge=1)
    """A worker is replaced by a fresh one after so many documents."""
