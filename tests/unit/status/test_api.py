"""The query API: what each caller gets, and that nobody gets more."""

import time
from collections.abc import Collection, Sequence

import pytest

from hub.model.ids import AgencyCode
from hub.model.statuses import Outcome
from hub.model.values import Verdict
from services.status.reports import Period, Tally
from tests.fakes.lives import Document
from tests.unit.status.site import A, B, C, Site

ONE_DAY = {"from": "2026-11-20", "to": "2026-11-21"}


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def document(site: Site) -> Document:
    document = Document(125, A, [B, C])
    return site.keep(document, document.whole(("01", "03")))


async def test_the_timeline_in_the_shape_that_clients_read(site: Site, document: Document) -> None:
    answer = await site.get(f"/api/v1/documents/{document.hub_id}", A)
    assert answer.status_code == 200
    timeline = answer.json()
    assert timeline["document_id"] == document.header.document_id
    assert timeline["code"] == "125/UBND-VP"
    assert timeline["sender"] == {"code": A, "name": f"Tên ghi trong văn bản {A}"}
    assert timeline["verdict"]["outcome"] == "VALID"
    assert [line["recipient"] for line in timeline["recipients"]] == [B, C]
    line = timeline["recipients"][0]
    assert (line["state"], line["label_vi"], line["label_en"]) == ("03", "Đã tiếp nhận", "Accepted")
    assert line["times"]["sent"] == timeline["received_at"] == "2026-11-20T05:00:01.000Z"
    assert [moment["at"] for moment in line["moments"]] == sorted(moment["at"] for moment in line["moments"])
    last = line["moments"][-1]
    assert (last["kind"], last["code"], last["staff"]["name"]) == ("status", "03", "Lê Văn Thư")
    assert line["expected"]["vi"]


async def test_a_recipient_sees_its_line_a_stranger_and_a_guess_look_the_same(site: Site, document: Document) -> None:
    path = f"/api/v1/documents/{document.hub_id}"
    assert [line["recipient"] for line in (await site.get(path, B)).json()["recipients"]] == [B]
    third = site.keep(other := Document(7, B, [C]), other.whole())
    stranger = await site.get(f"/api/v1/documents/{third.hub_id}", A)
    guess = await site.get("/api/v1/documents/00000000-0000-5000-8000-000000000000", A)
    assert stranger.status_code == guess.status_code == 404
    assert stranger.content == guess.content


@pytest.mark.parametrize("path", ["/api/v1/documents/x", "/api/v1/documents/x/evidence", "/api/v1/documents",
                                  "/api/v1/reports/b?from=2026-11-20&to=2026-11-21"])  # fmt: skip
@pytest.mark.parametrize("who", ["", "operator:wrong", "nobody"])
async def test_without_credentials_nothing_is_answered(site: Site, path: str, who: str) -> None:
    answer = await site.get(path, who)
    assert answer.status_code == 401
    assert answer.json()["code"] == "NOT_AUTHENTICATED"


async def test_a_wrong_password_is_answered_late() -> None:
    started = time.monotonic()
    await Site(delay=0.2).get("/api/v1/documents/x", "operator:wrong")
    assert time.monotonic() - started >= 0.2


async def test_evidence_lists_every_finding(site: Site) -> None:
    document = Document(1, A, [B])
    verdict = Verdict(outcome=Outcome.INVALID, reason="REVOKED")
    site.keep(document, [document.received(), document.checked(verdict)])
    evidence = (await site.get(f"/api/v1/documents/{document.hub_id}/evidence", A)).json()
    assert evidence["verdict"]["reason"] == "REVOKED"
    assert evidence["findings"][0]["signer"]
    assert evidence["digest"] == document.package.digest
    assert (await site.get(f"/api/v1/documents/{document.hub_id}/evidence", B)).status_code == 404


