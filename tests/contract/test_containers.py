"""docker-compose.yml, the image and their secrets: what must hold whatever else changes in them."""

import importlib
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from hub.runtime.settings import HubSettings
from hub.wire.topics import TOPICS
from hubctl.topics import shape_of

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
CONTAINERS: dict[str, dict[str, Any]] = COMPOSE["services"]
SERVICES = ("ingest", "signature", "router", "status", "notifier")
JOBS = ("topics", "mongo-init", "volumes", "blobs-bucket", "hubctl")
_STORE_THREADS = 512
"""tokio's own limit of blocking threads; 40 documents among 95 agencies took the router to about 100."""
_OTHER_THREADS = 128
ENV_EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")


def _filled(text: str) -> str:
    """Compose's ${NAME:-default} and ${NAME:?message} with .env.example."""
    values = dict(re.findall(r"^([A-Z][A-Z0-9_]+)=(.*)$", ENV_EXAMPLE, re.MULTILINE))
    return re.sub(r"\$\{(\w+)(?::[-?]([^}]*))?\}", lambda found: values.get(found[1]) or found[2] or "", text)


def _secret_names(container: dict[str, Any]) -> dict[str, str]:
    """Name inside the container -> name of the secret."""
    mounted = [entry if isinstance(entry, dict) else {"source": entry} for entry in container.get("secrets", ())]
    return {str(entry.get("target") or entry["source"]): str(entry["source"]) for entry in mounted}


