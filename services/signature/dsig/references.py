"""What a reference points at (XMLDSig §4.4.3.1 to §4.4.3.3). Nothing is fetched: what is outside was given."""

import re
from collections.abc import Mapping
from urllib.parse import unquote

from services.signature.dsig.expressions import Expression
from services.signature.dsig.nodes import Tree
from services.signature.dsig.reading import Document, read
from services.signature.dsig.refusal import Refused
from services.signature.dsig.transforms import Data, expanded
from services.signature.reasons import Reason

_NAMESPACE_PART = re.compile(r"\s*xmlns\(\s*([\w.\-]+)\s*=\s*([^()]*?)\s*\)")
_POINTER = re.compile(r"\s*xpointer\((.*)\)\s*", re.DOTALL)
_BY_ID = re.compile(r"""\s*id\(\s*(?:'([^']*)'|"([^"]*)")\s*\)\s*""")


def found(uri: str | None, document: Document, external: Mapping[str, bytes]) -> Data:
    """Raises Refused: EXTERNAL_REFERENCE for what is not given, WRAPPING for an identifier that several bear."""
    if uri is None or (uri and not uri.startswith("#")):
        return _outside(uri or "", external)
    if not uri:
        return Data(document=document, nodes=Tree(top=document.root, document=True, comments=False))
    return _inside(unquote(uri[1:]), document)


def _outside(uri: str, external: Mapping[str, bytes]) -> Data:
    content = external.get(uri)
    if content is not None:
        return Data(octets=content)
    base, mark, fragment = uri.partition("#")
    content = external.get(base) if mark and base else None
    if content is None:
        raise Refused(Reason.EXTERNAL_REFERENCE, f"not given: {uri[:200]}")
    return _inside(unquote(fragment), read(content))


def _inside(fragment: str, document: Document) -> Data:
    if not fragment.strip().startswith(("xpointer(", "xmlns(")):
        return Data(document=document, nodes=Tree(top=document.bearer(fragment), comments=False))
    namespaces = {}
    while (declared := _NAMESPACE_PART.match(fragment)) is not None:
        namespaces[declared[1]] = declared[2]
        fragment = fragment[declared.end() :]
    pointer = _POINTER.fullmatch(fragment)
    if pointer is None:
        raise Refused(Reason.UNSUPPORTED_TRANSFORM, f"pointer {fragment[:100]}")
    if pointer[1].strip() == "/":
        return Data(document=document, nodes=Tree(top=document.root, document=True))
    by_id = _BY_ID.fullmatch(pointer[1])
    if by_id is not None:
        return Data(document=document, nodes=Tree(top=document.bearer(by_id[1] or by_id[2] or "")))
    selected = Expression(pointer[1], namespaces, document, None).selected()
    if not selected:
        raise Refused(Reason.NOT_COVERED, "a pointer to nothing")
    return Data(document=document, nodes=expanded(selected, document))
