"""What a worker process may not do, set by itself before it reads the first byte of a document. It cannot be undone.

Three layers: the kernel's list of system calls (`worker_seccomp`), its resource limits, and a hook that gives Python
code a plain PermissionError before it asks the kernel.
"""

import contextlib
import logging
import os
import resource
import signal
import sys
from math import ceil

from services.signature.worker_seccomp import die_with_parent, tighten

_FILES = 32
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
_FORBIDDEN = (
    "socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.system", "os.kill", "pty.",
    "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.chown",
    "os.utime", "os.setxattr", "os.removexattr", "shutil.", "signal.pthread_kill", "ctypes.dlopen",
)  # fmt: skip


def confine(memory_bytes: int, *, may_open: bool = True) -> str:
    """No more address space than this, no new files, no processes, no sockets, no signals, nothing of others changed.

    `may_open`: files may be opened for reading. Empty, or why the kernel does not enforce it: the caller must say so.
    """
    die_with_parent()
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_FILES, _FILES))
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the service's business; it closes our stdin
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    logging.disable(logging.CRITICAL)  # libraries' warnings quote documents
    _silence(2)
    sys.dont_write_bytecode = True
    weakness = tighten(may_open=may_open)
    sys.addaudithook(_refuse)
    return weakness


def allow_seconds(seconds: float) -> None:
    """Let this process use so much processor time from now on; then the kernel kills it (SIGPROF, or SIGXCPU)."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = ceil(used.ru_utime + used.ru_stime + seconds) + 1  # whole seconds only: the backstop of the timer
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
    signal.setitimer(signal.ITIMER_PROF, seconds)


def end_allowance() -> None:
    """What is done from now on is nobody's document."""
    signal.setitimer(signal.ITIMER_PROF, 0)


def _silence(descriptor: int) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    """An audit hook: libraries that would connect, start or write find that they may not."""
    if event == "open":
        flags = arguments[2]
        if isinstance(flags, int) and flags & _WRITING:
            raise PermissionError("a verification worker writes no files")
    elif event.startswith(_FORBIDDEN):
        raise PermissionError(f"a verification worker does no {event}")
