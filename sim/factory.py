"""From planned documents to signed packages, in worker processes.

    parcels = produce(documents, Order(state=..., agencies=..., nonce=fresh_nonce(now), sent_at=now))
    for parcel in parcels: ...        # as they become ready, not in the plan's order

Inside one process: `Workshop(order).make(document)`.
"""

import hashlib
import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import islice
from pathlib import Path

from sim.agencies import Agency, AgencyCode, by_code
from sim.authority import Authority, Standing
from sim.edxml import Attachment
from sim.kinds import load_kinds
from sim.letters import Letter, compose
from sim.offices import office
from sim.package import annex_attachment, main_attachment, signed_package, tampered, unsigned_package
from sim.pades import PdfNotary
from sim.pdf import print_letter
from sim.plan import PlannedDocument, Special
from sim.workbook import annex

NONCES = 1_000_000

_FORMAT = 1  # raise it when the same plan no longer gives the same text: cached packages are then left alone
_AHEAD = 16  # packages in the making at once: bounds memory when the consumer is slow
_STANDINGS = {
    Special.EXPIRED_CERTIFICATE: Standing.EXPIRED,
    Special.REVOKED_CERTIFICATE: Standing.REVOKED,
    Special.UNKNOWN_AUTHORITY: Standing.UNKNOWN_AUTHORITY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a run needs besides its plan."""

    state: Path
    """Folder of the authority (`sim.authority.open_authority` must have run)."""
    agencies: tuple[Agency, ...]
    nonce: int
    """0..999 999: makes the DocumentIds of this run its own; see `fresh_nonce`."""
    sent_at: datetime
    """When the packages leave their senders, with a zone."""
    cache: Path | None = None
    """Folder of packages to use again: same seed, nonce, plan and authority only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A package ready to be sent, with what the ledger must know of it."""

    document: PlannedDocument
    document_id: str
    code: str
    subject: str
    """As written, also of a tampered package: what the sender meant."""
    package: bytes
    sha256: str


def fresh_nonce(moment: datetime) -> int:
    """A nonce no run of the same day had that began in another second."""
    return int(moment.timestamp()) % NONCES


def produce(
    documents: Sequence[PlannedDocument],
    order: Order,
    *,
    processes: int = 2,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[Parcel]:
    """The parcels of `documents` as they become ready. `progress(done, total)` is called after each.

    Memory stays flat however slow the consumer is. Raises whatever a worker raised.
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_open, initargs=(order,)) as pool:
        try:
            for done, parcel in enumerate(_as_ready(pool, documents), start=1):
                yield parcel
                if progress:
                    progress(done, len(documents))
        finally:
            pool.shutdown(cancel_futures=True)


def _as_ready(pool: ProcessPoolExecutor, documents: Sequence[PlannedDocument]) -> Iterator[Parcel]:
    waiting = iter(documents)
    running: set[Future[Parcel]] = set()
    while True:
        for document in islice(waiting, _AHEAD - len(running)):
            running.add(pool.submit(_make, document))
        if not running:
            return
        ready, running = wait(running, return_when=FIRST_COMPLETED)
        for future in ready:
            yield future.result()


class Workshop:
    """Makes parcels one after the other; keeps the identities and signers it has used."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._agencies = by_code(order.agencies)
        self._kinds = load_kinds()
        self._authority = Authority(order.state)
        self._notary = lru_cache(maxsize=None)(self._open_notary)

    def make(self, document: PlannedDocument) -> Parcel:
        """The parcel of `document`, from the cache when there is one and it has it."""
        letter = compose(document, self._agencies, self._kinds, nonce=self._order.nonce)
        cached = self._cached(document)
        if cached and cached.exists():
            package = cached.read_bytes()
        else:
            package = self._package(document, letter)
            if cached:
                _keep(cached, package)
        return Parcel(
            document=document,
            document_id=letter.document_id,
            code=letter.code,
            subject=letter.subject,
            package=package,
            sha256=hashlib.sha256(package).hexdigest(),
        )

    def _package(self, document: PlannedDocument, letter: Letter) -> bytes:
        printed = print_letter(letter, document.pdf_bytes, document.rng("pdf"))
        moment = self._order.sent_at
        if document.special is Special.UNSIGNED:
            bare = self._attachments(document, letter, printed.data)
            return unsigned_package(letter, bare, pages=printed.pages, moment=moment)
        code, standing = _who_signs(document)
        attachments = self._attachments(document, letter, self._notary(code, standing).sign(printed.data))
        identity = self._authority.identity(code, standing)
        package = signed_package(letter, attachments, identity, pages=printed.pages, moment=moment)
        return tampered(package) if document.special is Special.TAMPERED else package

    def _attachments(self, document: PlannedDocument, letter: Letter, pdf: bytes) -> list[Attachment]:
        rng = document.rng("attachments")
        attachments = [main_attachment(letter, pdf, rng)]
        if document.annex:
            attachments.append(annex_attachment(letter, annex(letter, rng), rng))
        return attachments

    def _open_notary(self, code: AgencyCode, standing: Standing) -> PdfNotary:
        agency = self._agencies[code]
        return PdfNotary(self._authority.identity(code, standing), name=agency.name, place=office(agency).place)

    def _cached(self, document: PlannedDocument) -> Path | None:
        if self._order.cache is None:
            return None
        meaning = f"{_FORMAT}|{self._authority.fingerprint}|{document!r}"
        name = f"{document.index:06d}-{hashlib.sha256(meaning.encode()).hexdigest()[:16]}.edxml"
        return self._order.cache / f"{document.seed}-{self._order.nonce}" / name


def _who_signs(document: PlannedDocument) -> tuple[AgencyCode, Standing]:
    if document.special is Special.OTHER_AGENCY:
        return document.codes[0], Standing.GOOD
    return document.sender, _STANDINGS.get(document.special, Standing.GOOD)


def _keep(path: Path, package: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".half")
    half.write_bytes(package)
    half.replace(path)


_workshop: Workshop | None = None  # one a worker process


def _open(order: Order) -> None:
    global _workshop  # noqa: PLW0603 - a pool hands its workers nothing else than globals
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    _workshop = Workshop(order)


def _make(document: PlannedDocument) -> Parcel:
    if _workshop is None:
        raise RuntimeError("this worker has no workshop")
    return _workshop.make(document)