@pytest.mark.parametrize("name", CONTAINERS)
def test_every_container_is_hardened_and_limited(name: str) -> None:
    container = CONTAINERS[name]
    assert container["read_only"] is True
    assert container["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in container["security_opt"]
    assert not container.get("privileged")
    assert {"mem_limit", "cpus", "pids_limit"} <= container.keys()
    assert container["logging"]["options"]["max-size"]


@pytest.mark.parametrize("name", CONTAINERS)
def test_what_lives_is_restarted_and_asked_what_ends_is_not(name: str) -> None:
    container = CONTAINERS[name]
    if name in JOBS:
        assert container["restart"] == "no"
    else:
        assert container["restart"] == "unless-stopped"
        assert "healthcheck" in container


def test_only_a_job_that_gives_volumes_their_owner_has_a_capability() -> None:
    assert {name: each["cap_add"] for name, each in CONTAINERS.items() if "cap_add" in each} == {"volumes": ["CHOWN"]}


def test_the_edge_alone_is_open_to_the_world() -> None:
    for name, container in CONTAINERS.items():
        for port in container.get("ports", ()):
            assert name == "edge" or port.startswith("127.0.0.1:"), f"{name} publishes {port}"
    assert [port.rsplit(":", 1)[1] for port in CONTAINERS["edge"]["ports"]] == ["8080", "8443"]


def test_the_way_out_is_for_those_who_need_it() -> None:
    assert COMPOSE["networks"]["front"]["internal"] is True
    assert COMPOSE["networks"]["back"]["internal"] is True
    outside = {name for name, each in CONTAINERS.items() if "outside" in each.get("networks", ())}
    assert outside == {"edge", "notifier", "prometheus", "alertmanager", "grafana"}
    assert "back" not in CONTAINERS["edge"]["networks"]


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_has_a_database_a_user_and_a_volume_of_its_own(name: str) -> None:
    container = CONTAINERS[name]
    environment = container["environment"]
    assert container["command"] == [f"services.{name}"]
    assert environment["HUB_MONGO_DATABASE"] == f"hub_{name}"
    assert environment["HUB_MONGO_URL"].startswith(f"mongodb://{name}@")
    assert _secret_names(container)["mongo_password"] == f"mongo_{name}"
    assert container["volumes"][0] == f"{name}:/data"
    assert container["stop_grace_period"] == "30s"
    assert container["image"] == CONTAINERS["topics"]["image"]


@pytest.mark.parametrize("name", SERVICES)
def test_the_environment_of_a_service_is_one_its_settings_accept(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = importlib.import_module(f"services.{name}.settings")
    settings = next(
        value for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, HubSettings) and value.__module__ == module.__name__
    )  # fmt: skip
    for variable in [variable for variable in os.environ if variable.startswith("HUB_")]:
        monkeypatch.delenv(variable)
    for secret in _secret_names(CONTAINERS[name]):
        (tmp_path / secret).write_text("ab" * 32, encoding="ascii")
    for variable, value in CONTAINERS[name]["environment"].items():
        assert variable.removeprefix("HUB_").lower() in settings.model_fields, f"{name} knows no {variable}"
        if value is not None:
            monkeypatch.setenv(variable, _filled(str(value)).replace("/run/secrets", str(tmp_path)))
    assert settings().replication == 3


def test_no_secret_is_in_an_environment_and_each_is_made() -> None:
    for name, container in CONTAINERS.items():
        for variable in container.get("environment", {}):
            secret = re.search(r"PASSWORD|TOKEN|SECRET|_KEY(_|$)", variable)
            assert not secret or variable.endswith("_FILE"), f"{name}: {variable}"
    used = {secret for each in CONTAINERS.values() for secret in _secret_names(each).values()}
    assert used == set(COMPOSE["secrets"])


@pytest.mark.skipif(os.geteuid() != 0, reason="the script gives files to the users of the containers: root only")
def test_make_secrets_makes_each_once_for_its_reader_alone(tmp_path: Path) -> None:
    script = tmp_path / "infra" / "docker" / "make-secrets.sh"
    script.parent.mkdir(parents=True)
    shutil.copy(ROOT / "infra" / "docker" / "make-secrets.sh", script)
    subprocess.run(["sh", script], check=True, capture_output=True)
    made = {path.name: path.read_bytes() for path in (tmp_path / "secrets").iterdir()}
    assert {f"secrets/{name}" for name in made} == {each["file"] for each in COMPOSE["secrets"].values()}
    assert all(made.values())
    for path in (tmp_path / "secrets").iterdir():
        assert path.stat().st_mode & 0o777 == 0o400
        assert path.stat().st_uid == {"mongo_keyfile": 999, "grafana_password": 472}.get(
            path.name, 101 if path.name.startswith("edge_") else 10001
        )
    assert len(made["seal_key"].strip()) == 64
    subprocess.run(["sh", script], check=True, capture_output=True)
    assert {path.name: path.read_bytes() for path in (tmp_path / "secrets").iterdir()} == made


def test_every_variable_is_explained_and_used() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    asked = set(re.findall(r"\$\{(\w+)", text))
    passed = {
        name for each in CONTAINERS.values()
        for name, value in each.get("environment", {}).items() if value is None
    }  # fmt: skip
    explained = set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", ENV_EXAMPLE, re.MULTILINE))
    assert explained == asked | passed


def test_files_named_in_compose_exist() -> None:
    for config in COMPOSE["configs"].values():
        assert (ROOT / config["file"]).is_file(), config["file"]
    for container in CONTAINERS.values():
        for volume in container.get("volumes", ()):
            source = volume.split(":")[0]
            if source.startswith("./infra"):
                assert (ROOT / source).is_dir(), source


def test_images_name_no_registry_host() -> None:
    names = [container["image"] for container in CONTAINERS.values()]
    names += re.findall(
        r"^(?:FROM|ARG BASE=)\s*(\S+)", (ROOT / "infra/docker/Dockerfile").read_text("utf-8"), re.MULTILINE
    )
    for name in names:
        first, slash, _ = _filled(name).partition("/")
        assert not slash or not re.search(r"[.:]", first), name


def test_brokers_keep_what_the_topics_ask_for() -> None:
    lines = (ROOT / "infra/kafka/server.properties").read_text(encoding="utf-8").splitlines()
    broker = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    topic = shape_of(TOPICS[0], HubSettings(replication=3)).config
    assert broker["min.insync.replicas"] == topic["min.insync.replicas"] == "2"
    assert broker["default.replication.factor"] == "3"
    assert int(broker["message.max.bytes"]) >= int(topic["max.message.bytes"])
    assert broker["unclean.leader.election.enable"] == broker["auto.create.topics.enable"] == "false"


def test_brokers_listen_where_their_settings_say() -> None:
    lines = (ROOT / "infra/kafka/server.properties").read_text(encoding="utf-8").splitlines()
    listeners = next(line.removeprefix("listeners=") for line in lines if line.startswith("listeners="))
    for name in ("kafka-1", "kafka-2", "kafka-3"):
        # the image makes KAFKA_LISTENERS of the advertised ones unless it is set, and it wins over the file
        assert CONTAINERS[name]["environment"]["KAFKA_LISTENERS"] == listeners


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_may_start_all_threads_of_its_libraries(name: str) -> None:
    assert CONTAINERS[name]["pids_limit"] >= _STORE_THREADS + _OTHER_THREADS


def test_the_image_has_nothing_but_what_runs() -> None:
    dockerfile = (ROOT / "infra/docker/Dockerfile").read_text(encoding="utf-8")
    last = dockerfile.rsplit("\nFROM ", 1)[1]
    assert last.startswith("scratch\n")
    assert "RUN" not in last
    assert "USER 10001:10001" in last
    assert 'ENTRYPOINT ["python", "-m"]' in last
    assert "--require-hashes --only-binary :all:" in dockerfile
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert next(line for line in ignored if not line.startswith(("#", "!"))) == "*"
    assert not {"!tests", "!secrets", "!.git", "!.env"} & set(ignored)


def _has_compose() -> bool:
    if shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "compose", "version"], check=False, capture_output=True).returncode == 0


@pytest.mark.skipif(not _has_compose(), reason="docker compose is not installed here")
def test_docker_compose_accepts_the_file() -> None:
    command = ["docker", "compose", "--env-file", ".env.example", "--profile", "tools", "config", "--quiet"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not done.stderr
