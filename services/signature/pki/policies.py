"""Certificate policies along a path (RFC 5280 §6.1 as RFC 9618 rewrote it: a graph, which cannot explode)."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import lru_cache

from services.signature.pki.certificate import (
    INHIBIT_ANY,
    POLICIES,
    POLICY_CONSTRAINTS,
    POLICY_MAPPINGS,
    Cert,
    Unreadable,
    number,
    oids,
    read,
)
from services.signature.verification import PathRules

ANY = "2.5.29.32.0"
_MOST = 256
"""Policies, and mappings, of one certificate: real ones have a handful, and 32 ways are followed in a second or two."""


@dataclass(slots=True, eq=False)
class _Node:
    policy: str
    expected: set[str]
    above: list["_Node"]


@dataclass(slots=True)
class Policies:
    """State of the algorithm (§6.1.2), moved on certificate by certificate."""

    rules: PathRules
    length: int
    """Certificates on the path without the anchor."""
    explicit: int = 0
    any_allowed: int = 0
    mapping: int = 0
    levels: list[dict[str, _Node]] | None = field(default_factory=lambda: [{ANY: _Node(ANY, {ANY}, [])}])

    def __post_init__(self) -> None:
        self.explicit = 0 if self.rules.require_explicit_policy else self.length + 1
        self.any_allowed = 0 if self.rules.inhibit_any_policy else self.length + 1
        self.mapping = 0 if self.rules.inhibit_policy_mapping else self.length + 1

    def take(self, cert: Cert, *, last: bool) -> str:
        """Steps (d) to (f); then the preparation for the next certificate or the wrap-up. What is wrong, or empty."""
        self._grow(cert, last=last)
        if self.levels is None and self.explicit <= 0:
            return "no policy holds for the whole path"
        return self._wrap_up(cert) if last else self._prepare(cert)

    def _grow(self, cert: Cert, *, last: bool) -> None:
        found = _policies(cert)
        if found is None:
            self.levels = None
        if self.levels is None or found is None:
            return
        above, level = self.levels[-1], dict[str, _Node]()
        expecting = defaultdict[str, list[_Node]](list)
        for node in above.values():
            for policy in node.expected:
                expecting[policy].append(node)
        for policy in found - {ANY}:
            parents = expecting.get(policy) or ([above[ANY]] if ANY in above else [])
            if parents:
                level[policy] = _Node(policy, {policy}, parents)
        if ANY in found and (self.any_allowed > 0 or (not last and cert.self_issued)):
            for policy in expecting.keys() - level.keys():
                level[policy] = _Node(policy, {policy}, expecting[policy])
        self.levels.append(level)
        self._prune()

    def _prepare(self, cert: Cert) -> str:
        mappings = _mappings(cert)
        if any(ANY in (mapped, onto) for mapped, onto in mappings):
            return "a policy is mapped to or from any"
        self._map(mappings)
        if not cert.self_issued:
            self.explicit, self.mapping = max(self.explicit - 1, 0), max(self.mapping - 1, 0)
            self.any_allowed = max(self.any_allowed - 1, 0)
        required, inhibited = _constraints(cert)
        self.explicit = self.explicit if required is None else min(self.explicit, required)
        self.mapping = self.mapping if inhibited is None else min(self.mapping, inhibited)
        inhibit = cert.value(INHIBIT_ANY)
        if inhibit is not None:
            self.any_allowed = min(self.any_allowed, number(inhibit.content))
        return ""

    def _map(self, mappings: Collection[tuple[str, str]]) -> None:
        if self.levels is None:
            return
        level, above = self.levels[-1], self.levels[-2]
        ontos = defaultdict[str, set[str]](set)
        for mapped, other in mappings:
            ontos[mapped].add(other)
        for policy, onto in ontos.items():
            if self.mapping <= 0:
                level.pop(policy, None)
            elif policy in level:
                level[policy].expected = onto
            elif ANY in level:
                level[policy] = _Node(policy, onto, [above[ANY]])
        self._prune()

    def _prune(self) -> None:
        """Nodes without a child go, from the last level but one upwards."""
        if self.levels is None:
            return
        for level, below in zip(self.levels[-2::-1], self.levels[:0:-1], strict=True):
            parents = {id(parent) for node in below.values() for parent in node.above}
            for policy in [policy for policy, node in level.items() if id(node) not in parents]:
                del level[policy]
        if not self.levels[-1]:
            self.levels = None

    def _wrap_up(self, cert: Cert) -> str:
        """§6.1.5."""
        self.explicit = max(self.explicit - 1, 0)
        if _constraints(cert)[0] == 0:
            self.explicit = 0
        return "" if self.explicit > 0 or self._acceptable() else "no acceptable policy holds for the whole path"

    def _acceptable(self) -> bool:
        if self.levels is None:
            return False
        wanted = set(self.rules.policies) - {ANY}
        if not self.rules.policies or ANY in self.rules.policies or ANY in self.levels[-1]:
            return True
        return any(
            node.policy in wanted and any(parent.policy == ANY for parent in node.above)
            for level in self.levels[1:]
            for node in level.values()
        )


@lru_cache(maxsize=64)
def _policies(cert: Cert) -> frozenset[str] | None:
    value = cert.value(POLICIES)
    if value is None:
        return None
    listed = read(value.content)
    if len(listed) > _MOST:
        raise Unreadable("more policies than can be followed")
    found = [oids(read(part.content)[0].whole)[0] for part in listed if part.content]
    if not found or len(set(found)) != len(found):
        raise Unreadable("policies that are none, or there twice")
    return frozenset(found)


@lru_cache(maxsize=64)
def _mappings(cert: Cert) -> list[tuple[str, str]]:
    value = cert.value(POLICY_MAPPINGS)
    listed = [] if value is None else read(value.content)
    if len(listed) > _MOST:
        raise Unreadable("more policy mappings than can be followed")
    found = [oids(part.content) for part in listed]
    if any(len(pair) != 2 for pair in found):  # noqa: PLR2004 - from and to
        raise Unreadable("policy mappings")
    return [(mapped, onto) for mapped, onto in found]


def _constraints(cert: Cert) -> tuple[int | None, int | None]:
    value = cert.value(POLICY_CONSTRAINTS)
    found = {} if value is None else {part.identifier: number(part.content) for part in read(value.content)}
    if value is not None and not found:
        raise Unreadable("policy constraints that say nothing")
    return found.get(0x80), found.get(0x81)
