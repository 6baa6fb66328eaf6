"""The kernel's own limits on a worker: a list of the system calls it may make; every other one is refused (EPERM).

A list of what is allowed, not of what is forbidden: a call that nobody thought of is refused as well. So even code that
a hostile file smuggles into a library opens no socket, starts no program, writes, deletes and renames nothing, and
signals nobody. Built for x86_64 and aarch64; elsewhere, and where the kernel knows no filters, `tighten` says so.
"""

import ctypes
import errno
import os
import platform
import signal
import struct
from collections.abc import Sequence
from dataclasses import dataclass

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS, _SET_MODE_FILTER, _ALL_THREADS = 1, 38, 1, 1
_LOAD, _IF_EQUAL, _IF_ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
_ALLOW, _KILL, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16  # offsets in the kernel's struct seccomp_data
_CLONE_THREAD = 0x00010000
_O_TMPFILE = 0o20000000  # its own bit, without O_DIRECTORY
_NOT_READING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND | _O_TMPFILE
_FD_COMMANDS = (1, 2, 3, 1030)  # F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC
_CAPABILITIES_VERSION = 0x20080522

_CALLS = {
    # name: (x86_64, aarch64); -1: the machine has no such call
    "read": (0, 63), "write": (1, 64), "readv": (19, 65), "pread64": (17, 67), "close": (3, 57), "lseek": (8, 62),
    "stat": (4, -1), "fstat": (5, 80), "lstat": (6, -1), "newfstatat": (262, 79), "statx": (332, 291),
    "access": (21, -1), "faccessat": (269, 48), "faccessat2": (439, 439), "readlink": (89, -1), "readlinkat": (267, 78),
    "getcwd": (79, 17), "getdents64": (217, 61), "poll": (7, -1), "ppoll": (271, 73),
    "mmap": (9, 222), "mprotect": (10, 226), "munmap": (11, 215), "brk": (12, 214), "mremap": (25, 216),
    "madvise": (28, 233), "mincore": (27, 232), "futex": (202, 98), "sched_yield": (24, 124), "membarrier": (324, 283),
    "sched_getaffinity": (204, 123), "set_robust_list": (273, 99), "rseq": (334, 293), "sigaltstack": (131, 132),
    "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139), "setitimer": (38, 103),
    "restart_syscall": (219, 128), "nanosleep": (35, 101), "clock_nanosleep": (230, 115),
    "clock_gettime": (228, 113), "clock_getres": (229, 114), "gettimeofday": (96, 169), "times": (100, 153),
    "getpid": (39, 172), "getppid": (110, 173), "gettid": (186, 178), "getuid": (102, 174), "getcpu": (309, 168),
    "uname": (63, 160), "sysinfo": (99, 179), "getrusage": (98, 165), "getrlimit": (97, 163),
    "getrandom": (318, 278), "exit": (60, 93), "exit_group": (231, 94),
}  # fmt: skip
_OPEN, _OPENAT, _FCNTL, _TGKILL, _PRLIMIT = (2, -1), (257, 56), (72, 25), (234, 131), (302, 261)
_CLONE, _CLONE3, _SECCOMP, _CAPSET = (56, 220), (435, 435), (317, 277), (126, 91)
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Instruction:
    """One of the kernel's sock_filter."""

    code: int
    value: int
    if_true: int = 0
    if_false: int = 0

    def packed(self) -> bytes:
        return struct.pack("=HBBI", self.code, self.if_true, self.if_false, self.value)


def die_with_parent() -> None:
    """Be killed when the thread that started this process ends, also when it had no time to say so."""
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)


def tighten(*, may_open: bool) -> str:
    """Give up all capabilities and all system calls that judging needs not; `may_open`: files, for reading only.

    Empty when it is done, otherwise why the kernel does not help. It cannot be undone.
    """
    machine = _MACHINES.get(platform.machine())
    if machine is None:
        return f"no list of system calls for {platform.machine()}"
    column, architecture = machine
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return f"no_new_privs: {errno.errorcode.get(ctypes.get_errno())}"
    header, nothing = struct.pack("=Ii", _CAPABILITIES_VERSION, 0), bytes(24)
    libc.syscall(ctypes.c_long(_CAPSET[column]), header, nothing)
    program = b"".join(each.packed() for each in _program(column, architecture, may_open=may_open))
    kept = ctypes.create_string_buffer(program, len(program))
    pointed = struct.pack("@HP", len(program) // 8, ctypes.addressof(kept))
    if libc.syscall(ctypes.c_long(_SECCOMP[column]), _SET_MODE_FILTER, _ALL_THREADS, pointed) != 0:
        return f"seccomp: {errno.errorcode.get(ctypes.get_errno())}"
    return ""


def _program(column: int, architecture: int, *, may_open: bool) -> list[_Instruction]:
    refuse = _REFUSE | errno.EPERM
    lines = [
        _Instruction(code=_LOAD, value=_ARCHITECTURE),
        _Instruction(code=_IF_EQUAL, value=architecture, if_true=1),
        _Instruction(code=_RETURN, value=_KILL),
        _Instruction(code=_LOAD, value=_NUMBER),
    ]
    for numbers in _CALLS.values():
        lines += _when(numbers[column], _Instruction(code=_RETURN, value=_ALLOW))
    if may_open:
        lines += _when(_OPEN[column], *_unless_bits(1, _NOT_READING))
        lines += _when(_OPENAT[column], *_unless_bits(2, _NOT_READING))
    lines += _when(_FCNTL[column], *_only(1, _FD_COMMANDS))
    lines += _when(_TGKILL[column], *_only(0, (os.getpid(),)))  # abort() signals itself
    lines += _when(_PRLIMIT[column], *_only(0, (0,)))
    lines += _when(_CLONE[column], *_only_with_bit(0, _CLONE_THREAD))
    # its flags lie in memory, where a filter cannot look: libraries that get ENOSYS use clone
    lines += _when(_CLONE3[column], _Instruction(code=_RETURN, value=_REFUSE | errno.ENOSYS))
    return [*lines, _Instruction(code=_RETURN, value=refuse)]


def _when(number: int, *then: _Instruction) -> list[_Instruction]:
    """Instructions for one call; each of them ends in a return."""
    return [] if number < 0 else [_Instruction(code=_IF_EQUAL, value=number, if_false=len(then)), *then]


def _argument(place: int) -> _Instruction:
    """The lower half of an argument, which is all that an int has; both machines are little-endian."""
    return _Instruction(code=_LOAD, value=_ARGUMENTS + 8 * place)


def _unless_bits(place: int, bits: int) -> Sequence[_Instruction]:
    return (
        _argument(place),
        _Instruction(code=_IF_ANY_BIT, value=bits, if_true=1),
        _Instruction(code=_RETURN, value=_ALLOW),
        _Instruction(code=_RETURN, value=_REFUSE | errno.EPERM),
    )


def _only_with_bit(place: int, bit: int) -> Sequence[_Instruction]:
    return (
        _argument(place),
        _Instruction(code=_IF_ANY_BIT, value=bit, if_false=1),
        _Instruction(code=_RETURN, value=_ALLOW),
        _Instruction(code=_RETURN, value=_REFUSE | errno.EPERM),
    )


def _only(place: int, values: Sequence[int]) -> Sequence[_Instruction]:
    tests = [
        _Instruction(code=_IF_EQUAL, value=value, if_true=len(values) - number) for number, value in enumerate(values)
    ]
    return (
        _argument(place),
        *tests,
        _Instruction(code=_RETURN, value=_REFUSE | errno.EPERM),
        _Instruction(code=_RETURN, value=_ALLOW),
    )
