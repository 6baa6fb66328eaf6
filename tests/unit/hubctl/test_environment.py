from dataclasses import replace
from pathlib import Path

import pytest

from hubctl.local.child import inherited_environment
from hubctl.local.components import COMPONENTS
from hubctl.local.operator import assume_local_stack, operator_environment
from hubctl.local.state import Settings, Stack

SERVICES = ("ingest", "signature", "router", "status", "notifier")


def environment(stack: Stack, name: str) -> dict[str, str]:
    return dict(COMPONENTS[name].prepare(stack).environment)


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_finds_the_log_the_database_and_its_own_folder(stack: Stack, name: str) -> None:
    found = environment(stack, name)
    assert found["HUB_BROKERS"] == "127.0.0.1:25010"
    assert found["HUB_MONGO_URL"] == "mongodb://127.0.0.1:25020/?replicaSet=rs0"
    assert found["HUB_MONGO_DATABASE"] == f"hub_{name}"
    assert found["HUB_REGISTRY_URL"] == "http://127.0.0.1:25030/apis/ccompat/v7"
    assert found["HUB_DATA_DIR"] == str(stack.state.data / name)
    assert Path(found["HUB_SEAL_KEY_FILE"]).is_file()


def test_only_services_with_a_public_door_get_one(stack: Stack) -> None:
    doors = {name: environment(stack, name).get("HUB_HTTP_PORT") for name in SERVICES}
    assert doors == {"ingest": "25050", "signature": None, "router": "25054", "status": "25056", "notifier": None}


def test_internal_ports_differ(stack: Stack) -> None:
    assert len({environment(stack, name)["HUB_INTERNAL_PORT"] for name in SERVICES}) == len(SERVICES)


def test_secrets_go_to_who_needs_them_only(stack: Stack) -> None:
    assert [name for name in SERVICES if "HUB_ADMIN_TOKEN_FILE" in environment(stack, name)] == ["router"]
    assert [name for name in SERVICES if "HUB_OPERATOR_PASSWORD_FILE" in environment(stack, name)] == ["status"]


def test_what_is_set_by_hand_wins(stack: Stack) -> None:
    settings = Settings(port_base=25000, overrides={"notifier": {"HUB_MAIL_FROM": "x@y.vn"}})
    by_hand = replace(stack, settings=settings)
    assert environment(by_hand, "notifier")["HUB_MAIL_FROM"] == "x@y.vn"
    assert "x@y.vn" not in environment(by_hand, "ingest").values()


def test_nothing_of_the_callers_environment_configures_a_child() -> None:
    inherited = inherited_environment({"PATH": "/bin", "HUB_BROKERS": "elsewhere:9092", "AWS_SECRET": "x"})
    assert inherited["PATH"] == "/bin"
    assert not {"HUB_BROKERS", "AWS_SECRET"} & set(inherited)


def test_the_operators_commands_take_the_local_stack_where_nothing_else_is_said(stack: Stack) -> None:
    found = {"HUB_BROKERS": "kafka-1:9092"}
    assume_local_stack(stack.state.root, found)
    assert found == {"HUB_BROKERS": "kafka-1:9092"}, "without a stack nothing is assumed"
    stack.settings.save(stack.state.settings_file)
    assume_local_stack(stack.state.root, found)
    assert found == operator_environment(stack) | {"HUB_BROKERS": "kafka-1:9092"}
