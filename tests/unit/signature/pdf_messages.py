"""PDFs signed by hand: any SubFilter, any message, any entry in the signature's dictionary."""

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from asn1crypto import algos, core
from asn1crypto import cms as asn1_cms
from asn1crypto import tsp as asn1_tsp
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, padding, rsa
from pyhanko.pdf_utils.reader import PdfFileReader

from tests.unit.signature import authority, pdf_attacks, pdfs
from tests.unit.signature.authority import RECEIVED, Identity

_HASHES: dict[str, hashes.HashAlgorithm] = {
    "md5": hashes.MD5(),  # noqa: S303 - weak on purpose
    "sha1": hashes.SHA1(),  # noqa: S303 - the same
    "sha256": hashes.SHA256(),
    "sha512": hashes.SHA512(),
}
_HOLE = b"%010d"
CADES = b"/ETSI.CAdES.detached"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a message is made."""

    digest: str = "sha256"
    pss: bool = False
    attributes: bool = True
    names_certificate: bool = True
    names_other: bool = False
    claimed: bytes | None = None
    """Another message digest than the right one."""
    content_type: str = "data"
    content: Callable[[bytes], bytes] | None = None
    """What is enclosed; the signature is over that then."""
    with_certificates: bool = True


PLAIN = Manner()


def hand_signed(
    make: Callable[[bytes], bytes],
    *,
    form: bytes = CADES,
    entries: bytes = b"",
    look: bytes = b"/Rect [0 0 0 0]",
    objects: dict[int, bytes] | None = None,
    pdf: bytes | None = None,
) -> bytes:
    """A PDF with a signature whose /Contents `make` computes from the covered bytes."""
    pdf = pdf or pdfs.bare()
    reader = PdfFileReader(io.BytesIO(pdf))
    number, root = int(reader.trailer["/Size"]), io.BytesIO()
    reader.root.write_to_stream(root, None)
    room = b"0" * 16000
    numbers = b" ".join([b"0", *[_HOLE % 0] * 3])
    sheet = pdf_attacks.update(
        pdf,
        {
            number: b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter %s /M (D:20261120091502+07'00') %s "
            b"/ByteRange [%s] /Contents <%s> >>" % (form, entries, numbers, room),
            number + 1: b"<< /FT /Sig /Type /Annot /Subtype /Widget %s /F 132 /T (ChuKy1) /V %d 0 R >>"
            % (look, number),
            reader.root_ref.idnum: root.getvalue().rstrip().removesuffix(b">>")
            + b" /AcroForm << /Fields [%d 0 R] /SigFlags 3 >> >>" % (number + 1),
            **(objects or {}),
        },
    )
    return filled(sheet, make)


def filled(sheet: bytes, make: Callable[[bytes], bytes]) -> bytes:
    """The sheet with its byte range and its contents put in."""
    first = sheet.rindex(b"/Contents <") + len(b"/Contents ")
    second = sheet.index(b">", first) + 1
    place = sheet.rindex(b"/ByteRange [")
    stop = sheet.index(b"]", place)
    numbers = b" ".join([b"0", _HOLE % first, _HOLE % second, _HOLE % (len(sheet) - second)])
    sheet = sheet[:place] + b"/ByteRange [" + numbers + sheet[stop:]
    letters = make(sheet[:first] + sheet[second:]).hex().encode()
    return sheet[: first + 1] + letters.ljust(second - first - 2, b"0") + sheet[second - 1 :]


def message(
    covered: bytes, identity: Identity | None = None, manner: Manner = PLAIN, more: dict[str, Any] | None = None
) -> bytes:
    """A CMS message over the covered bytes; `more` is one more signed attribute."""
    identity = identity or authority.sender()
    certificate = asn1_x509.Certificate.load(identity.ders[0])
    content = covered if manner.content is None else manner.content(covered)
    attributes = _attributes(content, certificate, manner, more) if manner.attributes else None
    signed = content if attributes is None else attributes.dump()
    info: dict[str, Any] = {
        "version": "v1",
        "sid": {"issuer_and_serial_number": {
            "issuer": certificate.issuer, "serial_number": certificate.serial_number}},
        "digest_algorithm": {"algorithm": manner.digest},
        "signature_algorithm": _algorithm(identity.key, manner),
        "signature": _sign(identity.key, signed, manner),
    }  # fmt: skip
    if attributes is not None:
        info["signed_attrs"] = attributes
    enclosed: dict[str, Any] = {"content_type": manner.content_type}
    if manner.content is not None:
        kind = core.OctetString if manner.content_type == "data" else core.ParsableOctetString
        enclosed["content"] = kind(content)
    body: dict[str, Any] = {
        "version": "v1",
        "digest_algorithms": [{"algorithm": manner.digest}],
        "encap_content_info": enclosed,
        "signer_infos": [info],
    }
    if manner.with_certificates:
        body["certificates"] = [asn1_x509.Certificate.load(der) for der in identity.ders]
    outer = asn1_cms.ContentInfo({"content_type": "signed_data", "content": asn1_cms.SignedData(body)})
    made: bytes = outer.dump()
    return made


def by(identity: Identity | None = None, **manner: Any) -> Callable[[bytes], bytes]:
    """A maker of messages in that manner."""
    return lambda covered: message(covered, identity, Manner(**manner))


def bare_value(covered: bytes) -> bytes:
    """What adbe.x509.rsa_sha1 has for a message."""
    key = authority.key("sender")
    value = key.sign(covered, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303 - the form prescribes it
    made: bytes = core.OctetString(value).dump()
    return made


def sha1(covered: bytes) -> bytes:
    return hashlib.sha1(covered, usedforsecurity=False).digest()


def certificate_entry(identity: Identity) -> bytes:
    return b"/Cert [%s]" % b" ".join(b"<%s>" % der.hex().encode() for der in identity.ders)


def _attributes(
    content: bytes, certificate: asn1_x509.Certificate, manner: Manner, more: dict[str, Any] | None
) -> asn1_cms.CMSAttributes:
    digest = manner.claimed or hashlib.new(manner.digest, content, usedforsecurity=False).digest()
    made: list[dict[str, Any]] = [
        {"type": "content_type", "values": [manner.content_type]},
        {"type": "message_digest", "values": [digest]},
        {"type": "signing_time", "values": [asn1_cms.Time({"utc_time": RECEIVED.astimezone(UTC)})]},
    ]
    if manner.names_certificate or manner.names_other:
        named = hashlib.sha256(b"another" if manner.names_other else certificate.dump()).digest()
        value = asn1_tsp.SigningCertificateV2({"certs": [{"cert_hash": named}]})
        made.append({"type": "signing_certificate_v2", "values": [value]})
    made += [more] if more else []
    return asn1_cms.CMSAttributes([asn1_cms.CMSAttribute(one) for one in made])


def _algorithm(key: Any, manner: Manner) -> algos.SignedDigestAlgorithm:
    name = manner.digest
    if manner.pss:
        inner = {"algorithm": name}
        parameters = {
            "hash_algorithm": inner,
            "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": inner},
            "salt_length": hashlib.new(name).digest_size,
        }
        return algos.SignedDigestAlgorithm({"algorithm": "rsassa_pss", "parameters": parameters})
    match key:
        case rsa.RSAPrivateKey():
            return algos.SignedDigestAlgorithm({"algorithm": f"{name}_rsa"})
        case ec.EllipticCurvePrivateKey():
            return algos.SignedDigestAlgorithm({"algorithm": f"{name}_ecdsa"})
        case dsa.DSAPrivateKey():
            return algos.SignedDigestAlgorithm({"algorithm": f"{name}_dsa"})
    return algos.SignedDigestAlgorithm({"algorithm": "ed25519"})


def _sign(key: Any, data: bytes, manner: Manner) -> bytes:
    algorithm = _HASHES[manner.digest]
    made: bytes
    match key:
        case rsa.RSAPrivateKey() if manner.pss:
            made = key.sign(data, padding.PSS(padding.MGF1(algorithm), algorithm.digest_size), algorithm)
        case rsa.RSAPrivateKey():
            made = key.sign(data, padding.PKCS1v15(), algorithm)
        case ec.EllipticCurvePrivateKey():
            made = key.sign(data, ec.ECDSA(algorithm))
        case dsa.DSAPrivateKey():
            made = key.sign(data, algorithm)
        case ed25519.Ed25519PrivateKey():
            made = key.sign(data)
        case _:
            raise TypeError(key)
    return made
