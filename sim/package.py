"""Whole packages: attachments by the zip rule, the envelope's XMLDSig, and the one damage that is done on purpose."""

import io
import random
import re
import uuid
import zipfile
from datetime import datetime

from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureConstructionMethod, SignatureMethod
from signxml.signer import XMLSigner

from sim.authority import Identity
from sim.edxml import SIGNATURE_PLACE, Attachment, document_xml
from sim.letters import Letter

_DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'
_SUBJECT = re.compile(rb"<edXML:Subject>(.*?)</edXML:Subject>")
_ZIP_EPOCH = (2020, 1, 1, 0, 0, 0)


def main_attachment(letter: Letter, pdf: bytes, rng: random.Random) -> Attachment:
    """The document itself; PDFs travel as they are."""
    return Attachment(
        content_id=_uuid(rng),
        name=f"{letter.file_stem}.signed.pdf",
        description="Văn bản chính",
        content_type="application/pdf",
        content=pdf,
    )


def annex_attachment(letter: Letter, workbook: bytes, rng: random.Random) -> Attachment:
    """A workbook: by the zip rule (edXML §1.8) it travels as the only entry `<uuid>.xlsx` of a zip file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(f"{_uuid(rng)}.xlsx", _ZIP_EPOCH), workbook)
    return Attachment(
        content_id=_uuid(rng),
        name=f"phu-luc-{letter.file_stem}.xlsx",
        description="Phụ lục số liệu",
        content_type="application/zip",
        content=buffer.getvalue(),
    )


def signed_package(
    letter: Letter, attachments: list[Attachment], identity: Identity, *, pages: int, moment: datetime
) -> bytes:
    """The package, its envelope signed by `identity`: one enveloped signature over the whole file, at edXMLHeader."""
    text = document_xml(letter, attachments, pages=pages, moment=moment, place=SIGNATURE_PLACE)
    # an attachment over 7.5 MB is a text node that lxml takes only with huge_tree
    parser = etree.XMLParser(huge_tree=True, resolve_entities=False, no_network=True)
    signer = XMLSigner(
        method=SignatureConstructionMethod.enveloped,
        signature_algorithm=SignatureMethod.RSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    signer._parser = parser  # type: ignore[assignment]  # noqa: SLF001 - signxml parses once more and offers no argument for it
    root = signer.sign(
        etree.fromstring(text.encode(), parser), key=identity.key, cert=[identity.certificate, identity.issuer]
    )
    return _DECLARATION + etree.tostring(root, encoding="UTF-8", xml_declaration=False)


def unsigned_package(letter: Letter, attachments: list[Attachment], *, pages: int, moment: datetime) -> bytes:
    """The same package without a signature."""
    return document_xml(letter, attachments, pages=pages, moment=moment, place="").encode()


def tampered(package: bytes) -> bytes:
    """`package` with one byte of its Subject changed: its last digit, so that it reads as well as before."""
    subject = _SUBJECT.search(package)
    digits = list(re.finditer(rb"[0-9]", subject.group(1))) if subject else []
    if subject is None or not digits:
        raise ValueError("the package has no Subject with a digit in it")
    place = subject.start(1) + digits[-1].start()
    other = b"%d" % ((package[place] - ord("0") + 1) % 10)
    return package[:place] + other + package[place + 1 :]


def _uuid(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))
