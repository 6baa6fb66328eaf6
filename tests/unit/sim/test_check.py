"""The judge finds each kind of fault, and finds none in a clean run: a check that cannot fail is none."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from sim.check import Alert, Judgement, judge
from sim.ledger import Answered, Began, Ledger, Line, Reported, Reporting, Seen, Sending, read
from sim.place import Place

RUN = "1-000001"
CODES = ("000.00.00.G01", "000.00.00.G02")


def began(*, alerts: bool = False) -> Began:
    return Began(run=RUN, at=0.0, seed=1, documents=1, alert_expected=alerts)


def sending(silent: Sequence[str] = ()) -> Sending:
    return Sending(
        run=RUN, at=1.0, document=0, attempt=0, sender="000.00.00.G22", document_id="d-1", digest="aa",
        recipients=CODES, silent=tuple(silent), special="none",
    )  # fmt: skip


def answered(status: int = 202, hub_id: str = "h-1") -> Answered:
    return Answered(run=RUN, at=2.0, document=0, attempt=0, status=status, hub_id=hub_id, code="", seconds=0.1)


def seen(recipient: str, item: str, hub_id: str = "h-1") -> Seen:
    return Seen(
        run=RUN, at=3.0, inbox=recipient, recipient=recipient, item=item, item_kind="document", hub_id=hub_id,
        document_id="d-1", sender="000.00.00.G22", status="", listed_digest="aa", digest="aa",
    )  # fmt: skip


CLEAN: list[Line] = [began(), sending(), answered(), seen(CODES[0], "i-1"), seen(CODES[1], "i-2")]


def test_a_clean_run_is_clean() -> None:
    verdict = judge(CLEAN, [])
    assert verdict.clean
    assert verdict.line() == "ledger: sent 1, delivered 2, refused 0, lost 0, doubled 0"


def faults(lines: list[Line], alerts: Sequence[Alert] = ()) -> Judgement:
    verdict = judge(lines, alerts)
    assert not verdict.clean
    return verdict


def test_a_recipient_without_the_document_is_a_loss() -> None:
    assert len(faults(CLEAN[:-1]).lost) == 1


def test_two_items_for_one_recipient_are_a_double() -> None:
    assert len(faults([*CLEAN, seen(CODES[0], "i-3")]).doubled) == 1


def test_the_same_item_listed_twice_is_no_double() -> None:
    assert judge([*CLEAN, seen(CODES[0], "i-1")], []).clean


def test_an_item_for_somebody_not_named_is_a_ghost() -> None:
    assert len(faults([*CLEAN, seen("000.00.00.G03", "i-9")]).ghosts) == 1


def test_an_item_nobody_sent_is_a_ghost() -> None:
    assert len(faults([*CLEAN, replace(seen(CODES[0], "i-9"), document_id="d-7")]).ghosts) == 1


def test_other_bytes_are_corruption() -> None:
    assert len(faults([*CLEAN[:-1], replace(seen(CODES[1], "i-2"), digest="bb")]).corrupt) == 1


def test_two_receipts_for_the_same_bytes_are_a_fault() -> None:
    assert len(faults([*CLEAN, replace(answered(hub_id="h-2"), attempt=1)]).receipts) == 1


@pytest.mark.parametrize(("status", "fault"), [(500, True), (502, True), (503, False)])
def test_only_503_is_an_allowed_fault_of_the_server(status: int, *, fault: bool) -> None:
    verdict = judge([*CLEAN, replace(answered(status, ""), attempt=1)], [])
    assert bool(verdict.receipts) is fault


def test_delivered_without_a_receipt_is_allowed_while_the_answer_was_lost() -> None:
    verdict = judge([began(), sending(), answered(0, ""), seen(CODES[0], "i-1"), seen(CODES[1], "i-2")], [])
    assert verdict.clean
    assert len(verdict.unacknowledged) == 2


def test_delivered_though_refused_is_a_ghost() -> None:
    assert len(faults([began(), sending(), answered(422, ""), seen(CODES[0], "i-1")]).ghosts) == 1


def hub_says_no() -> Seen:
    return replace(
        seen("000.00.00.G22", "i-5"), item_kind="status", status="02", sender="000.00.00.HUB", listed_digest="cc",
        digest="cc",
    )  # fmt: skip


def test_a_document_stopped_by_policy_is_refused_and_nobody_may_have_it() -> None:
    verdict = judge([began(), sending(), answered(), hub_says_no()], [])
    assert verdict.clean
    assert verdict.refused == 1
    assert len(faults([began(), sending(), answered(), hub_says_no(), seen(CODES[0], "i-1")]).ghosts) == 1


def status(http: int = 202) -> list[Line]:
    return [
        Reporting(run=RUN, at=4.0, reporter=CODES[0], document_id="d-1", status="03", digest="ss"),
        Reported(run=RUN, at=5.0, digest="ss", http=http, code=""),
    ]


def status_seen(item: str) -> Seen:
    return replace(
        seen("000.00.00.G22", item), item_kind="status", status="03", sender=CODES[0], listed_digest="ss", digest="ss"
    )


def test_statuses_reach_the_sender_once() -> None:
    assert judge([*CLEAN, *status(), status_seen("s-1")], []).clean
    assert len(faults([*CLEAN, *status()]).lost) == 1
    assert len(faults([*CLEAN, *status(), status_seen("s-1"), status_seen("s-2")]).doubled) == 1


def alert(channel: str = "email") -> Alert:
    return Alert(channel=channel, document="h-1", recipient=CODES[0], level="not_fetched")


def test_alerts_come_once_and_do_come() -> None:
    lines: list[Line] = [began(alerts=True), sending([CODES[0]]), *CLEAN[2:]]
    assert judge(lines, [alert(), alert("sms")]).clean
    assert len(faults(lines, [alert(), alert()]).doubled) == 1
    assert len(faults(lines).silent) == 1


def test_a_mail_that_comes_again_under_its_message_id_is_the_same_mail_and_an_sms_never_is() -> None:
    lines: list[Line] = [began(alerts=True), sending([CODES[0]]), *CLEAN[2:]]
    mail = replace(alert(), message_id="<1@hub>")
    verdict = judge(lines, [mail, mail, alert("sms")])
    assert verdict.clean
    assert verdict.alerts == 2
    assert len(faults(lines, [mail, replace(mail, message_id="<2@hub>")]).doubled) == 1
    assert len(faults(lines, [mail, alert("sms"), alert("sms")]).doubled) == 1


def test_the_sinks_files_are_read_with_the_message_ids_of_mails(tmp_path: Path) -> None:
    place = Place.at(tmp_path)
    sinks = place.stack.state.sinks
    sinks.mkdir(parents=True)
    headers = {"X-Hub-Document": "h-1", "X-Hub-Recipient": CODES[0], "X-Hub-Level": "not_fetched"}
    mail = {"message_id": "<1@hub>", "headers": headers}
    (sinks / "mail.jsonl").write_text(f"{json.dumps(mail)}\n", encoding="utf-8")
    text = {"reference": f"h-1|{CODES[0]}|not_fetched"}
    (sinks / "sms.jsonl").write_text(f"{json.dumps(text)}\n", encoding="utf-8")
    assert place.alerts() == [replace(alert(), message_id="<1@hub>"), alert("sms")]


def test_items_of_earlier_runs_are_left_alone() -> None:
    earlier = [replace(began(), run="0"), replace(sending(), run="0", document_id="d-0", document=0)]
    later = [*CLEAN, replace(seen(CODES[0], "i-0"), document_id="d-0")]
    assert judge([*earlier, *later], []).clean


async def test_the_ledger_reads_what_it_wrote_and_leaves_a_torn_end_out(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    for line in CLEAN:
        await ledger.write(line)
    ledger.close()
    with (tmp_path / "ledger.jsonl").open("a", encoding="utf-8") as torn:
        torn.write('{"kind": "Seen", "run"')
    assert list(read(tmp_path / "ledger.jsonl")) == CLEAN
