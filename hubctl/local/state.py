"""Where one local stack keeps its things, and what it remembers between `up` and `up`."""

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from hubctl.errors import CommandError
from hubctl.local.ports import DEFAULT_BASE, HOST, Port

REPOSITORY = Path(__file__).resolve().parents[2]
DEFAULT_DIR = REPOSITORY / ".local"
"""Folder of the stack when none is named."""
CACHE = DEFAULT_DIR / "cache"
"""Downloads, shared by all stacks."""
KAFKA_LIBRARIES = CACHE / "kafka" / "libs"
REGISTRY_FOLDER = CACHE / "registry" / "app"
REGISTRY_JAR = "apicurio-registry-app-3.0.9-runner.jar"
NGINX = Path("/usr/sbin/nginx")


@dataclass(frozen=True, slots=True)
class StateDir:
    """The folder of one stack. `reset` deletes exactly the folders named here."""

    root: Path

    @property
    def run(self) -> Path:
        """Control socket, lock, list of children."""
        return self.root / "run"

    @property
    def conf(self) -> Path:
        """Rendered configuration files: written at every start, never edited."""
        return self.root / "conf"

    @property
    def logs(self) -> Path:
        """One log file a component."""
        return self.root / "logs"

    @property
    def data(self) -> Path:
        """Data folders of the components."""
        return self.root / "data"

    @property
    def blobs(self) -> Path:
        """Packages by digest."""
        return self.root / "blobs"

    @property
    def sinks(self) -> Path:
        """What the mail and SMS sinks received."""
        return self.root / "sinks"

    @property
    def secrets(self) -> Path:
        """Seal key, admin token, operator password: generated once, mode 0600."""
        return self.root / "secrets"

    @property
    def trust(self) -> Path:
        """Trust anchors of the signature service."""
        return self.root / "trust"

    @property
    def anchors(self) -> Path:
        """PEM file of trust anchors; the simulator's authority writes its own here."""
        return self.trust / "anchors.pem"

    @property
    def crls(self) -> Path:
        """Certificate revocation lists of the signature service."""
        return self.trust / "crls"

    @property
    def tls(self) -> Path:
        """Self-signed certificate of the edge."""
        return self.root / "tls"

    @property
    def settings_file(self) -> Path:
        """What is remembered: `Settings` as JSON."""
        return self.root / "stack.json"

    @property
    def folders(self) -> tuple[Path, ...]:
        """Every folder of the stack's own."""
        return (
            self.run,
            self.conf,
            self.logs,
            self.data,
            self.blobs,
            self.sinks,
            self.secrets,
            self.trust,
            self.tls,
        )

    def create(self) -> None:
        """Make the folders, secrets and the empty trust file that do not exist yet."""
        for folder in self.folders:
            folder.mkdir(parents=True, exist_ok=True)
        self.secrets.chmod(0o700)
        for secret in Secret:
            secret.ensure(self.secrets)
        self.crls.mkdir(exist_ok=True)
        self.anchors.touch()


@dataclass(frozen=True, slots=True)
class _SecretFile:
    name: str
    random_bytes: int

    def ensure(self, folder: Path) -> None:
        path = folder / self.name
        if path.exists():
            return
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(self.random_bytes), encoding="ascii")


SEAL_KEY = _SecretFile("seal-key", 32)
ADMIN_TOKEN = _SecretFile("admin-token", 24)
OPERATOR_PASSWORD = _SecretFile("operator-password", 12)
Secret = (SEAL_KEY, ADMIN_TOKEN, OPERATOR_PASSWORD)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a stack remembers: its ports, and environment variables set by hand (component -> name -> value)."""

    port_base: int = DEFAULT_BASE
    overrides: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def override(self, assignments: Iterable[str], components: Iterable[str]) -> "Settings":
        """With `COMPONENT.NAME=VALUE` assignments added; CommandError when one is not of this form."""
        known = set(components)
        merged = {component: dict(values) for component, values in self.overrides.items()}
        for assignment in assignments:
            target, equals, value = assignment.partition("=")
            component, dot, name = target.partition(".")
            if not (equals and dot and name):
                raise CommandError(f"--set {assignment}: write it as SERVICE.NAME=VALUE")
            if component not in known:
                raise CommandError(f"--set {assignment}: no {component}; there are {', '.join(sorted(known))}")
            merged.setdefault(component, {})[name] = value
        return replace(self, overrides=merged)

    def save(self, path: Path) -> None:
        """Write as JSON, replacing the file in one step."""
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".new")
        draft.write_text(json.dumps(asdict(self), indent=2, sort_keys=True) + "\n", encoding="utf-8")
        draft.replace(path)

    @classmethod
    def load(cls, path: Path) -> "Settings":
        """What was saved; the defaults when nothing was."""
        if not path.exists():
            return cls()
        try:
            saved = json.loads(path.read_text(encoding="utf-8"))
            return cls(port_base=int(saved["port_base"]), overrides=saved["overrides"])
        except (ValueError, KeyError, TypeError) as error:
            raise CommandError(f"{path} cannot be read ({error}): delete it, or the stack's folder") from error


@dataclass(frozen=True, slots=True)
class Stack:
    """One local stack: its folder and its settings."""

    state: StateDir
    settings: Settings

    @classmethod
    def at(cls, root: Path) -> "Stack":
        """The stack that lives in this folder."""
        state = StateDir(root.resolve())
        return cls(state, Settings.load(state.settings_file))

    def port(self, port: Port) -> int:
        """The number of one port."""
        return self.settings.port_base + port

    def address(self, port: Port) -> str:
        """`host:port` of one port."""
        return f"{HOST}:{self.port(port)}"
