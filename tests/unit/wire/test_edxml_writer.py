"""Status messages as the hub writes them: order and prefix of the Java library, nothing that XML cannot hold."""

from datetime import UTC, datetime
from typing import Any

import pytest
from lxml import etree

from hub.model.ids import AgencyCode, DocumentId
from hub.model.statuses import StatusCode
from hub.model.values import Staff
from hub.wire.edxml import ReadStatus
from hub.wire.edxml_names import NAMESPACE
from hub.wire.edxml_reader import EdxmlReader
from hub.wire.edxml_writer import status_message

STAFF = Staff(department="Văn phòng", name="Trần Văn Mẫu", email="", mobile="")


def message(**changes: Any) -> bytes:
    return status_message(
        **{
            "reporter": AgencyCode("000.00.00.HUB"), "reporter_name": "Trục liên thông",
            "addressee": AgencyCode("000.00.07.H99"), "document_id": DocumentId("000.00.07.H99,2026/11/20,125/SM-VP"),
            "code": "125/SM-VP", "promulgation_date": "2026-11-20", "status": StatusCode.REFUSED,
            "description": "Chữ ký số không hợp lệ", "staff": STAFF,
            "timestamp": datetime(2026, 11, 20, 20, 2, 41, tzinfo=UTC), **changes,
        }
    )  # fmt: skip


def header(content: bytes) -> Any:
    return etree.fromstring(content).find(f".//{{{NAMESPACE}}}MessageHeader")


def test_elements_stand_in_the_order_of_the_java_library() -> None:
    found = header(message())
    names = [etree.QName(each).localname for each in found]
    assert names == ["From", "ResponseFor", "StaffInfo", "StatusCode", "Description", "Timestamp"]
    assert [etree.QName(each).localname for each in found[0]] == ["OrganId", "OrganName"]
    response = [etree.QName(each).localname for each in found[1]]
    assert response == ["OrganId", "Code", "DocumentId", "PromulgationDate"]


def test_every_element_of_the_envelope_has_the_literal_prefix() -> None:
    content = message()
    root: Any = etree.fromstring(content)
    assert root.prefix is None
    assert all(each.prefix == "edXML" for each in root.iterdescendants())
    assert content.count(f'xmlns:edXML="{NAMESPACE}"'.encode()) == 1
    assert content.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<edXML xmlns=')


def test_dates_are_vietnams_with_slashes() -> None:
    text = message().decode()
    assert "<edXML:PromulgationDate>2026/11/20</edXML:PromulgationDate>" in text
    assert "<edXML:Timestamp>2026/11/21 03:02:41</edXML:Timestamp>" in text


def test_empty_values_have_no_element_but_staff_info_always_stands() -> None:
    text = message(description="", staff=Staff(department="", name="", email="", mobile="")).decode()
    assert "Description" not in text
    assert "Email" not in text
    assert "<edXML:StaffInfo></edXML:StaffInfo>" in text


@pytest.mark.parametrize("text", ["<b>&amp;</b>", "a]]>b", "dòng\r\nhai", "nháy \"kép\" và 'đơn'", "Đ\u0301 🙂"])
def test_any_text_comes_back_as_it_was(text: str) -> None:
    found = header(message(description=text)).findtext(f"{{{NAMESPACE}}}Description")
    assert found == text


def test_what_xml_cannot_hold_is_left_out() -> None:
    found = header(message(description="a\x00b\x0bc\ud800d\ufffee")).findtext(f"{{{NAMESPACE}}}Description")
    assert found == "abcde"


def test_the_same_arguments_give_the_same_bytes() -> None:
    assert message() == message()


def test_our_own_reader_reads_it() -> None:
    reader = EdxmlReader()
    reader.feed(message())
    read = reader.close()
    assert isinstance(read, ReadStatus)
    assert (read.reporter, read.addressee, read.code) == ("000.00.00.HUB", "000.00.07.H99", "125/SM-VP")
    assert (read.document_id, read.status) == ("000.00.07.H99,2026/11/20,125/SM-VP", "02")
    assert read.findings == ()
