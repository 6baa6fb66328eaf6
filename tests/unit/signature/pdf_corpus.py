"""Hostile and honest PDFs, each by its name, with the reason that it must get.

`python -m tests.unit.signature.pdf_corpus DIR` writes the files, the root, the lists, and a batch for `hubctl verify`.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter

from tests.unit.signature import authority, pdf_attacks, pdf_forms, pdf_stamps, pdfs
from tests.unit.signature.authority import RECEIVED, YEAR
from tests.unit.signature.pdf_bombs import BOMBS
from tests.unit.signature.pdf_messages import bare_value, by, certificate_entry, hand_signed, sha1

ADOBE, SHA1_FORM, RAW_FORM = b"/adbe.pkcs7.detached", b"/adbe.pkcs7.sha1", b"/adbe.x509.rsa_sha1"
PROVEN = RECEIVED - timedelta(days=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A file and what is said of it. `edxml` differs from `reason` where the production profile is stricter."""

    make: Callable[[], bytes]
    reason: str
    edxml: str = ""
    password: str | None = None
    at: datetime = RECEIVED


def _case(make: Callable[[], bytes], reason: str, **more: str) -> Case:
    return Case(make=make, reason=reason, **more)  # type: ignore[arg-type]


def _former() -> authority.Identity:
    """A signer whose certificate ended before the documents were received."""
    return authority.issued(
        authority.key("sender"), authority.SENDER, since=RECEIVED - 2 * YEAR, until=RECEIVED - timedelta(days=30)
    )


def _early() -> authority.Identity:
    """A signer whose certificate began after the moment that the stamps prove."""
    return authority.issued(authority.key("sender"), authority.SENDER, since=RECEIVED - timedelta(days=30))


def _gone(serial: int = authority.REVOKED_SERIAL) -> authority.Identity:
    return authority.issued(authority.key("sender"), authority.SENDER, serial=serial)


def _for_mail(pdf: bytes) -> bytes:
    return pdf + b"\r\n"


HONEST: dict[str, Case] = {
    "signed": _case(pdfs.good, "OK"),
    "signed, PKCS7": _case(lambda: pdfs.signed_pdf(subfilter=SigSeedSubFilter.ADOBE_PKCS7_DETACHED), "OK"),
    "signed twice": _case(pdfs.twice, "OK"),
    "signed by hand": _case(lambda: hand_signed(by()), "OK"),
    "RSA-PSS": _case(lambda: hand_signed(by(pss=True)), "OK"),
    "SHA-512": _case(lambda: hand_signed(by(digest="sha512")), "OK"),
    "ECDSA": _case(
        lambda: hand_signed(by(authority.issued(authority.curve_key("agency"), authority.SENDER))), "OK"
    ),
    "Ed25519": _case(
        lambda: hand_signed(
            by(authority.issued(ed25519.Ed25519PrivateKey.generate(), authority.SENDER), digest="sha512")  # type: ignore[arg-type]
        ),
        "OK",
    ),
    "PKCS7 without attributes": _case(lambda: hand_signed(by(attributes=False), form=ADOBE), "OK"),
    "PKCS7 that names no certificate": _case(lambda: hand_signed(by(names_certificate=False), form=ADOBE), "OK"),
    "validation data": _case(lambda: pdfs.with_validation_data(pdfs.good()), "OK"),
    "document time stamp": _case(lambda: pdf_stamps.with_document_stamp(pdfs.good(), PROVEN), "OK"),
    "document time stamp of a stranger": _case(
        lambda: pdf_stamps.with_document_stamp(pdfs.good(), PROVEN, pdf_stamps.stamper(rogue=True)), "OK"
    ),
    "time stamp alone": _case(lambda: pdf_stamps.with_document_stamp(pdfs.bare(), PROVEN), "OK", edxml="NO_SIGNATURE"),
    "cross-reference streams": _case(lambda: pdfs.signed_pdf(pdf=pdfs.streamed()), "OK"),
    "line end after the end": _case(lambda: _for_mail(pdfs.good()), "OK"),
    "an update without objects": _case(lambda: pdf_attacks.empty_update(pdfs.good()), "OK"),
    "certified": _case(lambda: pdf_forms.certified(MDPPerm.NO_CHANGES), "OK"),
    "certified without changes, then validation data": _case(
        lambda: pdfs.with_validation_data(pdf_forms.certified(MDPPerm.NO_CHANGES)), "OK"
    ),
    "certified, filled in, signed": _case(
        lambda: pdf_forms.approved(pdf_forms.filled(pdf_forms.certified(MDPPerm.FILL_FORMS))), "OK"
    ),
    "one field locked, the other filled in, signed": _case(
        lambda: pdf_forms.approved(
            pdf_forms.filled(pdf_forms.certified(MDPPerm.FILL_FORMS, locked="SoTien"), "NguoiNhan")
        ),
        "OK",
    ),
    "signed, filled in, signed": _case(
        lambda: pdf_forms.approved(pdf_forms.filled(pdfs.signed_pdf(pdf=pdf_forms.form()))), "OK"
    ),
    "expired, time stamp before": _case(lambda: pdf_stamps.stamped(PROVEN, _former()), "OK"),
    "expired, document time stamp before": _case(
        lambda: pdf_stamps.with_document_stamp(pdfs.signed_pdf(_former()), PROVEN), "OK"
    ),
    "revoked, time stamp before": _case(lambda: pdf_stamps.stamped(PROVEN, _gone()), "OK"),
    "encrypted and signed": _case(
        lambda: pdf_forms.signed_encrypted("mat khau"), "OK", password="mat khau"
    ),
}  # fmt: skip

