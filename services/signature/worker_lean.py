"""Imported before anything else by a worker's program: two packages of pyHanko's without their beginnings.

These load signers, clients of time stamp authorities, an HTTP library and a path validator that we have our own of: a
third of a second and a quarter of each worker's memory for things it must not do. Modules load as usual; only what the
packages load of their own accord is left out.
"""

import importlib.util
import sys
import types

_PACKAGES = ("pyhanko.sign", "pyhanko_certvalidator")


def _leave_out_the_beginning(name: str) -> None:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.submodule_search_locations is None:
        return
    package = types.ModuleType(name)
    package.__spec__ = spec
    package.__path__ = list(spec.submodule_search_locations)
    sys.modules[name] = package


for _package in _PACKAGES:
    _leave_out_the_beginning(_package)
