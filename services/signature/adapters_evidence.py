"""Evidence in the blob store, beside the packages."""

import asyncio
from collections.abc import Sequence

from hub.runtime.blobs import Blobs
from services.signature.evidence import digest_of
from services.signature.frames import Trust


class BlobEvidence:
    """Manifests, anchors and CRLs as blobs under their digests."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._kept = ""

    async def keep(self, trust: Trust, manifests: Sequence[bytes]) -> None:
        """Store what is not there yet. Transient when the store is away."""
        contents = list(manifests)
        if trust.version != self._kept:
            contents += [trust.anchors, *trust.crls]
        await asyncio.gather(*(self._blobs.put(digest_of(content), content) for content in contents))
        self._kept = trust.version
