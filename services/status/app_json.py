"""Answers as JSON: the shapes of the query API. Times are UTC with milliseconds; texts come in both languages."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from services.status.handlers import Cursor, SentPage
from services.status.reports import ReportB, Row
from services.status.shown import Evidence, Judgement, Moment, Party, Reason, Refused, Summary, Timeline, Track
from services.status.wording import Label

Json = dict[str, Any]


def timeline_json(timeline: Timeline) -> Json:
    """One document with all that happened to it."""
    return {
        "hub_id": timeline.hub_id,
        "document_id": timeline.document_id,
        "code": timeline.code,
        "subject": timeline.subject,
        "sender": _party(timeline.sender),
        "type_name": timeline.type_name,
        "business_type": int(timeline.business_type),
        **_label("business", timeline.business_label),
        "priority": timeline.priority,
        **_label("priority", timeline.priority_label),
        "promulgation_date": timeline.promulgation_date,
        "paper": timeline.paper,
        "attachments": [asdict(attachment) for attachment in timeline.attachments],
        "digest": timeline.package.digest if timeline.package else None,
        "size": timeline.package.size if timeline.package else None,
        "received_at": moment(timeline.received_at),
        "state": timeline.stage,
        **_label("label", timeline.label),
        "verdict": _judgement(timeline.verdict),
        "refusal": _refusal(timeline.refusal),
        "recipients": [_track(track) for track in timeline.recipients],
    }


def _track(track: Track) -> Json:
    return {
        "recipient": track.recipient.code,
        "name": track.recipient.name,
        "state": track.state,
        **_label("label", track.label),
        "recall": track.recall or None,
        "times": {
            "sent": moment(track.times.sent),
            "in_inbox": moment(track.times.in_inbox),
            "downloaded": moment(track.times.downloaded),
            "settled": moment(track.times.settled),
        },
        "moments": [_moment(each) for each in track.moments],
        "warnings": [{"code": warned.oddity, **_label("label", warned.label)} for warned in track.warnings],
        "expected": asdict(track.expected) if track.expected else None,
    }


def _moment(each: Moment) -> Json:
    return {
        "kind": each.kind,
        "at": moment(each.at),
        "code": each.code or None,
        **_label("label", each.label),
        "note": each.note,
        "staff": asdict(each.staff) if each.staff else None,
        "description": each.description,
        "claimed_at": each.claimed_at or None,
        "late": each.late,
        "channel": each.channel or None,
    }


def _judgement(judgement: Judgement | None) -> Json | None:
    if judgement is None:
        return None
    return {
        "outcome": judgement.outcome,
        **_label("label", judgement.label),
        "reason": judgement.reason,
        **_label("reason", judgement.reason_label),
        "policy": judgement.policy,
        "at": moment(judgement.at),
    }


def _refusal(refusal: Refused | None) -> Json | None:
    if refusal is None:
        return None
    return {"stage": refusal.stage, "at": moment(refusal.at), "reasons": [_reason(each) for each in refusal.reasons]}


def _reason(reason: Reason) -> Json:
    return {
        "code": reason.code,
        "field": reason.field,
        "detail": reason.detail,
        "vi": reason.label.vi,
        "en": reason.label.en,
        "fix_vi": reason.fix.vi,
        "fix_en": reason.fix.en,
    }


def evidence_json(evidence: Evidence) -> Json:
    """The verdict and every signature found or missed."""
    return {
        "hub_id": evidence.hub_id,
        "document_id": evidence.document_id,
        "digest": evidence.package.digest,
        "size": evidence.package.size,
        "verdict": _judgement(evidence.verdict),
        "findings": [asdict(finding) for finding in evidence.findings],
    }


def sent_json(page: SentPage) -> Json:
    """One page of the caller's sent list; `next` is the value of `after` for the next page."""
    return {"items": [_summary(item) for item in page.items], "next": cursor_text(page.next) if page.next else None}


def _summary(item: Summary) -> Json:
    return {
        "hub_id": item.hub_id,
        "document_id": item.document_id,
        "code": item.code,
        "subject": item.subject,
        "sender": _party(item.sender),
        "at": moment(item.at),
        "state": item.stage,
        **_label("label", item.label),
        "recipients": item.recipients,
        "recipient_states": list(item.states),
        "refusal": _refusal(item.refusal),
    }


def report_json(report: ReportB) -> Json:
    """Report B."""
    return {
        "report": "b",
        "from": report.period.since.isoformat(),
        "to": report.period.until.isoformat(),
        "rows": [_row(row) for row in report.rows],
        "total": _row(report.total),
    }


def _row(row: Row) -> Json:
    return {**asdict(row), "processed_labels": [code.value for code in row.processed_labels]}


def cursor_text(cursor: Cursor) -> str:
    """A cursor as clients carry it."""
    return f"{int(cursor.at.timestamp() * 1000)}.{cursor.hub_id}"


def moment(at: datetime | None) -> str | None:
    """RFC 3339, UTC, milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else None


def _party(party: Party) -> Json:
    return {"code": party.code, "name": party.name}


def _label(name: str, label: Label) -> Json:
    return {f"{name}_vi": label.vi, f"{name}_en": label.en}
