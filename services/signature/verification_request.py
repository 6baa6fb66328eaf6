"""Reading a request of `hubctl verify`: every field is checked, every file it names is opened here and nowhere else."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

from services.signature.verification import (
    BadRequest,
    EmbeddedKey,
    Kind,
    NodeSet,
    PathRules,
    Profile,
    Request,
    RevocationMode,
    TrustBase,
)

FIELDS = frozenset(
    {
        "id", "kind", "path", "profile", "trust", "intermediates", "crls", "ocsps", "revocation", "at", "embedded_key",
        "keys", "hmac_key", "hmac_min_bits", "external", "id_attributes", "consumed", "policies",
        "require_explicit_policy", "inhibit_policy_mapping", "inhibit_any_policy", "eku", "key_usage", "max_path",
        "password", "method", "prefixes", "xpath",
    }
)  # fmt: skip

Opener = Callable[[str], bytes]
"""Gives a file's bytes; OSError when it cannot."""
W = TypeVar("W", bound=StrEnum)


def request_of(line: Mapping[str, Any], opener: Opener, now: datetime) -> Request:
    """The request of one JSON object. Raises BadRequest. A field that is null counts as absent."""
    given = {name: value for name, value in line.items() if value is not None}
    unknown = sorted(given.keys() - FIELDS)
    if unknown:
        raise BadRequest(f"unknown field: {', '.join(unknown)[:200]}")
    fields = _Fields(given, opener)
    kind = fields.word("kind", Kind, None)
    if kind is Kind.C14N and not fields.text("method"):
        raise BadRequest("method: required for kind c14n")
    return Request(
        kind=kind,
        profile=fields.word("profile", Profile, Profile.INTEROP),
        content=fields.file("path"),
        at=fields.moment("at", now),
        base=_base(fields),
        embedded_key=fields.word("embedded_key", EmbeddedKey, EmbeddedKey.NEVER),
        keys=fields.named_files("keys"),
        hmac_key=fields.file("hmac_key") if "hmac_key" in given else None,
        hmac_min_bits=fields.number("hmac_min_bits"),
        external=fields.named_files("external"),
        id_attributes=fields.texts("id_attributes"),
        consumed=fields.text("consumed"),
        password=fields.text("password") if "password" in given else None,
        method=fields.text("method"),
        prefixes=fields.prefixes("prefixes"),
        node_set=fields.node_set("xpath"),
    )


def _base(fields: "_Fields") -> TrustBase:
    return TrustBase(
        trust=fields.files("trust"),
        intermediates=fields.files("intermediates"),
        crls=fields.files("crls"),
        ocsps=fields.files("ocsps"),
        revocation=fields.word("revocation", RevocationMode, RevocationMode.IF_PRESENT),
        rules=PathRules(
            policies=fields.texts("policies"),
            require_explicit_policy=fields.flag("require_explicit_policy"),
            inhibit_policy_mapping=fields.flag("inhibit_policy_mapping"),
            inhibit_any_policy=fields.flag("inhibit_any_policy"),
            eku=fields.texts("eku"),
            key_usage=fields.texts("key_usage"),
            max_path=fields.number("max_path"),
        ),
    )


class _Fields:
    """The fields of one object, each by the shape it must have."""

    def __init__(self, given: Mapping[str, Any], opener: Opener) -> None:
        self._given = given
        self._opener = opener

    def word(self, name: str, words: type[W], default: W | None) -> W:
        if name not in self._given and default is not None:
            return default
        try:
            return words(self.text(name))
        except ValueError as error:
            raise BadRequest(f"{name}: one of {', '.join(words)}") from error

    def text(self, name: str) -> str:
        value = self._given.get(name, "")
        if not isinstance(value, str):
            raise BadRequest(f"{name}: text expected")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts, or one text alone."""
        value = self._given.get(name, ())
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, Sequence) or not all(isinstance(each, str) for each in values):
            raise BadRequest(f"{name}: list of texts expected")
        return tuple(values)

    def prefixes(self, name: str) -> tuple[str, ...]:
        """A list, or one text with blanks between, as PrefixList writes it."""
        return tuple(prefix for text in self.texts(name) for prefix in text.split())

    def flag(self, name: str) -> bool:
        value = self._given.get(name, False)
        if not isinstance(value, bool):
            raise BadRequest(f"{name}: true or false expected")
        return value

    def number(self, name: str) -> int | None:
        value = self._given.get(name)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
            raise BadRequest(f"{name}: whole number expected")
        return value

    def moment(self, name: str, default: datetime) -> datetime:
        text = self.text(name)
        if not text:
            return default
        try:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is None:
                raise BadRequest(f"{name}: needs a zone, as in RFC 3339")
            return moment.astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise BadRequest(f"{name}: not a moment of RFC 3339") from error

    def file(self, name: str) -> bytes:
        path = self.text(name)
        if not path:
            raise BadRequest(f"{name}: required")
        return self._open(name, path)

    def files(self, name: str) -> tuple[bytes, ...]:
        return tuple(self._open(name, path) for path in self.texts(name))

    def named_files(self, name: str) -> dict[str, bytes]:
        return {key: self._open(name, path) for key, path in self._mapping(name, self._given.get(name, {})).items()}

    def node_set(self, name: str) -> NodeSet | None:
        """`{"expression": …, "namespaces": {prefix: URI}}`, the two as a list, or the expression alone."""
        value = self._given.get(name)
        if value is None:
            return None
        if isinstance(value, str):
            return NodeSet(expression=value)
        if isinstance(value, list) and len(value) == 2:  # noqa: PLR2004 - the pair
            value = {"expression": value[0], "namespaces": value[1]}
        if not isinstance(value, Mapping) or not isinstance(value.get("expression"), str):
            raise BadRequest(f"{name}: expression and namespaces expected")
        return NodeSet(expression=value["expression"], namespaces=self._mapping(name, value.get("namespaces") or {}))

    def _mapping(self, name: str, value: Any) -> dict[str, str]:
        if not isinstance(value, Mapping) or not all(isinstance(each, str) for each in value.values()):
            raise BadRequest(f"{name}: names and texts expected")
        return dict(value)

    def _open(self, name: str, path: str) -> bytes:
        try:
            return self._opener(path)
        except (OSError, ValueError) as error:
            raise BadRequest(f"{name}: {path[:200]} cannot be read: {type(error).__name__}") from error
