"""What a worker may not do, asked of Python and, past it, of the kernel."""

import platform
import signal
import subprocess
import sys
from pathlib import Path
from time import sleep

import pytest

from services.signature import worker_seccomp

pytestmark = pytest.mark.skipif(platform.machine() not in ("x86_64", "aarch64"), reason="no list of system calls")

PROGRAM = """
import ctypes, errno, os, threading
libc = ctypes.CDLL(None, use_errno=True)
{before}
from services.signature.worker_confinement import confine
assert confine(512 * 1024 * 1024, may_open={may_open}) == ""
result = {call}
print(result, errno.errorcode.get(ctypes.get_errno(), ""), flush=True)
"""


def ask(call: str, *, may_open: bool = True, before: str = "") -> str:
    program = PROGRAM.format(call=call, may_open=may_open, before=before)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60, check=False)
    return done.stdout.decode().strip()


@pytest.mark.parametrize(
    "call",
    [
        "libc.socket(2, 1, 0)", "libc.socketpair(1, 1, 0, bytes(8))", "libc.connect(0, bytes(16), 16)",
        "libc.execv(b'/bin/true', None)", "libc.fork()", "libc.vfork()", "libc.open(b'{folder}/new', 0o101, 0o600)",
        "libc.open(b'{folder}/old', 1)", "libc.open(b'{folder}/old', 2)", "libc.creat(b'{folder}/new', 0o600)",
        "libc.open(b'{folder}', 0o20200002, 0o600)", "libc.truncate(b'{folder}/old', 0)",
        "libc.unlink(b'{folder}/old')", "libc.rename(b'{folder}/old', b'{folder}/new')",
        "libc.link(b'{folder}/old', b'{folder}/new')", "libc.symlink(b'{folder}/old', b'{folder}/new')",
        "libc.mkdir(b'{folder}/new', 0o700)", "libc.rmdir(b'{folder}')", "libc.chmod(b'{folder}/old', 0o777)",
        "libc.chown(b'{folder}/old', 1, 1)", "libc.utimes(b'{folder}/old', None)",
        "libc.mknod(b'{folder}/new', 0o10600, 0)",
        "libc.chroot(b'{folder}')", "libc.chdir(b'{folder}')", "libc.mount(b'a', b'{folder}', b'tmpfs', 0, None)",
        "libc.kill(os.getppid(), 0)", "libc.ptrace(16, os.getppid(), 0, 0)", "libc.setuid(1)",
        "libc.syscall(321, 0, None, 0)", "libc.memfd_create(b'x', 0)", "libc.pipe(bytes(8))", "libc.unshare(0)",
        "libc.prctl(15, b'x', 0, 0, 0)", "libc.setpriority(0, 0, 5)",
        "libc.process_vm_readv(os.getppid(), 0, 0, 0, 0, 0)",
    ],
)  # fmt: skip
def test_the_kernel_refuses(call: str, tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"old")
    before = (tmp_path / "old").stat()
    assert ask(call.format(folder=tmp_path)) == "-1 EPERM"
    after = (tmp_path / "old").stat()
    assert [path.name for path in tmp_path.iterdir()] == ["old"]
    assert (after.st_size, after.st_mode, after.st_mtime, after.st_uid) == (
        before.st_size, before.st_mode, before.st_mtime, before.st_uid,
    )  # fmt: skip


def test_no_program_starts_through_the_shell(tmp_path: Path) -> None:
    assert not ask(f"libc.system(b'touch {tmp_path}/new')").startswith("0 ")
    assert list(tmp_path.iterdir()) == []


def test_a_worker_of_the_service_opens_files_to_read_and_one_of_verify_none() -> None:
    assert int(ask("libc.open(b'/etc/passwd', 0)").split()[0]) > 2
    assert ask("libc.open(b'/etc/passwd', 0)", may_open=False) == "-1 EPERM"
    assert ask("libc.openat(-100, b'/etc/passwd', 0)", may_open=False) == "-1 EPERM"


def test_threads_and_time_are_left() -> None:
    started = "[thread := threading.Thread(target=list), thread.start(), thread.join(), os.times()] and 7"
    assert ask(started).startswith("7")
    assert ask("libc.abort()") == ""


def test_resource_limits_cannot_be_raised_again() -> None:
    assert ask("libc.setrlimit(7, (ctypes.c_ulong * 2)(100, 100))") == "-1 EPERM"


@pytest.mark.parametrize(
    "deed",
    [
        "os.kill(os.getppid(), 0)", "os.unlink('{folder}/old')", "os.rename('{folder}/old', '{folder}/new')",
        "os.mkdir('{folder}/new')", "os.truncate('{folder}/old', 0)", "os.chmod('{folder}/old', 0o777)",
        "os.symlink('a', '{folder}/new')", "open('{folder}/old', 'a')", "__import__('shutil').rmtree('{folder}')",
    ],
)  # fmt: skip
def test_python_says_so_before_the_kernel(deed: str, tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"old")
    program = (
        "import os\nfrom services.signature.worker_confinement import confine\nconfine(512 * 1024 * 1024)\n"
        f"try:\n    {deed.format(folder=tmp_path)}\nexcept PermissionError:\n    os._exit(7)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], timeout=60, check=False).returncode == 7
    assert (tmp_path / "old").read_bytes() == b"old"


def test_a_worker_ends_with_its_parent() -> None:
    child = (
        "import os, time\nfrom services.signature.worker_confinement import confine\nconfine(512 * 1024 * 1024)\n"
        "os.write(1, b'%d' % os.getpid())\ntime.sleep(600)"
    )
    parent = (
        "import subprocess, sys, os, signal\n"
        f"child = subprocess.Popen([sys.executable, '-c', {child!r}], stdout=subprocess.PIPE)\n"
        "print(child.stdout.read(1) and child.pid, flush=True)\nos.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", parent], capture_output=True, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    status = Path("/proc", done.stdout.decode().strip(), "status")
    for _ in range(100):
        if not status.exists() or "zombie" in status.read_text(encoding="utf-8"):
            return
        sleep(0.05)
    pytest.fail("it lives on")


def test_a_machine_without_a_list_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    assert worker_seccomp.tighten(may_open=True) == "no list of system calls for riscv64"


@pytest.mark.parametrize("column", [0, 1], ids=["x86_64", "aarch64"])
def test_the_lists_name_calls_as_the_kernel_numbers_them(column: int) -> None:
    header = Path(["/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "/usr/include/asm-generic/unistd.h"][column])
    if not header.exists():
        pytest.skip("no kernel headers here")
    numbers = {}
    for line in header.read_text(encoding="utf-8").splitlines():
        words = line.split()
        if len(words) == 3 and words[0] == "#define" and words[2].isdigit():
            numbers[words[1].removeprefix("__NR_").removeprefix("__NR3264_")] = int(words[2])
    for name, both in worker_seccomp._CALLS.items():
        known = numbers.get("fstatat" if name == "newfstatat" and column else name, -1)
        assert both[column] in (known, -1), name