async def test_the_sent_list_pages_back_and_shows_refusals(site: Site, document: Document) -> None:
    refused = Document(9, A, ["X"])
    site.keep(refused, [refused.refused()])
    site.keep(foreign := Document(10, B, [A]), foreign.whole())
    first = (await site.get("/api/v1/documents", A, limit="1")).json()
    rest = (await site.get("/api/v1/documents", A, limit="1", after=first["next"])).json()
    assert rest["next"] is None
    items = {item["hub_id"]: item for item in (*first["items"], *rest["items"])}
    assert set(items) == {document.hub_id, refused.hub_id}
    assert items[refused.hub_id]["state"] == "refused"
    reason = items[refused.hub_id]["refusal"]["reasons"][0]
    assert reason["code"] == "UNKNOWN_RECIPIENT"
    assert reason["fix_vi"]


@pytest.mark.parametrize("after", ["x", "1.2", "99999999999999999.5b0f3d3e-0000-5000-8000-000000000001", "{$gt:1}"])
async def test_a_cursor_of_somebody_elses_is_refused(site: Site, after: str) -> None:
    assert (await site.get("/api/v1/documents", A, after=after)).status_code == 400


async def test_an_operator_has_no_sent_list(site: Site) -> None:
    assert (await site.get("/api/v1/documents")).status_code == 400


async def test_report_b_of_an_agency_is_its_own_row(site: Site, document: Document) -> None:
    assert document
    own = (await site.get("/api/v1/reports/b", B, **ONE_DAY)).json()
    assert [(row["code"], row["documents_received"], row["statuses_reported"]) for row in own["rows"]] == [(B, 1, 2)]
    everybody = (await site.get("/api/v1/reports/b", **ONE_DAY)).json()
    assert [row["code"] for row in everybody["rows"]] == sorted([A, B, C])
    assert everybody["total"]["documents_sent"] == 1


async def test_for_an_agency_s_own_report_nobody_else_s_lines_are_counted(site: Site) -> None:
    asked: list[object] = []
    tally = site.lives.tally

    async def listening(period: Period, codes: Collection[AgencyCode] | None = None) -> Sequence[Tally]:
        asked.append(codes)
        return await tally(period, codes)

    site.lives.tally = listening  # type: ignore[method-assign]
    await site.get("/api/v1/reports/b", B, **ONE_DAY)
    await site.get("/api/v1/reports/b", **ONE_DAY)
    assert asked == [(B,), None]


async def test_report_b_as_files(site: Site, document: Document) -> None:
    assert document
    csv = await site.get("/api/v1/reports/b", format="csv", **ONE_DAY)
    assert csv.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="bao-cao-b_2026-11-20_2026-11-21.csv"' in csv.headers["content-disposition"]
    assert csv.content.startswith(b"\xef\xbb\xbf")
    xlsx = await site.get("/api/v1/reports/b", format="xlsx", lang="en", **ONE_DAY)
    assert xlsx.content.startswith(b"PK")
    assert xlsx.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "query",
    [
        {"from": "2026-11-20", "to": "2026-11-20"},
        {"from": "2026-11-21", "to": "2026-11-20"},
        {"from": "0001-01-01", "to": "9999-12-31"},
        {"from": "2018-01-01", "to": "2199-01-01"},
        {"from": "x", "to": "y"},
        {"to": "2026-11-20"},
        {"from": "2026-11-20", "to": "2026-11-21", "format": "pdf"},
    ],
)
async def test_a_period_that_makes_no_sense_is_refused(site: Site, query: dict[str, str]) -> None:
    assert (await site.get("/api/v1/reports/b", **query)).status_code == 400


@pytest.mark.parametrize(
    "path", ["/api/v1/documents/x", "/api/v1/documents", "/api/v1/reports/b?from=2026-11-20&to=2026-11-21"]
)
async def test_a_database_that_is_away_is_said_so(site: Site, path: str) -> None:
    site.lives.away = True
    answer = await site.get(path, A)
    assert answer.status_code == 503
    assert answer.headers["retry-after"]


async def test_the_openapi_document_names_the_routes(site: Site) -> None:
    paths = (await site.get("/openapi.json")).json()["paths"]
    assert set(paths) == {
        "/api/v1/documents", "/api/v1/documents/{hub_id}", "/api/v1/documents/{hub_id}/evidence", "/api/v1/reports/b",
    }  # fmt: skip
