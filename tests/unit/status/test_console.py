"""The console: pages for operators only, everything escaped, no scripts, both languages."""

import re
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from hub.model.errors import Broken
from hub.model.statuses import InboxState, Outcome
from hub.model.values import Verdict
from hub.runtime.http import Watched
from hub.runtime.mongo import TookTooLong
from tests.fakes.lives import Document
from tests.unit.status.site import A, B, C, Site, credentials

STATIC = Path(__file__).resolve().parents[3] / "services" / "status" / "static"
EVIL = "<script>alert('x')</script><img src=x onerror=alert(1)>\"' {{ 7*7 }}"
PERIOD = {"from": "2026-11-20", "to": "2026-11-21"}


@pytest.fixture
def site() -> Site:
    return Site()


class Page(HTMLParser):
    """Tags and attributes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.anchors: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.anchors += [value or "" for name, value in attrs if tag == "a" and name == "href"]
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action")]


def evil_document(site: Site) -> Document:
    document = Document(1, A, [B, C], subject=EVIL)
    events = [
        *document.whole(("01",)), document.reported(B, "02", EVIL, staff=EVIL),
        document.settled(C, InboxState.FAIL, EVIL), document.reported(C, "13", EVIL),
    ]  # fmt: skip
    return site.keep(document, events)


async def test_what_agencies_write_is_text_and_nothing_else(site: Site) -> None:
    """A41"""
    document = evil_document(site)
    refused = Document(2, A, [B], subject=EVIL)
    site.keep(refused, [refused.refused(code=EVIL, field=EVIL)])
    paths = ["/console/", f"/console/documents/{document.hub_id}", f"/console/documents/{refused.hub_id}"]
    for path in paths:
        answer = await site.get(path)
        assert answer.status_code == 200
        page = Page(answer.text)
        assert "script" not in page.tags
        assert not [name for name in page.attributes if name.startswith("on") or name == "style"]
        assert "style" not in page.tags
        assert all(link.startswith(("/console/", "#")) for link in page.links), page.links
        assert "{{ 7*7 }}" in answer.text
        assert "&lt;script&gt;" in answer.text


async def test_a_search_for_markup_is_given_back_as_text(site: Site) -> None:
    page = Page((await site.get("/console/", q=EVIL, stage=EVIL, page=EVIL)).text)
    assert "script" not in page.tags
    assert "onerror" not in page.attributes


async def test_every_answer_keeps_foreign_content_out(site: Site) -> None:
    for path in ("/console/", "/console/documents/x", "/console/static/console.css", "/console/nothing"):
        answer = await site.get(path)
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'self'")
        assert "unsafe-inline" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert (await site.get("/console/")).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/console/", "/console/documents/x", "/console/reports/b", "/console/reports/b.csv"])
@pytest.mark.parametrize("who", ["", "operator:wrong", "admin:mật khẩu vận hành", "000.00.00.G22"])
async def test_operators_only(site: Site, path: str, who: str) -> None:
    answer = await site.get(path, who)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic")
    assert "Cần đăng nhập" in answer.text


async def test_credentials_that_are_no_credentials(site: Site) -> None:
    transport = httpx.ASGITransport(app=site.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
        for value in ("Basic", "Basic ====", "Basic \xe9", "Basic " + "QQ" * 4000, "Bearer x"):
            answer = await client.get("/console/", headers=[(b"authorization", value.encode("latin-1"))])
            assert answer.status_code == 401


async def test_the_list_says_what_became_of_each_document(site: Site) -> None:
    waiting, refused = Document(1, A, [B]), Document(2, A, [C])
    site.keep(waiting, [waiting.received()])
    site.keep(refused, [refused.refused()])
    text = (await site.get("/console/")).text
    assert "Chờ nơi nhận" in text
    assert "Trục từ chối" in text
    assert "Mã định danh nơi nhận không có trong danh mục." in text
    assert f"/console/documents/{waiting.hub_id}" in text
    only = (await site.get("/console/", stage="refused")).text
    assert waiting.hub_id not in only
    assert refused.hub_id in only


async def test_of_many_recipients_the_list_and_the_page_say_how_many_stand_how(site: Site) -> None:
    codes = [f"000.00.00.H{number:02d}" for number in range(20)]
    document = Document(1, A, codes)
    site.keep(document, [document.received(), *map(document.planned, codes), document.reported(codes[7], "02")])
    for path in ("/console/", f"/console/documents/{document.hub_id}"):
        text = re.sub("</?b>", "", (await site.get(path)).text)
        assert "1 trả lại" in text
        assert "19 chờ tải về" in text


async def test_search_and_pages(site: Site) -> None:
    for number in range(60):
        site.keep(document := Document(number, A, [B], subject="Kế hoạch Tuyên Quang"), [document.received()])
    second = (await site.get("/console/", q="tuyen quang", page="2")).text
    assert "26–50 trong số" in second
    assert "page=3" in second
    assert "q=tuyen+quang" in second
    assert "Không có văn bản nào khớp" in (await site.get("/console/", q="không có")).text
    assert "Chưa có văn bản nào" in (await Site().get("/console/")).text


async def test_one_document_tells_verdict_refusal_reason_and_next_step(site: Site) -> None:
    document = Document(1, A, [B, C], priority=3)
    events = [*document.whole(("01",)), document.reported(B, "02", "Gửi nhầm cơ quan", staff="Phạm Thị Mẫu")]
    site.keep(document, events)
    text = (await site.get(f"/console/documents/{document.hub_id}")).text
    for expected in (
        "Chữ ký số hợp lệ", "Hỏa tốc", "Phạm Thị Mẫu – Gửi nhầm cơ quan", "Từ chối tiếp nhận",
        "Văn thư nơi nhận tiếp nhận (03) hoặc từ chối (02)", document.package.digest, f"Cơ quan {B}",
        "20/11/2026 12:00:01",
    ):  # fmt: skip
        assert expected in text, expected


async def test_a_stopped_document_says_why_and_what_to_do(site: Site) -> None:
    document = Document(1, A, [B])
    verdict = Verdict(outcome=Outcome.INVALID, reason="DIGEST_MISMATCH")
    events = [document.received(), document.checked(verdict), document.refused("policy", "SIGNATURE_INVALID")]
    site.keep(document, events)
    text = (await site.get(f"/console/documents/{document.hub_id}")).text
    assert "Trục không chuyển văn bản này đi" in text
    assert "nội dung đã bị sửa sau khi ký" in text
    assert "Cần làm:" in text


async def test_every_page_speaks_both_languages_and_keeps_the_choice(site: Site) -> None:
    document = site.keep(one := Document(1, A, [B]), one.whole(("01", "03")))
    site.keep(refused := Document(2, A, [C]), [refused.refused()])
    vietnamese_letters = re.compile("[ăâđêôơưĂÂĐÊÔƠƯ]")
    for path in ("/console/", f"/console/documents/{document.hub_id}", "/console/reports/b", "/console/nothing"):
        english = (await site.get(path, lang="en")).text
        assert '<html lang="en">' in english
        page = Page(english)
        assert [anchor for anchor in page.anchors if "lang=en" not in anchor and "#" not in anchor] == [path]
        own_words = re.sub(
            r"Tiếng Việt|Tên ghi trong văn bản|Cơ quan [0-9A-Z.]+|V/v[^<]*|Công văn|Lê Văn Thư|CN=[^<]*|Kế hoạch[^<]*"
            r"|Văn phòng",
            "",
            english,
        )
        assert not vietnamese_letters.search(own_words), vietnamese_letters.search(own_words)
    assert 'lang="vi"' in (await site.get("/console/")).text


async def test_the_report_page_and_its_files(site: Site) -> None:
    site.keep(document := Document(1, A, [B]), document.whole())
    text = (await site.get("/console/reports/b", **PERIOD)).text
    assert "đến hết <b>20/11/2026</b>" in text
    assert "6/6" not in text
    assert "5/6" in text
    assert "/console/reports/b.xlsx?from=2026-11-20&amp;to=2026-11-21" in text
    assert (await site.get("/console/reports/b.xlsx", **PERIOD)).content.startswith(b"PK")
    assert (await site.get("/console/reports/b.csv", **PERIOD)).content.startswith(b"\xef\xbb\xbf")
    assert (await site.get("/console/reports/b")).status_code == 200
    assert (await site.get("/console/reports/b", **{"from": "2026-11-21", "to": "2026-11-20"})).status_code == 400
    assert (await site.get("/console/reports/b.exe", **PERIOD)).status_code == 400


@pytest.mark.parametrize("day", ["2026-02-30", "hôm qua", "30/2/2026"])
async def test_a_day_that_is_none_is_said_and_not_replaced(site: Site, day: str) -> None:
    for query in ({"from": day, "to": "2026-11-21"}, {"from": "2026-11-20", "to": day}):
        for path in ("/console/reports/b", "/console/reports/b.csv"):
            answer = await site.get(path, **query)
            assert answer.status_code == 400
            assert f"<code>{day}</code>" in answer.text
    assert (await site.get("/console/reports/b", **{"from": "", "to": ""})).status_code == 200


async def test_beyond_the_last_page_is_the_last_page(site: Site) -> None:
    for number in range(30):
        site.keep(document := Document(number, A, [B]), [document.received()])
    for page in ("3", "400", "999999999999999999999999"):
        text = (await site.get("/console/", page=page)).text
        assert "26–30 trong số" in text
        assert "Trang 2 / 2" in text
    assert "Chưa có văn bản nào" in (await Site().get("/console/", page="7")).text


async def test_what_takes_too_long_says_what_to_do_and_not_that_the_database_is_away(site: Site) -> None:
    site.lives.fault = TookTooLong("mongo", "ExecutionTimeout")
    search, report = await site.get("/console/", q="a"), await site.get("/console/reports/b")
    assert (search.status_code, report.status_code) == (503, 503)
    assert "Hãy gõ thêm từ hoặc số ký hiệu" in search.text
    assert "Hãy chọn kỳ ngắn hơn" in report.text
    assert "không trả lời" not in search.text + report.text


async def test_a_page_that_breaks_is_a_page_too_and_says_nothing_of_the_inside(site: Site) -> None:
    site.lives.fault = Broken("mongo: OperationFailure 13")
    answer = await site.get("/console/")
    assert answer.status_code == 500
    assert "Trục gặp lỗi khi lập trang này" in answer.text
    assert "OperationFailure" not in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'self'")


async def test_errors_are_pages(site: Site) -> None:
    missing = await site.get("/console/documents/nothing")
    assert missing.status_code == 404
    assert "Không tìm thấy" in missing.text
    site.lives.away = True
    away = await site.get("/console/")
    assert away.status_code == 503
    assert away.headers["retry-after"]
    assert "Không văn bản nào bị mất" in away.text


async def test_the_address_without_a_slash_leads_to_the_console(site: Site) -> None:
    answer = await site.get("/console", lang="en")
    assert answer.status_code == 307
    assert answer.headers["location"] == "/console/?lang=en"


async def test_static_files_are_our_own_and_name_no_other_place(site: Site) -> None:
    for file in STATIC.iterdir():
        answer = await site.get(f"/console/static/{file.name}", "")
        assert answer.status_code == 200
        assert not re.search(r"https?://(?!www\.w3\.org/)", answer.text)
    assert (await site.get("/console/static/../app.py", "")).status_code == 404


async def test_what_operators_type_is_in_no_span(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    transport = httpx.ASGITransport(app=Watched(site.app))
    async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
        for path in (
            "/console/?q=CANARY",
            "/console/reports/b?from=CANARY",
            "/console/nothing?CANARY",
            "/console?CANARY",
        ):
            await client.get(path, headers={"authorization": credentials("operator")})
    spans = [span.to_json() for span in exporter.get_finished_spans()]
    assert spans
    assert not [span for span in spans if "CANARY" in span]
