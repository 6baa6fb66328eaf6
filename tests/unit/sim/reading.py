"""What the tests read packages with: other people's verifiers and a plain XML parser, nothing of `sim`."""

import base64
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from asn1crypto import pem
from asn1crypto.x509 import Certificate
from lxml import etree
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from signxml.verifier import SignatureConfiguration, XMLVerifier

EDXML = "{http://www.mic.gov.vn/TBT/QCVN_102_2016}"
SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
HEADER = f"./{EDXML}edXMLEnvelope/{EDXML}edXMLHeader/"


def tree(package: bytes) -> etree._Element:
    return etree.fromstring(package, etree.XMLParser(huge_tree=True, resolve_entities=False, no_network=True))


def texts(package: bytes, name: str) -> list[str]:
    return [element.text or "" for element in tree(package).iter(f"{EDXML}{name}")]


def verify_envelope(package: bytes, anchors: Path) -> etree._Element:
    """The signed tree; raises a signxml exception when the signature at edXMLHeader does not hold."""
    result: Any = XMLVerifier().verify(
        package,
        ca_pem_file=str(anchors),
        expect_config=SignatureConfiguration(location=HEADER),
        parser=etree.XMLParser(huge_tree=True, resolve_entities=False, no_network=True),
    )
    signed: etree._Element = result.signed_xml
    return signed


def attachments(package: bytes) -> list[bytes]:
    return [base64.b64decode(text, validate=True) for text in texts(package, "ContentTransferEncoded")]


def pdf_status(pdf: bytes, anchors: Path, crls: Path) -> Any:
    """pyHanko's judgement of the only signature in `pdf`, revocation required, no network."""
    signatures = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    assert len(signatures) == 1
    root = Certificate.load(pem.unarmor(anchors.read_bytes())[2])
    context = ValidationContext(
        trust_roots=[root],
        crls=[path.read_bytes() for path in crls.glob("*.crl")],
        revocation_mode="require",
        allow_fetching=False,
        moment=datetime.now(UTC),
    )
    return validate_pdf_signature(signatures[0], context)
