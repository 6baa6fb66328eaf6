"""`sim demo`: 200 real documents through the hub, and what happened, as a person wants to see it."""

import time
from collections import Counter
from datetime import datetime
from email import message_from_bytes, policy
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from hubctl.local.ports import Port
from sim.check import Judgement, judge
from sim.driver import Result
from sim.edxml import VIETNAM
from sim.ledger import read
from sim.outsider import events_as_an_outsider_reads_them
from sim.place import Place
from sim.plan import DEMO_SPECIALS, Special
from sim.rehearsal import Rehearsed, Script, play, prepare, progress_bars

_SEED = 28
_ALERT_SECONDS = 60.0
_LOOK_SECONDS = 0.5


def demo(
    state: Annotated[Path, typer.Option("--dir", help="Folder of the local stack.")] = Path(".local"),
    documents: Annotated[int, typer.Option(help="How many documents to send.")] = 200,
    seed: Annotated[int, typer.Option(help="The same seed gives the same documents.")] = _SEED,
) -> None:
    """Send documents of the 95 agencies through the running stack, show what happened. Exit 0 only if all is well."""
    console = Console(highlight=False, width=118)
    place = Place.at(state)
    script = Script(seed=seed, documents=documents, specials=DEMO_SPECIALS, alert_expected=True)
    with progress_bars(console) as tell:
        rehearsed = prepare(place, script, tell)
        result = play(rehearsed, tell)
        _wait_for_alerts(place, rehearsed, result, tell)
    verdict = judge(read(place.ledger), place.alerts(), run=rehearsed.run)
    _show_timeline(console, place, rehearsed, result)
    _show_refusals(console, place, rehearsed, result)
    _show_alert(console, place, rehearsed, result)
    _show_outsider(console, place)
    _show_where_to_look(console, place)
    _show_verdict(console, verdict, result)
    console.print(verdict.line())
    raise typer.Exit(0 if verdict.clean and result.drained else 1)


def _wait_for_alerts(place: Place, rehearsed: Rehearsed, result: Result, tell: Any) -> None:
    wanted = {
        (result.hub_id(parcel.document_id), recipient.code)
        for parcel in rehearsed.parcels
        if parcel.document.special is Special.SILENT_RECIPIENT
        for recipient in parcel.document.recipients[:1]
    }
    step = "cảnh báo · alerts"
    deadline = time.monotonic() + _ALERT_SECONDS
    tell(step, 0, len(wanted))
    while time.monotonic() < deadline:
        warned = {(alert.document, alert.recipient) for alert in place.alerts() if alert.channel == "email"}
        tell(step, len(wanted & warned), len(wanted))
        if wanted <= warned:
            return
        time.sleep(_LOOK_SECONDS)


def _show_timeline(console: Console, place: Place, rehearsed: Rehearsed, result: Result) -> None:
    parcel = max(
        (parcel for parcel in rehearsed.parcels if parcel.document.special is Special.NONE),
        key=lambda parcel: (2 <= len(parcel.document.codes) <= 4, len(parcel.document.codes)),  # noqa: PLR2004 - fits
    )
    timeline = _timeline(place, result.hub_id(parcel.document_id))
    table = Table(title=f"Một văn bản · one document: {parcel.code} — {parcel.subject}", title_justify="left")
    for column in ("nơi nhận · recipient", "lúc · at", "sự việc · what", "ghi chú · note"):
        table.add_column(column)
    for row in timeline["recipients"]:
        for index, moment in enumerate(row["moments"]):
            table.add_row(
                row["recipient"] if index == 0 else "", _clock(moment["at"]), moment["label_vi"], moment.get("note", "")
            )
        table.add_section()
    console.print(table)
    verdict = timeline.get("verdict") or {}
    console.print(f"Chữ ký số · signature: [bold]{verdict.get('outcome')}[/] ({verdict.get('reason')})\n")


def _timeline(place: Place, hub_id: str) -> dict[str, Any]:
    auth = ("operator", place.operator_password)
    found: dict[str, Any] = httpx.get(f"{place.edge}/api/v1/documents/{hub_id}", auth=auth, timeout=10).json()
    return found


