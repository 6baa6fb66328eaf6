"""A Signature element taken apart, in the order that the schema gives (XMLDSig §4)."""

import binascii
from collections.abc import Sequence
from dataclasses import dataclass

from services.signature.dsig.nodes import Element, is_element
from services.signature.dsig.refusal import Refused
from services.signature.reasons import Reason

DSIG = "{http://www.w3.org/2000/09/xmldsig#}"
_MOST_REFERENCES = 256
_BLANKS = " \t\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One reference; nothing of it evaluated."""

    element: Element
    uri: str | None
    type: str
    transforms: tuple[Element, ...]
    digest_method: str
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A signature; nothing of it evaluated."""

    element: Element
    signed_info: Element
    canonicalization: Element
    method: Element
    references: tuple[Reference, ...]
    value: bytes
    key_info: Element | None


def taken_apart(signature: Element) -> Parts:
    """Raises Refused: STRUCTURE, or LIMITS."""
    children = _children(signature, "Signature")
    names = [_name(child) for child in children]
    rest = names[3:] if names[2:3] == ["KeyInfo"] else names[2:]
    if names[:2] != ["SignedInfo", "SignatureValue"] or any(name != "Object" for name in rest):
        raise Refused(Reason.STRUCTURE, "Signature is not SignedInfo, SignatureValue, KeyInfo, Object")
    signed_info = children[0]
    inside = _children(signed_info, "SignedInfo")
    said = [_name(child) for child in inside]
    if said[:2] != ["CanonicalizationMethod", "SignatureMethod"] or set(said[2:]) != {"Reference"}:
        raise Refused(Reason.STRUCTURE, "SignedInfo is not CanonicalizationMethod, SignatureMethod, Reference")
    if len(said) > _MOST_REFERENCES:
        raise Refused(Reason.LIMITS, "more references than there may be")
    for method in inside[:2]:
        _algorithm(method)
    return Parts(
        element=signature,
        signed_info=signed_info,
        canonicalization=inside[0],
        method=inside[1],
        references=tuple(reference(one) for one in inside[2:]),
        value=octets(children[1]),
        key_info=children[2] if names[2:3] == ["KeyInfo"] else None,
    )


def reference(element: Element) -> Reference:
    """Raises Refused."""
    children = _children(element, "Reference")
    names = [_name(child) for child in children]
    if names not in (["DigestMethod", "DigestValue"], ["Transforms", "DigestMethod", "DigestValue"]):
        raise Refused(Reason.STRUCTURE, "Reference is not Transforms, DigestMethod, DigestValue")
    transforms = _children(children[0], "Transforms") if len(children) == 3 else []  # noqa: PLR2004 - with Transforms
    if any(_name(one) != "Transform" for one in transforms) or (len(children) == 3 and not transforms):  # noqa: PLR2004
        raise Refused(Reason.STRUCTURE, "Transforms holds something else than Transform")
    for one in transforms:
        _algorithm(one)
    return Reference(
        element=element,
        uri=element.get("URI"),
        type=element.get("Type", ""),
        transforms=tuple(transforms),
        digest_method=_algorithm(children[-2]),
        digest=octets(children[-1]),
    )


def octets(element: Element) -> bytes:
    """The bytes of a base64 text. Raises Refused for markup of any kind inside, and for what is no base64."""
    if len(element) > 0:
        raise Refused(Reason.STRUCTURE, f"markup inside {_name(element)}")
    try:
        return binascii.a2b_base64("".join((element.text or "").split()).encode(), strict_mode=True)
    except ValueError as error:
        raise Refused(Reason.STRUCTURE, f"{_name(element)} is not base64") from error


def _algorithm(element: Element) -> str:
    uri = element.get("Algorithm")
    if uri is None:
        raise Refused(Reason.STRUCTURE, f"{_name(element)} names no algorithm")
    return uri


def _name(element: Element) -> str:
    """Local name of an element of XMLDSig; what is of another namespace keeps a name that is on no list."""
    tag = str(element.tag)
    return tag.removeprefix(DSIG) if tag.startswith(DSIG) else f"foreign {tag}"


def _children(element: Element, name: str) -> list[Element]:
    """The elements inside; text between them is refused."""
    texts: Sequence[str | None] = [element.text, *(child.tail for child in element)]
    if any(text and text.strip(_BLANKS) for text in texts):
        raise Refused(Reason.STRUCTURE, f"text inside {name}")
    return [child for child in element if is_element(child)]
