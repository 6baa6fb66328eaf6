"""Reading edXML as it streams in: one pass, memory flat whatever the size, hostile files refused on the way.

Measured with lxml 6.1 on libxml2 2.14: the parser hands the text of a 100 MB base64 node on piece by piece, holding
nothing; what it does hold whole are single tags, comments and CDATA sections, hence the limit on silence. A client may
write an attachment as one CDATA section: the parser gets it as many short ones, which mean the same.
"""

import re
from typing import Any, cast

from lxml import etree

from hub.model.reasons import Code
from hub.wire import edxml_fields
from hub.wire.edxml import ReadDocument, ReadStatus, Unreadable
from hub.wire.edxml_names import LARGEST_TEXT
from hub.wire.edxml_tree import Tree

_PIECE = LARGEST_TEXT
_LONGEST_SILENCE = 8 * _PIECE
"""Bytes that may pass without the parser saying anything: it is collecting one giant token."""
_LONGEST_DECLARATION = 1024
_CDATA, _CDATA_END = b"<![CDATA[", b"]]>"
_LETTER = re.compile(rb"[0-9A-Za-z+/]")
"""After which base64 may be cut; never within what ends a section, a comment or an instruction."""
_BOM = b"\xef\xbb\xbf"
_DECLARATION = re.compile(
    rb"<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?P<q>[\"'])(?P<version>[^\"']*)(?P=q)"
    rb"(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(?P<r>[\"'])(?P<encoding>[^\"']*)(?P=r))?"
    rb"(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(?:\"(?:yes|no)\"|'(?:yes|no)'))?[ \t\r\n]*\?>"
)
_NAMESPACE_ERRORS = frozenset({etree.ErrorTypes.NS_ERR_UNDEFINED_NAMESPACE, etree.ErrorTypes.NS_ERR_QNAME})
_SIZE_ERRORS = frozenset({etree.ErrorTypes.ERR_NAME_TOO_LONG, etree.ErrorTypes.ERR_ENTITY_LOOP})


class EdxmlReader:
    """Reads one message. Feed the bytes in any pieces, then close; raises Unreadable, after which it is spent."""

    def __init__(self) -> None:
        self._tree = Tree()
        # huge_tree lifts libxml2's limit of 10 MB a text node; our own limits are in Tree.
        self._parser = etree.XMLParser(
            target=cast("Any", self._tree),  # its stubs ask for methods that also take bytes
            huge_tree=True,
            resolve_entities=False,
            no_network=True,
            recover=False,
            encoding="utf-8",
        )
        self._held = b""
        self._begun = False
        self._silence = 0
        self._section: int | None = None
        """Bytes since a CDATA section of base64 began or was cut; None outside of one."""

    def feed(self, chunk: bytes) -> None:
        """The next bytes."""
        if not self._begun:
            chunk = self._opening(chunk)
        for start in range(0, len(chunk), _PIECE):
            self._feed(chunk[start : start + _PIECE])

    def close(self) -> ReadDocument | ReadStatus:
        """The message; its `findings` name everything that is wrong with the file."""
        if not self._begun:
            self._check_opening(self._held)
        self._push(self._held)
        try:
            self._parser.close()
        except etree.XMLSyntaxError as error:
            raise _unreadable(error) from error
        if any(entry.type in _NAMESPACE_ERRORS for entry in self._parser.feed_error_log):
            raise Unreadable(Code.NOT_WELL_FORMED, detail="xmlns")  # the parser lets it pass, receivers' parsers do not
        return edxml_fields.read(self._tree)

    def _opening(self, chunk: bytes) -> bytes:
        """Hold bytes until the XML declaration is complete; gives what may be parsed."""
        opening = self._held + chunk
        undecided = opening.removeprefix(_BOM)
        declared = undecided.startswith(b"<?xml") or b"<?xml".startswith(undecided) or _BOM.startswith(opening)
        if declared and b"?>" not in undecided and len(opening) < _LONGEST_DECLARATION:
            self._held = opening
            return b""
        self._held = b""
        self._check_opening(opening)
        return opening

    def _check_opening(self, opening: bytes) -> None:
        self._begun = True
        text = opening.removeprefix(_BOM)
        if not re.match(rb"<\?xml[ \t\r\n]", text):
            return
        found = _DECLARATION.match(text)
        if found is None:
            raise Unreadable(Code.NOT_WELL_FORMED, detail="<?xml")
        if found["version"] != b"1.0":
            raise Unreadable(Code.NOT_WELL_FORMED, detail=f"version={_shown(found['version'])}")
        if found["encoding"] is not None and found["encoding"].lower() != b"utf-8":
            raise Unreadable(Code.NOT_WELL_FORMED, detail=f"encoding={_shown(found['encoding'])}")

    def _feed(self, piece: bytes) -> None:
        data, self._held = self._held + piece, b""
        heard = self._tree.events
        while data:
            data = self._outside(data) if self._section is None else self._inside(data, self._section)
        self._silence = self._silence + len(piece) if self._tree.events == heard else 0
        if self._silence > _LONGEST_SILENCE:
            raise Unreadable(Code.XML_LIMITS, detail=f"> {_LONGEST_SILENCE} B")

    def _outside(self, data: bytes) -> bytes:
        """Feed up to a CDATA section, so that the tree can be told where it stands; gives what is left."""
        at = data.find(_CDATA)
        if at < 0:
            self._push(self._all_but_beginning(data, _CDATA))
            return b""
        self._push(data[:at])
        self._tree.cdata()
        self._push(_CDATA)
        self._section = 0 if self._tree.in_content else None
        return data[at + len(_CDATA) :]

    def _inside(self, data: bytes, begun: int) -> bytes:
        """Feed base64 in a CDATA section, to its end or to where it is long enough to be cut; gives what is left.

        The cut is made by count, not by pieces. Were this no section after all (its beginning stood in a comment), the
        parser would not take the cut for text but refuse it.
        """
        end, cut = data.find(_CDATA_END), _LETTER.search(data, max(0, _PIECE - begun))
        if end >= 0 and (cut is None or end < cut.end()):
            self._push(data[: end + len(_CDATA_END)])
            self._section = None
            return data[end + len(_CDATA_END) :]
        if cut is not None:
            self._push(data[: cut.end()] + _CDATA_END + _CDATA)
            self._section = 0
            return data[cut.end() :]
        whole = self._all_but_beginning(data, _CDATA_END)
        self._push(whole)
        self._section = begun + len(whole)
        return b""

    def _all_but_beginning(self, data: bytes, mark: bytes) -> bytes:
        """Hold the bytes at the end that could be the beginning of a mark; gives the others."""
        sizes = range(len(mark) - 1, 0, -1)
        held = next((size for size in sizes if data.endswith(mark[:size])), 0)
        self._held = data[len(data) - held :]
        return data[: len(data) - held]

    def _push(self, data: bytes) -> None:
        if not data:
            return
        try:
            self._parser.feed(data)
        except etree.XMLSyntaxError as error:
            raise _unreadable(error) from error


def _shown(word: bytes) -> str:
    return word[:40].decode("ascii", "replace")


def _unreadable(error: etree.XMLSyntaxError) -> Unreadable:
    """The parser's error without its text, which quotes the document."""
    kind = getattr(error, "code", None)
    code = Code.XML_LIMITS if kind in _SIZE_ERRORS else Code.NOT_WELL_FORMED
    line, column = error.position
    return Unreadable(code, detail=f"{line}:{column}")
