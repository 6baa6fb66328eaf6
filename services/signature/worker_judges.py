"""Which judges a worker has, and everything that judging loads, so that nothing is loaded once it is confined."""

import contextlib
import importlib
import pkgutil
from collections.abc import Mapping

from services.signature.verification import Judge, Kind

_JUDGES = {
    Kind.XMLDSIG: ("services.signature.dsig.judging", "judge_xml"),
    Kind.C14N: ("services.signature.dsig.judging", "judge_c14n"),
    Kind.CHAIN: ("services.signature.pki.judging", "judge_chain"),
    Kind.PDF: ("services.signature.pades.judging", "judge_pdf"),
}
_WHOLE = ("encodings", "asn1crypto", "cryptography", "pyhanko.pdf_utils")
"""Packages whose parts are loaded by name or inside functions."""
_SINGLE = (
    "pyhanko.sign.validation",
    "pyhanko.sign.signers.pdf_cms",
    "pyhanko_certvalidator.validate",
    "dateutil.parser",
    "stringprep",
    "urllib.parse",
)


def load() -> Mapping[Kind, Judge]:
    """The judges there are; imports whatever they may need later."""
    judges: dict[Kind, Judge] = {}
    for kind, (module, name) in _JUDGES.items():
        try:
            judges[kind] = getattr(importlib.import_module(module), name)
        except ModuleNotFoundError as error:
            if not str(error.name).startswith("services."):
                raise
    for package in _WHOLE:
        _load_whole(package)
    for module in _SINGLE:
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    return judges


def _load_whole(package: str) -> None:
    for part in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
        with contextlib.suppress(ImportError):  # parts for other systems, and parts that draw
            importlib.import_module(part.name)
