"""Imported before anything else by a worker's program: pyHanko's package `sign` without what signs.

The package's own beginning loads signers, clients of time stamp authorities and an HTTP library: 14 MB and a third of a
second in each worker for things it must not do. Its modules load as usual; only that beginning is left out.
"""

import importlib.util
import sys
import types

_PACKAGE = "pyhanko.sign"


def _leave_out_the_beginning() -> None:
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.submodule_search_locations is None:
        return
    package = types.ModuleType(_PACKAGE)
    package.__spec__ = spec
    package.__path__ = list(spec.submodule_search_locations)
    sys.modules[_PACKAGE] = package


_leave_out_the_beginning()
