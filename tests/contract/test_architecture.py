"""The import rules of DESIGN §2, read off the source: who may import whom."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("ingest", "signature", "router", "status", "notifier")
PLUMBING = {"handlers", "app", "settings", "replay", "__main__", "__init__"}
STDLIB = set(sys.stdlib_module_names)
PURE_LIBRARIES = {
    "signature": {"cryptography", "asn1crypto", "pyhanko", "pyhanko_certvalidator", "lxml", "signxml"},
}
FORBIDDEN_NAMES = {"utils", "common", "helpers", "base", "core", "manager", "misc", "util", "helper"}
LONGEST_FILE = 400
LONGEST_FUNCTION = 60
MONGO_LIBRARIES = {"motor", "pymongo", "bson"}


def imports(file: Path) -> set[str]:
    """Dotted names a file imports at any place, relative ones resolved."""
    package = list(file.relative_to(ROOT).with_suffix("").parts)
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            origin = package[: len(package) - node.level] if node.level else []
            name = ".".join([*origin, *([node.module] if node.module else [])])
            found |= {name, *(f"{name}.{alias.name}" for alias in node.names)}
    return found


def python_files(*folders: str) -> list[Path]:
    return sorted(file for folder in folders for file in (ROOT / folder).rglob("*.py"))


def top(name: str) -> str:
    return name.split(".", maxsplit=1)[0]


def outside(names: set[str], allowed: set[str]) -> set[str]:
    """Names that are neither standard library nor below an allowed prefix."""
    return {
        name
        for name in names
        if top(name) not in STDLIB and not any(name == prefix or name.startswith(f"{prefix}.") for prefix in allowed)
    }


def rule_files(service: str) -> list[Path]:
    return [
        file
        for file in python_files(f"services/{service}")
        if file.stem not in PLUMBING and not file.stem.startswith(("adapters", "app_", "handlers_", "worker"))
    ]


def test_model_imports_the_standard_library_only() -> None:
    for file in python_files("hub/model"):
        assert not outside(imports(file), {"hub", "hub.model"} - {"hub"}), file


def test_wire_imports_model_fastavro_and_lxml() -> None:
    for file in python_files("hub/wire"):
        assert not outside(imports(file), {"hub.model", "hub.wire", "fastavro", "lxml"}), file


def test_runtime_never_imports_services() -> None:
    for file in python_files("hub"):
        assert not {name for name in imports(file) if top(name) in {"services", "hubctl", "sim", "tests"}}, file


@pytest.mark.parametrize("service", SERVICES)
def test_rules_are_pure(service: str) -> None:
    allowed = {"hub.model", "hub.wire", f"services.{service}", *PURE_LIBRARIES.get(service, set())}
    for file in rule_files(service):
        names = imports(file)
        assert not outside(names, allowed), file
        for impure in (*(f"services.{service}.{name}" for name in PLUMBING), "asyncio", "logging", "socket", "os"):
            assert impure not in names, f"{file} imports {impure}"
        source = file.read_text(encoding="utf-8")
        for deed in ("async def", "await ", "datetime.now(", "uuid4(", "time.time("):
            assert deed not in source, f"{file}: {deed}"


@pytest.mark.parametrize("service", SERVICES)
def test_handlers_know_rules_and_model_only(service: str) -> None:
    for file in python_files(f"services/{service}"):
        if file.stem == "handlers" or file.stem.startswith("handlers_"):
            names = imports(file)
            assert not outside(names, {"hub.model", "hub.wire", f"services.{service}"}), file
            assert not {name for name in names if ".adapters" in name or ".app" in name}, file


@pytest.mark.parametrize("service", SERVICES)
def test_doors_do_not_know_adapters(service: str) -> None:
    for file in python_files(f"services/{service}"):
        if file.stem == "app" or file.stem.startswith("app_"):
            assert not {name for name in imports(file) if f"services.{service}.adapters" in name}, file


@pytest.mark.parametrize("service", SERVICES)
def test_services_meet_only_in_events(service: str) -> None:
    others = {f"services.{other}" for other in SERVICES if other != service}
    for file in python_files(f"services/{service}"):
        assert not {name for name in imports(file) if any(name.startswith(other) for other in others)}, file


def test_the_database_driver_is_known_to_adapters_and_one_kernel_file() -> None:
    for file in python_files("hub", "services", "hubctl"):
        if not {top(name) for name in imports(file)} & MONGO_LIBRARIES:
            continue
        known = file.stem.startswith(("adapters", "replay")) or file in {
            ROOT / "hub/runtime/mongo.py",
            ROOT / "hub/runtime/foundation.py",
        }
        assert known or file.is_relative_to(ROOT / "hubctl"), file


def test_faust_is_known_to_one_file() -> None:
    for file in python_files("hub", "services"):
        if "faust" in {top(name) for name in imports(file)}:
            assert file == ROOT / "hub/runtime/faust_worker.py"


def test_no_drawers_and_nothing_deep() -> None:
    for file in python_files("hub", "services", "hubctl", "sim"):
        parts = file.relative_to(ROOT).with_suffix("").parts
        assert not FORBIDDEN_NAMES & set(parts), file
        assert len(parts) - 1 <= 3, f"{file} lies deeper than three folders"


def test_files_and_functions_stay_short() -> None:
    for file in python_files("hub", "services", "hubctl", "sim"):
        source = file.read_text(encoding="utf-8")
        assert source.count("\n") <= LONGEST_FILE, f"{file} is longer than {LONGEST_FILE} lines"
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                assert length <= LONGEST_FUNCTION, f"{file}:{node.lineno} {node.name} has {length} lines"


def test_each_service_has_the_one_anatomy() -> None:
    for service in SERVICES:
        folder = ROOT / "services" / service
        for name in ("__init__", "handlers", "app", "settings", "replay", "__main__"):
            assert (folder / f"{name}.py").is_file(), f"services/{service}/{name}.py"
        doc = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))) or ""
        for line in ("Takes", "Gives", "Owns", "Promises", "Fails", "Never"):
            assert f"{line}" in doc, f"services/{service}/__init__.py does not say: {line}"
        assert any(file.stem.startswith("adapters") for file in folder.glob("*.py")), service
