"""Name constraints (RFC 5280 §4.2.1.10): indexed, so that thousands of them against thousands of names cost little."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache

from services.signature.pki import names
from services.signature.pki.certificate import NAME_CONSTRAINTS, SUBJECT_ALT_NAME, Cert, Unreadable
from services.signature.pki.der import Part, only, parts
from services.signature.pki.names import NameKey


class Form(IntEnum):
    """Forms of a general name, by their tag."""

    OTHER = 0
    MAIL = 1
    DNS = 2
    X400 = 3
    DIRECTORY = 4
    EDI = 5
    URI = 6
    ADDRESS = 7
    REGISTERED = 8


_EXACT = (Form.OTHER, Form.X400, Form.EDI, Form.REGISTERED)
"""Forms without a rule of their own: the same name is within, of another one nobody can say."""
_HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
_URI = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://(?:[^/?#@]*@)?(\[[^\]]*\]|[^:/?#]*)(?::\d*)?(?:[/?#].*)?", re.DOTALL)
_DOTTED_QUAD = re.compile(r"\d+\.\d+\.\d+\.\d+")
_V4, _V6 = 4, 16
_PERMITTED, _EXCLUDED = 0xA0, 0xA1
_MOST_COMPARED = 10_000
_LONGEST_HOST = 253

Base = str | bytes | NameKey | tuple[int, bytes]


@dataclass(frozen=True, slots=True)
class Name:
    """A general name: its form and content. A directory name's content is its key."""

    form: Form
    value: str | bytes | NameKey


@dataclass(slots=True)
class Subtrees:
    """What one certificate permits, or excludes, of each form; addresses by the size of their mask."""

    bases: dict[Form, set[Base]] = field(default_factory=dict)

    def hold(self, name: Name) -> bool | None:
        """Whether the name is within; None: nobody can say."""
        bases = self.bases[name.form]
        if name.form in _EXACT:
            return True if name.value in bases else None
        places = _places(name, bases)
        return None if places is None else any(place in bases for place in places)

    def touch(self, name: Name) -> bool | None:
        """Whether the name is within, or is a wild card for one that is."""
        held = self.hold(name)
        if held is False and name.form is Form.DNS and isinstance(name.value, str) and name.value.startswith("*."):
            domain = name.value[2:].lower().removesuffix(".")
            return any(isinstance(base, str) and base.partition(".")[2] == domain for base in self.bases[Form.DNS])
        return held


@dataclass(slots=True)
class Constraints:
    """What the authorities of a path have said so far, each on top of the others."""

    permitted: list[Subtrees] = field(default_factory=list)
    excluded: list[Subtrees] = field(default_factory=list)

    def add(self, cert: Cert) -> None:
        """What this authority says. Raises Unreadable where it says it in a form that no rule allows."""
        permitted, excluded = _stated(cert)
        self.permitted += permitted
        self.excluded += excluded

    def refuse(self, cert: Cert) -> str:
        """Why one of the certificate's names is not allowed, or empty."""
        if not self.permitted and not self.excluded:
            return ""
        if len(_names(cert)) * len(self.permitted + self.excluded) > _MOST_COMPARED:
            return "more names and constraints than can be compared"
        for name in _names(cert):
            for trees in self.permitted:
                if name.form in trees.bases and trees.hold(name) is not True:
                    return f"a name of form {name.form.name} outside what is permitted"
            for trees in self.excluded:
                if name.form in trees.bases and trees.touch(name) is not False:
                    return f"a name of form {name.form.name} within what is excluded"
        return ""


@lru_cache(maxsize=64)
def _stated(cert: Cert) -> tuple[list[Subtrees], list[Subtrees]]:
    value = cert.value(NAME_CONSTRAINTS)
    if value is None:
        return [], []
    trees = [part for part in parts(value.content) if part.content]
    if not trees or any(tree.identifier not in (_PERMITTED, _EXCLUDED) for tree in trees):
        raise Unreadable("name constraints that say nothing")
    return (
        [_subtrees(tree.content) for tree in trees if tree.identifier == _PERMITTED],
        [_subtrees(tree.content) for tree in trees if tree.identifier == _EXCLUDED],
    )


@lru_cache(maxsize=64)
def _names(cert: Cert) -> tuple[Name, ...]:
    return tuple(of(cert))


def of(cert: Cert) -> Iterator[Name]:
    """All names of a certificate's subject."""
    if cert.subject:
        yield Name(Form.DIRECTORY, cert.subject)
    alternative = cert.extensions.get(SUBJECT_ALT_NAME)
    if alternative is None:
        yield from (Name(Form.MAIL, mail) for mail in names.emails(cert.subject))
        return
    for part in parts(only(alternative.value).content):
        yield general(part)