FLAWS: dict[str, Case] = {
    # A24
    "page added": _case(lambda: pdf_attacks.with_page(pdfs.good()), "MODIFIED_AFTER_SIGNING"),
    "page written over": _case(lambda: pdfs.with_page_text(pdfs.good()), "MODIFIED_AFTER_SIGNING"),
    "content replaced": _case(lambda: pdf_attacks.page_replaced(pdfs.good()), "MODIFIED_AFTER_SIGNING"),
    "note laid over": _case(lambda: pdfs.with_annotation(pdfs.good()), "MODIFIED_AFTER_SIGNING"),
    "script added": _case(lambda: pdf_attacks.with_action(pdfs.good()), "MODIFIED_AFTER_SIGNING"),
    "field filled in after the last signature": _case(
        lambda: pdf_forms.filled(pdfs.signed_pdf(pdf=pdf_forms.form())), "MODIFIED_AFTER_SIGNING"
    ),
    "the same, and a time stamp": _case(
        lambda: pdf_stamps.with_document_stamp(pdf_forms.filled(pdfs.signed_pdf(pdf=pdf_forms.form())), PROVEN),
        "MODIFIED_AFTER_SIGNING",
    ),
    "certified without changes, filled in": _case(
        lambda: pdf_forms.filled(pdf_forms.certified(MDPPerm.NO_CHANGES)), "MODIFIED_AFTER_SIGNING"
    ),
    "locked field filled in, signed": _case(
        lambda: pdf_forms.approved(pdf_forms.filled(pdf_forms.certified(MDPPerm.FILL_FORMS, locked="SoTien"))),
        "MODIFIED_AFTER_SIGNING",
    ),
    "certified for notes, a note": _case(
        lambda: pdfs.with_annotation(pdf_forms.certified(MDPPerm.ANNOTATE)), "MODIFIED_AFTER_SIGNING"
    ),
    "changed between two signatures": _case(
        lambda: pdfs.signed_pdf(authority.other(), pdfs.with_page_text(pdfs.good()), field="ChuKy2"),
        "MODIFIED_AFTER_SIGNING",
    ),
    "changed, then time stamped": _case(
        lambda: pdf_stamps.with_document_stamp(pdfs.with_page_text(pdfs.good()), PROVEN), "MODIFIED_AFTER_SIGNING"
    ),
    "second signature taken away": _case(lambda: pdf_forms.without_field(pdfs.twice()), "MODIFIED_AFTER_SIGNING"),
    "only signature taken away": _case(lambda: pdf_forms.without_field(pdfs.good()), "NO_SIGNATURE"),
    # A24, bytes that no reader looks at
    "hidden object": _case(lambda: pdf_attacks.hidden_object_and_old_end(pdfs.good()), "MODIFIED_AFTER_SIGNING"),
    "hidden object without an end": _case(lambda: pdf_attacks.hidden_object(pdfs.good()), "MODIFIED_AFTER_SIGNING"),
    "hidden object, validation data": _case(
        lambda: pdf_attacks.hidden_object_then_validation_data(pdfs.good()), "MODIFIED_AFTER_SIGNING"
    ),
    "hidden object, signature": _case(
        lambda: pdf_attacks.hidden_object_then_signature(pdfs.good()), "MODIFIED_AFTER_SIGNING"
    ),
    "hidden object within an update": _case(
        lambda: pdf_attacks.hidden_between_object_and_index(pdfs.good()), "MODIFIED_AFTER_SIGNING"
    ),
    "100 NUL bytes": _case(lambda: pdf_attacks.nuls(pdfs.good()), "MODIFIED_AFTER_SIGNING"),
    # A25
    "shadow hide": _case(pdf_attacks.shadow_hidden_layer, "MODIFIED_AFTER_SIGNING"),
    "shadow replace": _case(lambda: pdf_attacks.font_replaced(pdfs.good()), "MODIFIED_AFTER_SIGNING"),
    "shadow hide and replace": _case(
        lambda: pdf_attacks.shadow_hide_and_replace(pdfs.signed_pdf(pdf=pdf_attacks.shadow_prepared())),
        "MODIFIED_AFTER_SIGNING",
    ),
    # A26
    "wrapped": _case(lambda: pdf_attacks.wrapped(pdfs.good()), "PDF_BYTERANGE"),
    # A27
    "no contents": _case(lambda: pdf_attacks.forged(b"/ByteRange [0 100 200 300]"), "PDF_BYTERANGE"),
    "contents null": _case(lambda: pdf_attacks.forged(b"/ByteRange [0 100 200 300] /Contents null"), "PDF_BYTERANGE"),
    "contents zero": _case(lambda: pdf_attacks.forged(b"/ByteRange [0 100 200 300] /Contents <00>"), "PDF_BYTERANGE"),
    "contents empty": _case(lambda: hand_signed(lambda _: b""), "MALFORMED"),
    "no byte range": _case(lambda: pdf_attacks.forged(b"/Contents <3000>"), "PDF_BYTERANGE"),
    "byte range null": _case(lambda: pdf_attacks.forged(b"/ByteRange null /Contents <3000>"), "PDF_BYTERANGE"),
    "byte range empty": _case(lambda: pdf_attacks.forged(b"/ByteRange [] /Contents <3000>"), "PDF_BYTERANGE"),
    "byte range of zeros": _case(lambda: pdf_attacks.forged(b"/ByteRange [0 0 0 0] /Contents <3000>"), "PDF_BYTERANGE"),
    "byte range negative": _case(
        lambda: pdf_attacks.forged(b"/ByteRange [0 -1 -1 -1] /Contents <3000>"), "PDF_BYTERANGE"
    ),
    "byte range of names": _case(
        lambda: pdf_attacks.forged(b"/ByteRange [/a /b /c /d] /Contents <3000>"), "PDF_BYTERANGE"
    ),
    "byte range of fractions": _case(
        lambda: pdf_attacks.forged(b"/ByteRange [0 1.5 2.5 3] /Contents <3000>"), "PDF_BYTERANGE"
    ),
    "rubbish for a message": _case(lambda: hand_signed(lambda _: b"\x30\x82\xff\xff\x01"), "MALFORMED"),
    "content enclosed": _case(lambda: hand_signed(by(content=lambda covered: covered)), "STRUCTURE"),
    "other content enclosed": _case(lambda: hand_signed(by(content=lambda _: b"something else")), "STRUCTURE"),
    "no certificate": _case(lambda: hand_signed(by(with_certificates=False)), "NO_KEY"),
    "bytes behind the message": _case(lambda: hand_signed(lambda covered: by()(covered) + b"\x01"), "STRUCTURE"),
    "digest of something else": _case(lambda: hand_signed(by(claimed=bytes(32))), "DIGEST_MISMATCH"),
    "signature value of something else": _case(
        lambda: hand_signed(lambda covered: by()(covered)[:-256] + bytes(256)), "SIGNATURE_MISMATCH"
    ),
    "unknown form": _case(lambda: hand_signed(by(), form=b"/x.unknown"), "UNSUPPORTED_ALGORITHM"),
    # finding 8
    "CAdES without attributes": _case(lambda: hand_signed(by(attributes=False)), "STRUCTURE"),
    "CAdES that names no certificate": _case(
        lambda: hand_signed(by(names_certificate=False)), "OK", edxml="STRUCTURE"
    ),
    "CAdES that names another": _case(lambda: hand_signed(by(names_other=True)), "STRUCTURE"),
    "PKCS7 that names another": _case(lambda: hand_signed(by(names_other=True), form=ADOBE), "STRUCTURE"),
    # weak
    "SHA-1": _case(lambda: hand_signed(by(digest="sha1")), "WEAK_ALGORITHM"),
    "MD5": _case(lambda: hand_signed(by(digest="md5")), "WEAK_ALGORITHM"),
    "DSA": _case(lambda: hand_signed(by(authority.issued(authority.dsa_key(), authority.SENDER))), "WEAK_ALGORITHM"),
    "RSA-1024": _case(
        lambda: hand_signed(by(authority.issued(authority.key("small", 1024), authority.SENDER))), "WEAK_ALGORITHM"
    ),
    "adbe.pkcs7.sha1": _case(lambda: hand_signed(by(digest="sha1", content=sha1), form=SHA1_FORM), "WEAK_ALGORITHM"),
    "adbe.pkcs7.sha1, another digest": _case(
        lambda: hand_signed(by(digest="sha1", content=lambda _: bytes(20)), form=SHA1_FORM), "DIGEST_MISMATCH"
    ),
    "adbe.x509.rsa_sha1": _case(
        lambda: hand_signed(bare_value, form=RAW_FORM, entries=certificate_entry(authority.sender())), "WEAK_ALGORITHM"
    ),
    "adbe.x509.rsa_sha1, other bytes": _case(
        lambda: hand_signed(
            lambda covered: bare_value(covered + b" "), form=RAW_FORM, entries=certificate_entry(authority.sender())
        ),
        "DIGEST_MISMATCH",
    ),
    "adbe.x509.rsa_sha1, no certificate": _case(lambda: hand_signed(bare_value, form=RAW_FORM), "NO_KEY"),
    # A28
    "dictionary that says other things": _case(
        lambda: pdf_attacks.spoofed_dictionary(pdfs.good()), "PDF_BYTERANGE"
    ),
    "second field for one signature": _case(
        lambda: pdf_forms.with_second_field(pdfs.good(), "ChuKy2"), "MODIFIED_AFTER_SIGNING"
    ),
    "second field of one name": _case(
        lambda: pdf_forms.with_second_field(pdfs.good(), "ChuKy1"), "MODIFIED_AFTER_SIGNING"
    ),
    # trust and time
    "stranger": _case(lambda: pdfs.signed_pdf(authority.rogue()), "UNTRUSTED"),
    "expired": _case(lambda: pdfs.signed_pdf(_former()), "EXPIRED"),
    "expired, time stamp too late": _case(
        lambda: pdf_stamps.stamped(RECEIVED - timedelta(days=1), _former()), "EXPIRED"
    ),
    "expired, time stamp of a stranger": _case(
        lambda: pdf_stamps.stamped(PROVEN, _former(), pdf_stamps.stamper(rogue=True)), "EXPIRED"
    ),
    "expired, time stamp by a certificate for anything": _case(
        lambda: pdf_stamps.stamped(PROVEN, _former(), pdf_stamps.stamper(uses=None)), "EXPIRED"
    ),
    "expired, time stamp by a certificate not critically for it": _case(
        lambda: pdf_stamps.stamped(PROVEN, _former(), pdf_stamps.stamper(critical=False)), "EXPIRED"
    ),
    "expired, time stamp of another signature": _case(
        lambda: pdf_stamps.with_stamp_of_another(PROVEN, _former()), "EXPIRED"
    ),
    "time stamp before the certificate": _case(lambda: pdf_stamps.stamped(PROVEN, _early()), "NOT_YET_VALID"),
    "time stamp of the document broken": _case(
        lambda: pdf_stamps.broken(pdf_stamps.with_document_stamp(pdfs.good(), PROVEN)), "SIGNATURE_MISMATCH"
    ),
    "revoked": _case(lambda: pdfs.signed_pdf(_gone()), "REVOKED"),
    "revoked, time stamp after": _case(
        lambda: pdf_stamps.stamped(RECEIVED - timedelta(days=1), _gone()), "REVOKED"
    ),
    "encrypted": _case(lambda: pdf_forms.signed_encrypted("mat khau"), "ENCRYPTED"),
    "encrypted, wrong password": _case(
        lambda: pdf_forms.signed_encrypted("mat khau"), "ENCRYPTED", password="mat khau khac"
    ),
    "unsigned": _case(pdfs.bare, "NO_SIGNATURE"),
    "no PDF": _case(lambda: b"<html>%PDF", "MALFORMED"),
    "nothing": _case(lambda: b"", "MALFORMED"),
    "cut off": _case(lambda: pdfs.good()[:-400], "MALFORMED"),
}  # fmt: skip

CASES = HONEST | FLAWS


def main() -> None:
    """Write it all."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "root.pem").write_bytes(authority.root().public_bytes(Encoding.PEM))
    lists = [folder / f"list{number}.crl" for number, _ in enumerate(authority.crls())]
    for path, content in zip(lists, authority.crls(), strict=True):
        path.write_bytes(content)
    lines = []
    bombs = {name: Case(make=make, reason="MALFORMED or LIMITS") for name, make in BOMBS.items()}
    for number, (name, case) in enumerate((CASES | bombs).items()):
        path = folder / f"{number:03}.pdf"
        path.write_bytes(case.make())
        lines.append({
            "id": name, "kind": "pdf", "path": str(path), "trust": [str(folder / "root.pem")],
            "crls": [str(one) for one in lists], "revocation": "require", "at": case.at.isoformat(),
            "password": case.password,
        })  # fmt: skip
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    (folder / "requests.jsonl").write_text(text, encoding="utf-8")
    expected = {name: case.reason for name, case in (CASES | bombs).items()}
    (folder / "expected.json").write_text(json.dumps(expected, ensure_ascii=False, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
