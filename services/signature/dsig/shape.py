"""What may stand below a Signature in the production profile: an allow-list of the whole subtree.

Whoever hides a second document below KeyInfo, or text between elements, must not be able to: nothing below Signature is
covered by its own signature but SignedInfo.
"""

from services.signature import algorithms
from services.signature.dsig.nodes import Element, is_element

DSIG = "{http://www.w3.org/2000/09/xmldsig#}"
DSIG_11 = "{http://www.w3.org/2009/xmldsig11#}"
_INCLUSIVE_NAMESPACES = "{http://www.w3.org/2001/10/xml-exc-c14n#}InclusiveNamespaces"


def _named(names: str, namespace: str = DSIG) -> frozenset[str]:
    return frozenset(f"{namespace}{name}" for name in names.split())


_CHILDREN: dict[str, frozenset[str]] = {
    f"{DSIG}Signature": _named("SignedInfo SignatureValue KeyInfo"),
    f"{DSIG}SignedInfo": _named("CanonicalizationMethod SignatureMethod Reference"),
    f"{DSIG}CanonicalizationMethod": frozenset({_INCLUSIVE_NAMESPACES}),
    f"{DSIG}SignatureMethod": frozenset(),
    f"{DSIG}Reference": _named("Transforms DigestMethod DigestValue"),
    f"{DSIG}Transforms": _named("Transform"),
    f"{DSIG}Transform": frozenset({_INCLUSIVE_NAMESPACES}),
    f"{DSIG}DigestMethod": frozenset(),
    f"{DSIG}KeyInfo": _named("KeyName KeyValue X509Data RetrievalMethod MgmtData"),
    f"{DSIG}KeyValue": _named("RSAKeyValue DSAKeyValue") | _named("ECKeyValue", DSIG_11),
    f"{DSIG}RSAKeyValue": _named("Modulus Exponent"),
    f"{DSIG}DSAKeyValue": _named("P Q G Y J Seed PgenCounter"),
    f"{DSIG_11}ECKeyValue": _named("NamedCurve PublicKey", DSIG_11),
    f"{DSIG_11}NamedCurve": frozenset(),
    f"{DSIG}RetrievalMethod": frozenset(),
    f"{DSIG}X509Data": _named("X509Certificate X509IssuerSerial X509SKI X509SubjectName X509CRL"),
    f"{DSIG}X509IssuerSerial": _named("X509IssuerName X509SerialNumber"),
    _INCLUSIVE_NAMESPACES: frozenset(),
}
_TRANSFORM = f"{DSIG}Transform"
_KNOWN_TRANSFORMS = (algorithms.ENVELOPED, algorithms.C14N, algorithms.EXCLUSIVE_C14N)
_TEXTS = (
    _named(
        "DigestValue SignatureValue KeyName MgmtData Modulus Exponent P Q G Y J Seed PgenCounter X509Certificate "
        "X509IssuerName X509SerialNumber X509SKI X509SubjectName X509CRL"
    )
    | _named("PublicKey", DSIG_11)
)  # fmt: skip


def oddity(signature: Element) -> str:
    """The first thing below `signature` that may not stand there; empty when there is none.

    What forbidden transforms have for parameters is not looked at: the signature is refused for them anyway.
    """
    unknown = any(one.get("Algorithm") not in _KNOWN_TRANSFORMS for one in signature.iter(_TRANSFORM))
    for node in signature.iter():
        if not is_element(node):
            return "a comment or processing instruction inside Signature"
        if unknown and _TRANSFORM in (node.tag, *(one.tag for one in node.iterancestors())):
            continue
        tag = str(node.tag)
        allowed = _CHILDREN.get(tag, frozenset())
        stray = next((child for child in node if is_element(child) and child.tag not in allowed), None)
        if stray is not None:
            return f"{_short(str(stray.tag))} inside {_short(tag)}"
        between = [node.text if tag not in _TEXTS else "", *(child.tail for child in node)]
        if any(text and text.strip(" \t\r\n") for text in between):
            return f"text inside {_short(tag)}"
    return ""


def _short(tag: str) -> str:
    return tag.rsplit("}", 1)[-1][:40]