def general(part: Part) -> Name:
    """A GeneralName. Raises ValueError."""
    form = Form(part.identifier & 0x1F)
    if form is Form.DIRECTORY:
        return Name(form, names.key(part.content))
    if form in (Form.MAIL, Form.DNS, Form.URI):
        return Name(form, part.content.decode("ascii"))
    return Name(form, part.content)


def _subtrees(content: bytes) -> Subtrees:
    found = Subtrees()
    for tree in parts(content):
        base, *limits = parts(tree.content)
        if limits:
            raise Unreadable("minimum and maximum are not used (RFC 5280 §4.2.1.10)")
        name = general(base)
        found.bases.setdefault(name.form, set()).add(_base(name))
    return found


def _base(name: Name) -> Base:
    match name:
        case Name(Form.DNS, str(value)):
            return _host(value) if value else ""
        case Name(Form.URI, str(value)):
            return _host_or_domain(value)
        case Name(Form.MAIL, str(value)):
            mailbox, at, host = _mail(value)
            return f"{mailbox}@{_host(host)}" if at else _host_or_domain(host)
        case Name(Form.ADDRESS, bytes(value)):
            return _network(value)
    return name.value


def _host_or_domain(value: str) -> str:
    return "." + _host(value[1:]) if value.startswith(".") else _host(value)


def _mail(value: str) -> tuple[str, str, str]:
    mailbox, at, host = value.rpartition("@")
    if at and (not mailbox or ("@" in mailbox and not mailbox.startswith('"'))):
        raise Unreadable("no mailbox")
    return mailbox, at, host


def _is_host(value: str) -> bool:
    return len(value) <= _LONGEST_HOST and _HOST.fullmatch(value) is not None


def _host(value: str) -> str:
    folded = value.lower().removesuffix(".")
    if not _is_host(folded):
        raise Unreadable("a constraint that is no host")
    return folded


def _network(value: bytes) -> tuple[int, bytes]:
    half = len(value) // 2
    if len(value) not in (2 * _V4, 2 * _V6):
        raise Unreadable("a constraint that is no network")
    mask = int.from_bytes(value[half:], "big")
    ones = mask.bit_count()
    if mask != _mask(ones, half):
        raise Unreadable("a network mask with gaps")
    return ones, _masked(value[:half], ones)


def _mask(ones: int, octets: int) -> int:
    return ((1 << ones) - 1) << (8 * octets - ones)


def _masked(address: bytes, ones: int) -> bytes:
    return (int.from_bytes(address, "big") & _mask(ones, len(address))).to_bytes(len(address), "big")


def _places(name: Name, bases: set[Base]) -> Iterable[Base] | None:
    """Every base within which the name would lie; None where the name itself is none."""
    match name:
        case Name(Form.DIRECTORY, tuple(value)):
            return [value[:length] for length in {len(base) for base in bases if isinstance(base, tuple)}]
        case Name(Form.DNS, str(value)):
            return _dns_places(value)
        case Name(Form.URI, str(value)):
            found = _URI.fullmatch(value)
            host = found[1].lower().removesuffix(".") if found else ""
            return _host_places(host) if _is_host(host) and not _DOTTED_QUAD.fullmatch(host) else None
        case Name(Form.MAIL, str(value)):
            mailbox, at, host = _mail(value)
            host = host.lower()
            return [f"{mailbox}@{host}", *_host_places(host)] if at and len(host) <= _LONGEST_HOST else None
        case Name(Form.ADDRESS, bytes(value)) if len(value) in (_V4, _V6):
            return [(ones, _masked(value, ones)) for ones in _masks(bases, len(value))]
    return None


def _masks(bases: set[Base], octets: int) -> set[int]:
    """Sizes of the networks' masks; a base is its mask's size and its address."""
    return {
        base[0]
        for base in bases
        if isinstance(base, tuple) and len(base) == 2  # noqa: PLR2004 - the pair
        and isinstance(base[0], int) and isinstance(base[1], bytes) and len(base[1]) == octets
    }  # fmt: skip


def _host_places(host: str) -> list[Base]:
    """The host itself, and each domain above it written with a leading point."""
    labels = host.split(".")
    return [host, *("." + ".".join(labels[start:]) for start in range(1, len(labels)))]


def _dns_places(value: str) -> list[Base] | None:
    host = value.lower().removesuffix(".")
    if not _is_host(host.removeprefix("*.")):
        return None
    labels = host.split(".")
    return ["", *(".".join(labels[start:]) for start in range(len(labels)))]
