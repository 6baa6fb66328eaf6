"""The elements of an edXML file, collected while it is parsed: bounded in every direction, attachments never kept."""

from collections.abc import Mapping

from hub.model.reasons import Code
from hub.wire.base64_stream import Base64Stream
from hub.wire.edxml import Unreadable
from hub.wire.edxml_names import (
    BARE,
    CONTENT_PATH,
    LARGEST_DEPTH,
    LARGEST_HEADER,
    LARGEST_MARKUP,
    LARGEST_NAME,
    LARGEST_TEXT,
    LARGEST_VOCABULARY,
    MOST_NAMES_MET,
    NAMESPACE,
    SIGNATURE_PARENT,
    SIGNATURES,
)

_LONGEST_RUN = 2 * LARGEST_TEXT
"""The parser is fed pieces of `LARGEST_TEXT` bytes: only a CDATA section, which it holds whole, gives more at once."""
_MOST_MARKED = 100
_MET: set[str] = set()
"""Names, prefixes and namespaces of all files: the parser keeps them for the life of the process, so they are few."""


class Node:
    """One element: local name, texts, children. `content` is the decoder where base64 stands."""

    __slots__ = ("characters", "children", "content", "foreign", "marked", "name", "texts")

    def __init__(self, name: str, *, foreign: bool) -> None:
        self.name = name
        self.foreign = foreign
        self.marked = False
        """A comment, processing instruction or CDATA section stands among its texts."""
        self.children: list[Node] = []
        self.texts: list[str] = []
        self.characters = 0
        self.content: Base64Stream | None = None

    @property
    def text(self) -> str:
        """The element's own text, whole: what a canonical form would sign."""
        return "".join(self.texts)


class Tree:
    """Target of the XML parser. Raises Unreadable as soon as a limit is passed; nothing is expanded or fetched."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self.events = 0
        self.marked: list[str] = []
        """Paths of elements whose text decides who is meant and is cut by markup."""
        self._open: list[Node] = []
        self._depth = 0
        self._passed_over = 0
        self._markup = 0
        self._characters = 0
        self._names: set[str] = set()

    def doctype(self, *_ignored: object) -> None:
        """A document type declaration: refused before anything in it is looked at."""
        raise Unreadable(Code.DTD_FORBIDDEN)

    def start(self, tag: str, attributes: Mapping[str, str], namespaces: Mapping[str, str] | None = None) -> None:
        """A start tag."""
        self.events += 1
        self._depth += 1
        if self._depth > LARGEST_DEPTH:
            raise Unreadable(Code.XML_DEPTH, detail=f"> {LARGEST_DEPTH}")
        self._count(1 + len(attributes) + len(namespaces or ()))
        self._check_name(tag)
        if attributes or namespaces:
            self._check_attributes(attributes, namespaces or {})
        if self._passed_over:
            self._passed_over += 1
            return
        namespace, _, name = tag.rpartition("}")
        self._enter(namespace[1:], name)

    def _enter(self, namespace: str, name: str) -> None:
        if name in SIGNATURES and self.path == SIGNATURE_PARENT:
            self._passed_over = 1
            return
        if not self._open and (namespace, name) != (NAMESPACE, CONTENT_PATH[0]):
            raise Unreadable(Code.NOT_EDXML, name[:100], namespace[:200])
        node = Node(name, foreign=namespace != NAMESPACE)
        if name == CONTENT_PATH[-1] and (*self.path, name) == CONTENT_PATH and not node.foreign:
            node.content = Base64Stream()
        if self._open:
            self._open[-1].children.append(node)
        else:
            self.root = node
        self._open.append(node)

    def end(self, _tag: str) -> None:
        """An end tag."""
        self.events += 1
        self._depth -= 1
        if self._passed_over:
            self._passed_over -= 1
            return
        self._look_at_markup()
        node = self._open.pop()
        if node.content is not None:
            node.content.close()

    def data(self, text: str) -> None:
        """Text, in pieces of the parser's choice."""
        self.events += 1
        if len(text) > _LONGEST_RUN:
            raise Unreadable(Code.XML_LIMITS, self._place(), f"{len(text)} > {_LONGEST_RUN}")
        if self._passed_over or not self._open:
            return
        node = self._open[-1]
        if node.content is not None:
            node.content.feed(text)
            return
        node.characters += len(text)
        self._characters += len(text)
        if node.characters > LARGEST_TEXT or self._characters > LARGEST_HEADER:
            raise Unreadable(Code.XML_LIMITS, self._place(), f"> {LARGEST_TEXT}")
        node.texts.append(text)

    def comment(self, text: str) -> None:
        """A comment."""
        self._aside(text)

    def pi(self, target: str, data: str | None = None) -> None:
        """A processing instruction."""
        self._check_name(target)
        self._aside(target + (data or ""))

    def cdata(self) -> None:
        """A CDATA section is about to open; the parser itself would hide it."""
        self._mark()

    def close(self) -> "Tree":
        """The end of a well-formed file."""
        return self

    @property
    def path(self) -> tuple[str, ...]:
        """Names of the open elements, the root first."""
        return tuple(node.name for node in self._open)

    @property
    def in_content(self) -> bool:
        """True where base64 stands."""
        return not self._passed_over and bool(self._open) and self._open[-1].content is not None

    def _aside(self, text: str) -> None:
        self.events += 1
        self._count(1)
        if len(text) > LARGEST_TEXT:
            raise Unreadable(Code.XML_LIMITS, self._place(), f"{len(text)} > {LARGEST_TEXT}")
        self._mark()

    def _mark(self) -> None:
        if self._open and not self._passed_over:
            self._open[-1].marked = True

    def _look_at_markup(self) -> None:
        """Beside elements markup harms nobody; in a text a careless reader stops at it and reads another text."""
        node = self._open[-1]
        if node.marked and node.name in BARE and not node.children and len(self.marked) < _MOST_MARKED:
            place = self._place()
            if place not in self.marked:
                self.marked.append(place)

    def _place(self) -> str:
        return "/".join(self.path)[:200]

    def _count(self, markup: int) -> None:
        self._markup += markup
        if self._markup > LARGEST_MARKUP:
            raise Unreadable(Code.XML_LIMITS, detail=f"> {LARGEST_MARKUP}")

    def _check_name(self, name: str) -> None:
        if name in self._names:
            return
        self._names.add(name)
        if len(name) > LARGEST_NAME:
            raise Unreadable(Code.XML_LIMITS, detail=f"{len(name)} > {LARGEST_NAME}")
        if len(self._names) > LARGEST_VOCABULARY:
            raise Unreadable(Code.XML_LIMITS, detail=f"> {LARGEST_VOCABULARY}")
        if name not in _MET:
            if len(_MET) >= MOST_NAMES_MET:
                raise Unreadable(Code.XML_LIMITS, self._place(), name[:100])
            _MET.add(name)

    def _check_attributes(self, attributes: Mapping[str, str], namespaces: Mapping[str, str]) -> None:
        for name in (*attributes, *namespaces, *namespaces.values()):
            self._check_name(name or "")
        length = sum(map(len, (*attributes.values(), *namespaces.values())))
        if length > LARGEST_TEXT:
            raise Unreadable(Code.XML_LIMITS, detail=f"{length} > {LARGEST_TEXT}")
