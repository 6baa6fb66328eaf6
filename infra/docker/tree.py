# ruff: noqa: INP001 - a script of the image's build, not a package
"""Pick the files that the image needs: `tree.py TARGET VENV APP`, run by the virtual environment's own Python.

Copies the interpreter, its standard library, the virtual environment and the application into TARGET, with every
shared library that any of them links to, and the certificates. A shell, a package manager and a compiler are
in none of these, so they are not in the image.
"""

import compileall
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path
from py_compile import PycInvalidationMode

UID = 10001
_UNUSED = ("test", "idlelib", "tkinter", "turtledemo", "ensurepip", "lib2to3", "config-*", "site-packages", "*.a")
"""What is never imported of the standard library."""
_ANYWHERE = ("__pycache__", "*.pyi")
_LOADED_BY_NAME = ("libgcc_s.so.1", "libnss_files.so.2", "libnss_dns.so.2", "libresolv.so.2")
_FILES = (
    "/etc/ld.so.cache",  # where the loader finds libraries outside its built-in folders
    "/etc/nsswitch.conf",
    "/etc/ssl/certs/ca-certificates.crt",
    "/usr/lib/os-release",  # scanners read it
)
_PASSWD = f"root:x:0:0:root:/:/none\nhub:x:{UID}:{UID}:hub:/tmp:/none\n"
_GROUP = f"root:x:0:\nhub:x:{UID}:\n"


def copy(source: Path, target: Path, without: Iterable[str] = _ANYWHERE) -> None:
    """Copy a file or folder to the same place below `target`; links inside a folder stay links."""
    place = target / source.relative_to("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, place, symlinks=True, ignore=shutil.ignore_patterns(*without))
    else:
        shutil.copy2(source, place)


def binaries(folder: Path) -> Iterator[Path]:
    """ELF files below a folder."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                if file.read(4) == b"\x7fELF":
                    yield path


def linked(paths: Iterable[Path]) -> set[Path]:
    """Shared libraries of the system that these files link to, by the dynamic loader's own answer."""
    found: set[Path] = set()
    for path in paths:
        command = ["/usr/bin/ldd", str(path)]
        listing = subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603 - our files
        words = (word for line in listing.splitlines() for word in line.split())
        found.update(Path(word) for word in words if word.startswith("/"))
    return found


def by_name(folders: Iterable[Path]) -> set[Path]:
    """Libraries that glibc and threads open by name, so that nothing links to them."""
    return {folder / name for folder in folders for name in _LOADED_BY_NAME if (folder / name).exists()}


def place_library(library: Path, target: Path) -> None:
    """Copy a library under the name that programs ask for; on a merged /usr under its /usr name."""
    place = library.parent.resolve() / library.name
    if not (target / place.relative_to("/")).exists():
        copy(place, target)


def merge_usr(target: Path) -> None:
    """/lib and /lib64 are links into /usr when they are on this system."""
    for name in ("lib", "lib64"):
        link = Path("/", name)
        if link.is_symlink():
            (target / link.readlink()).mkdir(parents=True, exist_ok=True)
            (target / name).symlink_to(link.readlink())


def accounts(target: Path) -> None:
    """Users, and the three places that may be written to when they are mounted."""
    (target / "etc").mkdir(parents=True, exist_ok=True)
    (target / "etc/passwd").write_text(_PASSWD, encoding="ascii")
    (target / "etc/group").write_text(_GROUP, encoding="ascii")
    for name, mode in (("data", 0o750), ("tmp", 0o1777), ("run", 0o755)):
        (target / name).mkdir(exist_ok=True)
        (target / name).chmod(mode)
    os.chown(target / "data", UID, UID)


def main() -> None:
    """Build the tree."""
    target, venv, app = (Path(argument) for argument in sys.argv[1:4])
    target.mkdir(parents=True)
    merge_usr(target)
    stdlib = Path(sysconfig.get_path("stdlib"))
    interpreter = Path(sys.executable).resolve()
    copy(stdlib, target, (*_ANYWHERE, *_UNUSED))
    for source in (interpreter, venv, app, *(Path(name) for name in _FILES if Path(name).exists())):
        copy(source, target)
    libraries = linked((interpreter, *binaries(stdlib), *binaries(venv)))
    outside = {library for library in libraries if not library.is_relative_to(venv)}
    for library in outside | by_name({library.parent for library in outside}):
        place_library(library, target)
    for folder in (target / stdlib.relative_to("/"), target / venv.relative_to("/"), target / app.relative_to("/")):
        compileall.compile_dir(
            folder, quiet=2, workers=0, stripdir=str(target), prependdir="/",
            invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
        )  # fmt: skip
    accounts(target)


if __name__ == "__main__":
    main()
