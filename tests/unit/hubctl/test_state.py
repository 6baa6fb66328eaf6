import stat
from pathlib import Path

import pytest

from hubctl.errors import CommandError
from hubctl.local.ports import DEFAULT_BASE, Port, check_base
from hubctl.local.state import Secret, Settings, Stack


def test_secrets_are_made_once_and_for_the_owner_only(stack: Stack) -> None:
    before = {secret.name: (stack.state.secrets / secret.name).read_text() for secret in Secret}
    stack.state.create()
    for name, text in before.items():
        file = stack.state.secrets / name
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert file.read_text() == text
    assert len(set(before.values())) == len(Secret)


def test_the_seal_key_is_32_bytes_in_hexadecimal(stack: Stack) -> None:
    assert len(bytes.fromhex((stack.state.secrets / "seal-key").read_text())) == 32


def test_an_authority_written_by_somebody_else_stays(stack: Stack) -> None:
    stack.state.anchors.write_text("anchor")
    stack.state.create()
    assert stack.state.anchors.read_text() == "anchor"


def test_settings_come_back_as_they_were_saved(tmp_path: Path) -> None:
    file = tmp_path / "stack.json"
    assert Settings.load(file) == Settings(port_base=DEFAULT_BASE)
    settings = Settings(port_base=25000).override(["notifier.HUB_X=a=b"], ["notifier"])
    settings.save(file)
    assert Settings.load(file) == settings
    assert settings.overrides == {"notifier": {"HUB_X": "a=b"}}


def test_overrides_add_up_and_the_last_one_counts() -> None:
    settings = Settings().override(["a.X=1", "b.Y=2"], ["a", "b"]).override(["a.X=3", "a.Z=4"], ["a", "b"])
    assert settings.overrides == {"a": {"X": "3", "Z": "4"}, "b": {"Y": "2"}}


@pytest.mark.parametrize("assignment", ["notifier", "notifier.X", "X=1", "nobody.X=1", ".X=1", "notifier.=1"])
def test_a_wrong_override_is_told(assignment: str) -> None:
    with pytest.raises(CommandError, match="--set"):
        Settings().override([assignment], ["notifier"])


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"port_base": "x", "overrides": {}}'])
def test_an_unreadable_settings_file_is_told(tmp_path: Path, text: str) -> None:
    file = tmp_path / "stack.json"
    file.write_text(text)
    with pytest.raises(CommandError, match="cannot be read"):
        Settings.load(file)


def test_ports_move_together(stack: Stack) -> None:
    assert stack.address(Port.EDGE_HTTP) == "127.0.0.1:25000"
    assert stack.port(Port.NOTIFIER_INTERNAL) == 25059


@pytest.mark.parametrize("base", [80, 1023, 65436, 70000])
def test_a_base_without_room_above_is_told(base: int) -> None:
    with pytest.raises(CommandError, match="--port-base"):
        check_base(base)
