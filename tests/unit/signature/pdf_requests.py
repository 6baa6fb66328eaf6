"""Requests of kind `pdf` by the test authority, and their answers."""

from datetime import datetime

from cryptography.hazmat.primitives.serialization import Encoding

from services.signature.pades.judging import judge_pdf
from services.signature.verification import Answer, EmbeddedKey, Kind, Profile, Request, RevocationMode, TrustBase
from tests.unit.signature import authority
from tests.unit.signature.authority import RECEIVED


def base(*, trust: bool = True, crls: bool = True, revocation: RevocationMode = RevocationMode.REQUIRE) -> TrustBase:
    return TrustBase(
        trust=(authority.root().public_bytes(Encoding.PEM),) if trust else (),
        crls=tuple(authority.crls()) if crls else (),
        revocation=revocation,
    )


def answered(
    pdf: bytes,
    *,
    at: datetime = RECEIVED,
    profile: Profile = Profile.INTEROP,
    by: TrustBase | None = None,
    password: str | None = None,
    embedded_key: EmbeddedKey = EmbeddedKey.NEVER,
) -> Answer:
    return judge_pdf(
        Request(
            kind=Kind.PDF,
            profile=profile,
            content=pdf,
            at=at,
            base=by or base(),
            password=password,
            embedded_key=embedded_key,
        )
    )


def reason(pdf: bytes, **more: object) -> str:
    return str(answered(pdf, **more).whole.reason)  # type: ignore[arg-type]
