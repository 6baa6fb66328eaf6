import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import jwt
import pytest

from hubctl.admin import AdminDoor, refusal
from hubctl.connection import _read, _secret, mint
from hubctl.errors import CommandError

SECRET = "a secret of a system, long enough"


def test_a_token_names_the_system_and_ends() -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    claims = jwt.decode(mint("lgsp-hn", SECRET, now, timedelta(minutes=15)), SECRET, algorithms=["HS256"])
    assert claims["sub"] == "lgsp-hn"
    assert claims["exp"] - claims["iat"] == 15 * 60


def test_a_secret_is_generated_into_a_new_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    made = _secret(file)
    assert file.read_text().strip() == made
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert _secret(file) == made, "an existing file is the secret"


def test_generated_secrets_differ() -> None:
    assert _secret(None) != _secret(None)


@pytest.mark.parametrize("content", ["", "short\n"])
def test_a_weak_secret_is_told(tmp_path: Path, content: str) -> None:
    file = tmp_path / "secret"
    file.write_text(content)
    with pytest.raises(CommandError, match="at least 16"):
        _read(file)


def test_the_directory_door_is_told_what_to_write() -> None:
    asked: list[tuple[str, str, object]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append((request.method, request.url.path, json.loads(request.content)))
        return httpx.Response(200, json={"changed": ["lgsp-hn"], "positions": []})

    door = AdminDoor(httpx.Client(base_url="http://router", transport=httpx.MockTransport(answer)))
    body = {"agencies": ["A"], "secret": SECRET, "active": True}
    assert door.put_connection("lgsp-hn", body) == ("lgsp-hn",)
    assert asked == [("PUT", "/admin/v1/connections/lgsp-hn", body)]


def test_a_refusal_is_told_reason_by_reason() -> None:
    reasons = [{"code": "CODE_TAKEN", "field": "0.identifiers", "en": "Taken.", "detail": "01.01.G02"}]
    told = refusal(httpx.Response(422, json={"reasons": reasons}))
    assert told == "refused: 0.identifiers: CODE_TAKEN Taken. 01.01.G02"
    assert refusal(httpx.Response(502, text="<html>")) == "the hub answers 502: <html>"


def test_a_door_that_is_away_is_told() -> None:
    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    door = AdminDoor(httpx.Client(base_url="http://router", transport=httpx.MockTransport(away)))
    with pytest.raises(CommandError, match="directory door at http://router does not answer"):
        door.agencies()
