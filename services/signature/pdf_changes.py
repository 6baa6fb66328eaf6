"""What was appended to a PDF after a signature, judged by pyHanko's difference analysis.

Only files with something after a signature come here, so the analysis (16 MB of libraries) is loaded on first use.
"""

import io

from services.signature.facts import Changes, Coverage


def since(file: io.BytesIO, field_name: str) -> tuple[Coverage, Changes]:
    """How much the signature in this field covers, and what came after it; whatever cannot be followed is OTHER."""
    from pyhanko.pdf_utils.reader import PdfFileReader  # noqa: PLC0415 - see the module's docstring
    from pyhanko.sign.diff_analysis import DiffResult, ModificationLevel  # noqa: PLC0415 - the same
    from pyhanko.sign.validation.status import SignatureCoverageLevel  # noqa: PLC0415 - the same

    levels = {
        ModificationLevel.NONE: Changes.NONE,
        ModificationLevel.LTA_UPDATES: Changes.ARCHIVAL,
        ModificationLevel.FORM_FILLING: Changes.FORM,
    }
    try:
        reader = PdfFileReader(file)  # strict: a careless file can be signed whole, but not changed afterwards
        signature = next(one for one in reader.embedded_signatures if one.field_name == field_name)
        signature.compute_integrity_info()
        result, allowed = signature.diff_result, signature.summarise_integrity_info()["docmdp_ok"]
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - hostile files make the parser raise anything
        return Coverage.PARTIAL, Changes.OTHER
    covered = signature.coverage >= SignatureCoverageLevel.ENTIRE_REVISION
    coverage = Coverage.REVISION if covered else Coverage.PARTIAL
    if not covered or not allowed or not isinstance(result, DiffResult):
        return coverage, Changes.OTHER
    return coverage, levels.get(result.modification_level, Changes.OTHER)
