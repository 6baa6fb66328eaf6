"""Who is let in: whatever a token or a signature says, the answer is a caller or a refusal, never a fault of ours."""

import asyncio
import base64
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import Request

from hub.model.directory import Directory
from hub.model.ids import SystemId
from hub.model.reasons import Code
from hub.runtime.callers import Caller, Callers
from hub.runtime.http import Refused
from hub.runtime.seal import Seal
from hub.wire import sdk_headers
from tests.fakes.events import agency, connection

SECRET = "a shared secret, long enough for HS256"
SYSTEM = SystemId("H99")
FAR = 4_000_000_000


class View:
    """The one thing that `Callers` asks of a `DirectoryView`."""

    def __init__(self, directory: Directory) -> None:
        self.directory = directory


def callers(*, active: bool = True) -> Callers:
    sealing, found = Seal(bytes(32)), Directory()
    found.learn(agency("H99"))
    found.learn(replace(connection("H99", "H99", active=active), sealed_secret=sealing.close(SYSTEM, SECRET)))
    return Callers(View(found), sealing, lambda: datetime.fromtimestamp(FAR - 3600, UTC))  # type: ignore[arg-type]


def call(headers: dict[str, str], door: Callers | None = None) -> Caller | str:
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    request = Request({"type": "http", "method": "GET", "path": "/", "headers": raw})
    try:
        return asyncio.run((door or callers())(request))
    except Refused as error:
        return error.refusals[0].code


def token(claims: str, secret: str = SECRET, header: str = '{"alg":"HS256","typ":"JWT"}') -> dict[str, str]:
    """A signed token whose claims are any text: libraries refuse to write what a client may send."""
    body = ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in (header, claims))
    signature = base64.urlsafe_b64encode(hmac.digest(secret.encode(), body.encode(), "sha256")).decode().rstrip("=")
    return {"Authorization": f"Bearer {body}.{signature}"}


def test_a_token_and_a_signature_are_let_in() -> None:
    for headers in (token(f'{{"sub":"H99","exp":{FAR}}}'), sdk_headers.sign({"systemid": "H99"}, SECRET)):
        caller = call(headers)
        assert isinstance(caller, Caller)
        assert caller.system_id == SYSTEM
        assert call(headers, callers(active=False)) == Code.CONNECTION_LOCKED


@pytest.mark.parametrize("end", [
    f'"{FAR}"', '"x"', "[]", "{}", "null", "true", "Infinity", "-Infinity", "NaN", "1e999", "1", "-1", "9" * 4000,
])  # fmt: skip
def test_ends_of_validity_that_are_none(end: str) -> None:
    assert call(token(f'{{"sub":"H99","exp":{end}}}')) == Code.NOT_AUTHENTICATED


@pytest.mark.parametrize("claims", [
    "", "[]", "1", '"x"', "{}", f'{{"exp":{FAR}}}', f'{{"sub":"H99","exp":{FAR},"nbf":[]}}',
    f'{{"sub":"H99","exp":{FAR},"iat":Infinity}}', f'{{"sub":"H99","exp":{FAR},"iat":"x"}}',
    f'{{"sub":["H99"],"exp":{FAR}}}', f'{{"sub":"\\ud800","exp":{FAR}}}', f'{{"sub":null,"exp":{FAR}}}',
    f'{{"sub":"H99","exp":{FAR},"aud":["x"]}}', "[" * 100_000, '{"sub":"H99","exp":1,"x":' + "9" * 3000 + "}",
])  # fmt: skip
def test_claims_that_prove_nothing(claims: str) -> None:
    assert call(token(claims)) == Code.NOT_AUTHENTICATED


@pytest.mark.parametrize("header", [
    "", "[]", "{}", '{"alg":"none"}', '{"alg":[]}', '{"alg":null}', '{"alg":"HS256","b64":false}',
    '{"alg":"HS256","crit":["x"]}', '{"alg":"HS256","crit":1}', '{"alg":"HS256","kid":1}',
])  # fmt: skip
def test_odd_heads_of_tokens(header: str) -> None:
    assert call(token(f'{{"sub":"H99","exp":{FAR}}}', header=header)) == Code.NOT_AUTHENTICATED


@pytest.mark.parametrize(
    "value", ["", "Bearer", "Bearer ", "Basic x", "Bearer a.b.c", "Bearer \xff\xfe", "Bearer ..", "bearer x"]
)
def test_what_is_no_token(value: str) -> None:
    assert call({"Authorization": value}) == Code.NOT_AUTHENTICATED


@pytest.mark.parametrize("changes", [
    {"XroadVnpt-hash-header": "\xff" * 64}, {"XroadVnpt-hash-header": ""}, {"XroadVnpt-sign-header": '{"a":"\xff"}'},
    {"XroadVnpt-sign-header": '{"XroadVnpt-systemid":"\\ud800"}'},
    {"XroadVnpt-sign-header": '{"XroadVnpt-systemid":1}'},
    {"XroadVnpt-sign-header": json.dumps({"XroadVnpt-systemid": "H99", "x": [[]] * 100})},
])  # fmt: skip
def test_signatures_that_do_not_hold(changes: dict[str, Any]) -> None:
    assert call(sdk_headers.sign({"systemid": "H99"}, SECRET) | changes) == Code.NOT_AUTHENTICATED


def test_a_token_is_recognised_only_while_it_and_its_secret_hold() -> None:
    sealing, found, now = Seal(bytes(32)), Directory(), datetime.fromtimestamp(FAR - 3600, UTC)
    found.learn(agency("H99"))
    registered = replace(connection("H99", "H99"), sealed_secret=sealing.close(SYSTEM, SECRET))
    found.learn(registered)
    door = Callers(View(found), sealing, lambda: now)  # type: ignore[arg-type]
    headers = token(f'{{"sub":"H99","exp":{FAR}}}')
    assert [call(headers, door) for _ in range(2)] == [Caller(system_id=SYSTEM)] * 2
    found.learn(replace(registered, active=False))
    assert call(headers, door) == Code.CONNECTION_LOCKED
    found.learn(replace(registered, sealed_secret=sealing.close(SYSTEM, "another secret, as long as the first one")))
    assert call(headers, door) == Code.NOT_AUTHENTICATED
    found.learn(registered)
    assert call(headers, door) == Caller(system_id=SYSTEM)
    now += timedelta(hours=2)
    assert call(headers, door) == Code.NOT_AUTHENTICATED
