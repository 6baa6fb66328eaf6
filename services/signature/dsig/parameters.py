"""SignatureMethod with its parameters: RSA-PSS (RFC 6931 §2.3.9) and the output length of HMAC (XMLDSig §6.3.1)."""

from dataclasses import dataclass

from services.signature.dsig import methods
from services.signature.dsig.methods import DIGESTS, MASK_HASHES, METHODS, MORE_2007, RSA_PSS, Method, Scheme
from services.signature.dsig.nodes import Element, is_element
from services.signature.dsig.refusal import Refused
from services.signature.reasons import Reason

_DSIG = f"{{{methods.DSIG}}}"
_PSS = f"{{{MORE_2007}}}"
_SHORTEST_HMAC = 80
_LONGEST_SALT = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """A method that may be evaluated."""

    method: Method
    bits: int = 0
    """Of the HMAC."""


def agreed(element: Element, *, secret: bytes | None, least_bits: int | None) -> Agreed:
    """Raises Refused: ALGORITHM_FORBIDDEN, UNSUPPORTED_ALGORITHM or STRUCTURE."""
    uri = element.get("Algorithm", "")
    length = _output_length(element)
    if uri == RSA_PSS:
        return Agreed(method=_pss(element))
    method = METHODS.get(uri)
    if method is None:
        unknown_mac = "hmac" in uri.lower()
        if unknown_mac and secret is None:
            raise Refused(Reason.ALGORITHM_FORBIDDEN, "HMAC without a secret")
        raise Refused(Reason.UNSUPPORTED_ALGORITHM, uri[:200])
    if method.scheme is not Scheme.HMAC:
        if length is not None:
            raise Refused(Reason.STRUCTURE, "HMACOutputLength for a method that has none")
        return Agreed(method=method)
    if secret is None:
        raise Refused(Reason.ALGORITHM_FORBIDDEN, "HMAC without a secret")
    whole = methods.HASHES[method.hash].digest_size * 8
    bits = whole if length is None else length
    least = max(_SHORTEST_HMAC, whole // 2) if least_bits is None else least_bits
    if bits % 8 or not max(least, 8) <= bits <= whole:
        raise Refused(Reason.ALGORITHM_FORBIDDEN, f"HMAC of {bits} bits")
    return Agreed(method=method, bits=bits)


def _output_length(element: Element) -> int | None:
    found = element.findall(f"{_DSIG}HMACOutputLength")
    if not found:
        return None
    return _number(found[0], many=len(found) > 1)


def _number(element: Element, *, many: bool = False) -> int:
    text = (element.text or "").strip()
    if many or len(element) or not text.isascii() or not text.isdigit() or len(text) > 9:  # noqa: PLR2004 - digits
        raise Refused(Reason.ALGORITHM_FORBIDDEN, "a number that is none")
    return int(text)


def _pss(element: Element) -> Method:
    """RSASSA-PSS with parameters; each has a default."""
    given = [child for child in element if is_element(child)]
    if not given:
        return Method(scheme=Scheme.PSS, hash="sha256", mask_hash="sha256")
    if len(given) > 1 or given[0].tag != f"{_PSS}RSAPSSParams":
        raise Refused(Reason.UNSUPPORTED_ALGORITHM, "parameters of RSA-PSS that are unknown")
    fields = {str(child.tag): child for child in given[0] if is_element(child)}
    name = _hash(fields.pop(f"{_DSIG}DigestMethod", None), "sha256")
    mask = fields.pop(f"{_PSS}MaskGenerationFunction", None)
    salt, trailer = fields.pop(f"{_PSS}SaltLength", None), fields.pop(f"{_PSS}TrailerField", None)
    if fields or (trailer is not None and _number(trailer) != 1):
        raise Refused(Reason.UNSUPPORTED_ALGORITHM, "parameters of RSA-PSS that are unknown")
    length = methods.HASHES[name].digest_size if salt is None else _number(salt)
    if length > _LONGEST_SALT:
        raise Refused(Reason.ALGORITHM_FORBIDDEN, "a salt longer than any")
    return Method(scheme=Scheme.PSS, hash=name, mask_hash=_mask(mask, name), salt=length)


def _mask(element: Element | None, name: str) -> str:
    if element is None:
        return name
    fixed = MASK_HASHES.get(element.get("Algorithm", ""))
    if fixed is None:
        raise Refused(Reason.UNSUPPORTED_ALGORITHM, "mask generation")
    return fixed or _hash(element.find(f"{_DSIG}DigestMethod"), name)


def _hash(element: Element | None, default: str) -> str:
    if element is None:
        return default
    name = DIGESTS.get(element.get("Algorithm", ""))
    if name is None:
        raise Refused(Reason.UNSUPPORTED_ALGORITHM, element.get("Algorithm", "")[:200])
    return name
