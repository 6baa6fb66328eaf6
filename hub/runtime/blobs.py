"""The blob store: packages by the SHA-256 of their bytes, on a local folder or in any S3 store, through obstore."""

import asyncio
import hashlib
import os
from collections.abc import AsyncGenerator
from pathlib import Path
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from hub.model.errors import Invalid, Transient
from hub.model.ids import Digest
from hub.model.values import Package
from hub.runtime.settings import HubSettings, secret

_CHUNK = 1 << 20
_PART_BYTES = 5 << 20  # of a file on its way in, one part after the other: memory stays flat; S3 takes no smaller
_PUT_SECONDS = 60.0  # of the largest package, on a slow store
_ASK_SECONDS = 3.0  # a store that is away is noticed here, before anything is sent


class Blobs:
    """Stores each package once. What `put` has returned from survives a crash of the machine."""

    def __init__(self, store: "LocalStore | S3Store", folder: Path | None) -> None:
        self._store = store
        self._folder = folder  # of a local store; an S3 store acknowledges only what it keeps

    async def put(self, digest: Digest, content: bytes | Path) -> None:
        """Store content under its digest; storing it again changes nothing. Transient when the store is away.

        A blob that is there counts when its size is right: a machine that lost its power may have kept the name alone.
        """
        place = _place(digest)
        size = _length(content)
        there = await self._size(digest)
        try:
            async with asyncio.timeout(_PUT_SECONDS):
                if there != size:
                    await obstore.put_async(self._store, place, content, chunk_size=_PART_BYTES, max_concurrency=1)
                if self._folder is not None:  # also for one found there: who put it may not have come to this yet
                    await _make_durable(self._folder / place, self._folder)
        except (BaseError, OSError, TimeoutError) as error:
            raise Transient("blobs", type(error).__name__) from error

    async def has(self, digest: Digest) -> bool:
        """True when the store holds the digest."""
        return await self._size(digest) is not None

    async def _size(self, digest: Digest) -> int | None:
        try:
            async with asyncio.timeout(_ASK_SECONDS):
                about = await obstore.head_async(self._store, _place(digest))
        except FileNotFoundError:
            return None
        except (BaseError, OSError, TimeoutError) as error:
            raise Transient("blobs", type(error).__name__) from error
        return about["size"]

    async def read(self, package: Package) -> AsyncGenerator[bytes]:
        """The bytes in chunks; the last comes only when size and digest hold: a changed blob is never served.

        Transient when the store or the blob is away, Invalid when the bytes are not those that were stored.
        """
        hasher, size, held = hashlib.sha256(), 0, b""
        try:
            answer = await obstore.get_async(self._store, _place(package.digest))
            async for piece in answer.stream(min_chunk_size=_CHUNK):
                chunk = bytes(piece)
                hasher.update(chunk)
                size += len(chunk)
                if held:
                    yield held
                held = chunk
        except FileNotFoundError as error:
            raise Transient("blobs", f"blob {package.digest} is missing") from error
        except (BaseError, OSError) as error:
            raise Transient("blobs", type(error).__name__) from error
        if size != package.size or hasher.hexdigest() != package.digest:
            raise Invalid("PACKAGE_DAMAGED", f"blob {package.digest} is not what was stored")
        yield held

    def local_path(self, digest: Digest) -> Path | None:
        """Where a local store keeps a blob; None for a remote store."""
        return self._folder / _place(digest) if self._folder is not None else None

    async def ping(self) -> None:
        """Transient when the store cannot be asked."""
        await self.has(Digest("0" * 64))


def connect(settings: HubSettings) -> Blobs:
    """The store named by HUB_BLOB_URL; a local folder is made when it is missing."""
    url = urlsplit(settings.blob_url)
    if url.scheme == "file":
        folder = Path(f"{url.netloc}{url.path}").resolve()
        folder.mkdir(parents=True, exist_ok=True)
        return Blobs(LocalStore(prefix=folder), folder)
    return Blobs(_s3(settings, url.netloc, url.path.strip("/")), None)


def _s3(settings: HubSettings, bucket: str, prefix: str) -> S3Store:
    if settings.s3_access_key_file is None or settings.s3_secret_key_file is None:
        raise ValueError("an S3 store needs its key files")  # settings refuse this at start
    return S3Store(
        bucket,
        prefix=prefix or None,
        endpoint=settings.s3_endpoint or None,
        region=settings.s3_region,
        access_key_id=secret(settings.s3_access_key_file),
        secret_access_key=secret(settings.s3_secret_key_file),
        virtual_hosted_style_request=False,
        client_options={"allow_http": settings.s3_endpoint.startswith("http://")},
    )


def _place(digest: Digest) -> str:
    return f"{digest[:2]}/{digest[2:4]}/{digest}"


def _length(content: bytes | Path) -> int:
    return len(content) if isinstance(content, bytes) else content.stat().st_size


async def _make_durable(file: Path, root: Path) -> None:
    """Fsync the file and the folders up to the root: a name not yet on disk is not kept.

    All at once: the disk's journal takes them in one go (5 ms instead of 14 ms one after the other).
    """
    folders = (parent for parent in file.parents if parent == root or root in parent.parents)
    await asyncio.gather(*(asyncio.to_thread(_sync, path) for path in (file, *folders)))


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
