"""Which judges a worker has, and everything that judging loads, so that nothing is loaded once it is confined."""

import contextlib
import importlib
import pkgutil
from collections.abc import Mapping

from services.signature.dsig.judging import judge_c14n, judge_xml
from services.signature.pades.judging import judge_pdf
from services.signature.pki.judging import judge_chain
from services.signature.verification import Judge, Kind

JUDGES: Mapping[Kind, Judge] = {
    Kind.XMLDSIG: judge_xml,
    Kind.C14N: judge_c14n,
    Kind.CHAIN: judge_chain,
    Kind.PDF: judge_pdf,
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


def load() -> None:
    """Import whatever the judges may need later."""
    for package in _WHOLE:
        _load_whole(package)
    for module in _SINGLE:
        with contextlib.suppress(ImportError):
            importlib.import_module(module)


def _load_whole(package: str) -> None:
    for part in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
        with contextlib.suppress(ImportError):  # parts for other systems, and parts that draw
            importlib.import_module(part.name)
