"""Attributes of `xml` that an element takes over from ancestors that are left out (C14N 1.0 and 1.1 §2.4)."""

import re
from collections.abc import Callable

from services.signature.dsig.nodes import Element

_XML = "{http://www.w3.org/XML/1998/namespace}"
_BASE = f"{_XML}base"
_SIMPLE = (f"{_XML}lang", f"{_XML}space")
_URI = re.compile(r"(?:([^:/?#]+):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL)  # RFC 3986 B

Parts = tuple[str | None, str | None, str, str | None]
"""Scheme, authority, path, query."""


def into_1_0(element: Element, values: dict[str, str]) -> None:
    """The nearest of each attribute of the `xml` namespace, unless the element has it itself."""
    for ancestor in element.iterancestors():
        for name, value in ancestor.attrib.items():
            text = str(name)
            if text.startswith(_XML) and text not in values and text not in element.attrib:
                values[text] = str(value)


def into_1_1(element: Element, values: dict[str, str], outputs: Callable[[Element], bool]) -> None:
    """`xml:lang` and `xml:space` as before; `xml:base` joined; nothing else, and never `xml:id`."""
    for name in _SIMPLE:
        nearest = next((one.get(name) for one in element.iterancestors() if one.get(name) is not None), None)
        if nearest is not None and name not in element.attrib:
            values[name] = nearest
    omitted = []
    for ancestor in element.iterancestors():
        if outputs(ancestor):
            break
        omitted.append(ancestor)
    bases = [base for ancestor in omitted if (base := ancestor.get(_BASE)) is not None]
    if not bases:
        return
    own = element.get(_BASE)
    chain = [own, *bases] if own is not None else bases  # innermost first
    joined = chain[0]
    for base in chain[1:]:
        joined = join(base, joined)
    if joined:
        values[_BASE] = joined
    else:
        values.pop(_BASE, None)


def join(base: str, reference: str) -> str:
    """RFC 3986 §5.2.2 for bases that may be relative (C14N 1.1 §2.4, join-URI-References)."""
    scheme, authority, path, query = _parts(reference)
    base_scheme, base_authority, base_path, base_query = _parts(base)
    if scheme is not None:
        return _composed(scheme, authority, _without_dots(path), query)
    if authority is not None:
        return _composed(base_scheme, authority, _without_dots(path), query)
    if not path:
        return _composed(base_scheme, base_authority, base_path, base_query if query is None else query)
    if not path.startswith("/"):
        path = (
            f"/{path}" if base_authority is not None and not base_path else base_path[: base_path.rfind("/") + 1] + path
        )
    return _composed(base_scheme, base_authority, _without_dots(path), query)


def _parts(uri: str) -> Parts:
    found = _URI.fullmatch(uri)
    return (None, None, uri, None) if found is None else (found[1], found[2], found[3], found[4])


def _composed(scheme: str | None, authority: str | None, path: str, query: str | None) -> str:
    start = "" if scheme is None else f"{scheme}:"
    where = "" if authority is None else f"//{authority}"
    return f"{start}{where}{path}" + ("" if query is None else f"?{query}")


def _without_dots(path: str) -> str:
    """Leading `..` stay, several `/` are one, and a last `..` ends with `/`."""
    rooted = path.startswith("/")
    segments = [segment for segment in path.split("/") if segment]
    folder = path.endswith("/") or (bool(segments) and segments[-1] in (".", ".."))
    kept: list[str] = []
    for segment in segments:
        if segment == ".":
            continue
        if segment != "..":
            kept.append(segment)
        elif kept and kept[-1] != "..":
            kept.pop()
        elif not rooted:
            kept.append("..")
    end = "/" if folder and kept else ""
    return ("/" if rooted else "") + "/".join(kept) + end
