"""`sim make`: write signed packages to a folder, with a manifest."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TextIO

import typer
from rich.console import Console
from rich.progress import Progress

from sim.agencies import load_agencies
from sim.authority import open_authority
from sim.authority_command import State
from sim.edxml import VIETNAM
from sim.factory import NONCES, Order, Parcel, fresh_nonce, produce
from sim.plan import DEMO_SPECIALS, Special, plan

Count = Annotated[int, typer.Option(min=1, max=99_999, help="How many documents / số văn bản")]
Seed = Annotated[int, typer.Option(help="Same seed, same documents / cùng hạt giống, cùng văn bản")]
Out = Annotated[Path, typer.Option(help="Where the packages go / thư mục đích")]
Nonce = Annotated[
    int | None,
    typer.Option(min=0, max=NONCES - 1, help="Makes the numbers this run's own; default: from the clock / theo giờ"),
]
Specials = Annotated[bool, typer.Option("--specials", help="Mix in the demo's special cases / kèm trường hợp đặc biệt")]


def make(
    out: Out,
    count: Count = 10,
    seed: Seed = 1,
    state: State = Path(".local"),
    nonce: Nonce = None,
    *,
    specials: Specials = False,
) -> None:
    """Tạo gói edXML đã ký / write signed packages and `manifest.jsonl` (one line each, in the order of making)."""
    now = datetime.now(UTC)
    agencies = load_agencies()
    console = Console(stderr=True)
    with console.status("Cơ quan chứng thực / authority"):
        open_authority(state, agencies, now)
    documents = plan(
        seed=seed,
        documents=count,
        agencies=agencies,
        promulgated=now.astimezone(VIETNAM).date(),
        specials=DEMO_SPECIALS[:count] if specials else (),
    )
    order = Order(state=state, agencies=agencies, nonce=fresh_nonce(now) if nonce is None else nonce, sent_at=now)
    out.mkdir(parents=True, exist_ok=True)
    with Progress(console=console) as bar, (out / "manifest.jsonl").open("w", encoding="utf-8") as manifest:
        task = bar.add_task("Gói edXML đã ký / signed packages", total=count)
        for parcel in produce(documents, order, progress=lambda done, _total: bar.update(task, completed=done)):
            _store(out, manifest, parcel)


def _store(out: Path, manifest: TextIO, parcel: Parcel) -> None:
    file = f"{parcel.document.index:06d}.edxml"
    (out / file).write_bytes(parcel.package)
    line = {
        "file": file,
        "sha256": parcel.sha256,
        "size": len(parcel.package),
        "sender": parcel.document.sender,
        "recipients": parcel.document.codes,
        "document_id": parcel.document_id,
        "code": parcel.code,
        "subject": parcel.subject,
        "priority": parcel.document.priority,
        "special": None if parcel.document.special is Special.NONE else parcel.document.special,
    }
    manifest.write(json.dumps(line, ensure_ascii=False) + "\n")
