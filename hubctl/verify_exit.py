"""Exit codes of `hubctl verify`. They are verdicts, so no other end of this program may look like one.

typer ends with 2 on a usage error and with 1 on an exception: here these are 64 and 70.
"""

import os
import sys
import traceback
from collections.abc import Callable
from enum import IntEnum
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand
from typer.exceptions import TyperException

from hubctl.errors import CommandError

T = TypeVar("T")
_INTERRUPTED = 130


class ExitCode(IntEnum):
    """What the shell learns."""

    VALID = 0
    INVALID = 1
    INDETERMINATE = 2
    ABSENT = 3
    MISUSE = 64
    """EX_USAGE: wrong options, or a file that cannot be read."""
    FAILURE = 70
    """EX_SOFTWARE: the verifier itself is broken; nothing is said about the file."""
    NOT_WRITTEN = 74
    """EX_IOERR: the answers cannot be written."""


class Verify(TyperCommand):
    """The command, with its own exit codes."""

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        """Read the options."""
        make = super().make_context
        return _ending(lambda: make(*args, **kwargs))

    def invoke(self, ctx: Any) -> Any:
        """Run."""
        run = super().invoke
        return _ending(lambda: run(ctx))


def _ending(work: Callable[[], T]) -> T:
    try:
        return work()
    except TyperException as error:
        error.exit_code = ExitCode.MISUSE
        raise
    except CommandError as error:
        _say(str(error))
        code = ExitCode.MISUSE
    except typer.Exit:
        raise
    except (KeyboardInterrupt, typer.Abort):
        raise typer.Exit(_INTERRUPTED) from None
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # nobody listens: nothing more to flush at the end
        code = ExitCode.NOT_WRITTEN
    except OSError as error:
        _say(f"{error.filename or 'this machine'}: {error.strerror or error}")
        code = ExitCode.NOT_WRITTEN
    except Exception:  # noqa: BLE001 - whatever it is, it is no verdict
        traceback.print_exc()
        code = ExitCode.FAILURE
    raise typer.Exit(code)


def _say(line: str) -> None:
    print(f"hubctl: {line}", file=sys.stderr)
