"""How far a signature will last: the baseline levels of PAdES (EN 319 142-1 §6), as far as they were found to hold."""

from enum import StrEnum

from services.signature.pades.signers import CADES, Signer


class Level(StrEnum):
    """What a signature has besides itself."""

    NONE = ""
    """Not CAdES: the levels say nothing about it."""
    B_B = "B-B"
    B_T = "B-T"
    """A time stamp proves when it was there."""
    B_LT = "B-LT"
    """And the file keeps what judging it later takes."""
    B_LTA = "B-LTA"
    """And a time stamp of the whole document keeps that."""


def level(form: str, signer: Signer, *, stored: bool, sealed: bool) -> Level:
    """Of a signature in this form.

    `stored`: the file has validation data; `sealed`: a later document time stamp covers them and proves a moment.
    """
    if form != CADES or not signer.names_certificate:
        return Level.NONE
    if signer.proven is None:
        return Level.B_B
    if not stored:
        return Level.B_T
    return Level.B_LTA if sealed else Level.B_LT
