"""Problems of requests that the validator refuses: values and figures, no sentences of a library."""

from typing import Annotated

import httpx
import pytest
from fastapi import FastAPI, Query
from pydantic import BaseModel, ConfigDict, Field

from hub.runtime.http import public_app


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(max_length=3)]


def app() -> FastAPI:
    made = public_app("test")

    @made.post("/things")
    async def things(body: Body, limit: Annotated[int, Query(ge=1, le=1000)] = 1) -> str:
        return f"{body.name}{limit}"

    return made


@pytest.mark.parametrize(("query", "json", "field", "detail"), [
    ("limit=1001", {"name": "a"}, "query.limit", "less_than_equal le=1000"),
    ("limit=0", {"name": "a"}, "query.limit", "greater_than_equal ge=1"),
    ("limit=x", {"name": "a"}, "query.limit", "int_parsing"),
    ("", {"name": "abcd"}, "body.name", "string_too_long max_length=3"),
    ("", {"name": "bí mật"}, "body.name", "string_too_long max_length=3"),
    ("", {}, "body.name", "missing"),
    ("", None, "body", "missing"),
])  # fmt: skip
async def test_faults(query: str, json: object, field: str, detail: str) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app()), base_url="http://hub") as client:
        answer = await client.post(f"/things?{query}", json=json)
    assert answer.status_code == 400
    assert [(each["field"], each["detail"]) for each in answer.json()["reasons"]] == [(field, detail)]
    assert answer.json()["detail"] == f"Yêu cầu không hợp lệ. {detail}"


@pytest.mark.parametrize(("content", "detail"), [
    (b'{"name":"a","\\ud800":1}', "string_unicode"), (b'{"name":"\\udfff"}', "string_unicode"),
    (b'{"name":"a","x\\u0000":1}', "extra_forbidden"), (b'{"name"', "json_invalid"), (b"\xff", ""),
    (b"[" * 100_000, ""), (b"1" * 10_000, ""),
])  # fmt: skip
async def test_odd_bodies_are_no_fault_of_ours(content: bytes, detail: str) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app()), base_url="http://hub") as client:
        answer = await client.post("/things", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert detail in answer.json()["detail"]