def _clock(moment: str) -> str:
    """Time of the day in Vietnam, as the mails and the console show it."""
    return datetime.fromisoformat(moment).astimezone(VIETNAM).strftime("%H:%M:%S.%f")[:-3]


def _show_refusals(console: Console, place: Place, rehearsed: Rehearsed, result: Result) -> None:
    table = Table(title="Từ chối và trùng lặp · refusals and duplicates", title_justify="left")
    for column in ("tình huống · case", "số ký hiệu · code", "trả lời · answer", "làm gì · what to do"):
        table.add_column(column)
    for parcel in rehearsed.parcels:
        special = parcel.document.special
        if special in (Special.NONE, Special.SILENT_RECIPIENT):
            continue
        answers = result.answers.get(parcel.document_id, [])
        last = answers[-1] if answers else None
        reasons = last.body.get("reasons", []) if last else []
        said = "; ".join(f"{reason['code']}: {reason['vi']}" for reason in reasons) or _accepted(place, special, last)
        table.add_row(special, parcel.code, said, "; ".join(reason["fix_vi"] for reason in reasons))
    console.print(table)


def _accepted(place: Place, special: Special, answer: Any) -> str:
    if special is Special.SENT_TWICE:
        return f"HTTP {answer.status}: cùng biên nhận {answer.hub_id[:8]}… (the first receipt again)"
    verdict = _timeline(place, answer.hub_id).get("verdict") or {}
    return f"{verdict.get('reason')}: đã nhận, sau đó bị dừng vì chữ ký không hợp lệ (stopped by the signature policy)"


def _show_alert(console: Console, place: Place, rehearsed: Rehearsed, result: Result) -> None:
    silent = {
        result.hub_id(parcel.document_id)
        for parcel in rehearsed.parcels
        if parcel.document.special is Special.SILENT_RECIPIENT
    }
    for file in sorted((place.folder / "sinks").rglob("*.eml"), reverse=True):
        mail = message_from_bytes(file.read_bytes(), policy=policy.default)
        if mail.get("X-Hub-Document") in silent:
            body = mail.get_body(("plain",))
            text = body.get_content() if body is not None else ""
            heading = f"Từ: {mail['From']}\nĐến: {mail['To']}\nChủ đề: {mail['Subject']}\n\n"
            console.print(Panel(f"{heading}{text.strip()}", title="Thư cảnh báo · alert mail", title_align="left"))
            return
    console.print("[red]không có thư cảnh báo · no alert mail[/]")


def _show_outsider(console: Console, place: Place) -> None:
    table = Table(title="Sự kiện trong Kafka, đọc bằng ứng dụng Confluent Avro độc lập · events in the log",
                  title_justify="left")  # fmt: skip
    for column in ("topic", "partition", "offset", "event"):
        table.add_column(column)
    brokers = place.stack.address(Port.KAFKA)
    registry = f"http://{place.stack.address(Port.REGISTRY)}/apis/ccompat/v7"
    for row in events_as_an_outsider_reads_them(brokers, registry):
        table.add_row(*row)
    console.print(table)


def _show_where_to_look(console: Console, place: Place) -> None:
    console.print(
        Panel(
            f"Bảng điều khiển · console: [bold]{place.edge}/console[/]  (operator / {place.operator_password})\n"
            f"Sổ cái · ledger: {place.ledger}\nThư, SMS · mail and SMS: {place.folder / 'sinks'}\n"
            "Trạng thái · status: hubctl local status      Dừng · stop: make down",
            title="Xem tiếp · look further",
            title_align="left",
        )
    )


def _show_verdict(console: Console, verdict: Judgement, result: Result) -> None:
    specials = Counter({"trạng thái đã về · statuses returned": verdict.statuses, "cảnh báo · alerts": verdict.alerts})
    console.print("   ".join(f"{name}: {count}" for name, count in specials.items()))
    if not result.drained:
        console.print("[red]chưa về hết khi hết giờ chờ · not everything arrived in time[/]")
    for name in ("lost", "doubled", "ghosts", "corrupt", "receipts", "silent"):
        for fault in getattr(verdict, name)[:10]:
            console.print(f"[red]{name}: {fault}[/]")
