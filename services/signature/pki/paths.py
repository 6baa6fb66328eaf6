"""Ways from a certificate to an anchor. An edge is one whose signature holds; the search is bounded in every direction.

Authorities that sign each other under one name make ways explode: 32 of them have more ways than there are atoms. So
at most 64 signatures are checked in a search, ways are at most ten certificates long, and short ways come first. Where
the bounds end the search nothing is found: an attacker who brings such certificates is not trusted for it.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from services.signature.pki.anchors import Pool
from services.signature.pki.certificate import Cert
from services.signature.pki.signing import Check, Checks, inherits, working_key

MOST_CHECKS, DEEPEST = 64, 10
_MOST_STEPS, _MOST_PATHS = 512, 32

Path = tuple[Cert, ...]
"""From the anchor to the certificate that is judged."""


@dataclass(slots=True)
class Search:
    """One search, with what it has cost so far. `unsupported`: an edge that nobody here can check."""

    pool: Pool
    checks: Checks
    deepest: int = DEEPEST
    left: int = MOST_CHECKS
    unsupported: bool = False
    exhausted: bool = False
    _inherited: set[bytes] = field(default_factory=set)

    def paths(self, leaf: Cert) -> Iterator[Path]:
        """Ways to an anchor, the shortest first."""
        if self.pool.is_anchor(leaf):
            yield (leaf,)
        waiting: deque[Path] = deque([(leaf,)])
        steps = found = 0
        while waiting:
            path = waiting.popleft()
            for issuer, anchor in self._issuers(path):
                steps += 1
                if steps > _MOST_STEPS or found >= _MOST_PATHS:
                    self.exhausted = True
                    return
                if not self._signed(path[0], issuer):
                    continue
                if anchor:
                    found += 1
                    yield (issuer, *path)
                elif len(path) < self.deepest - 1:
                    waiting.append((issuer, *path))

    def _issuers(self, path: Path) -> Iterator[tuple[Cert, bool]]:
        """Who may have issued the first of `path`, the likeliest first. No name and key comes twice on a way."""
        name, hint = path[0].issuer, path[0].authority_key
        if not name:
            return
        anchors = self.pool.anchors.get(name, [])
        for anchor in sorted(anchors, key=lambda cert: cert.key_identifier != hint):
            if anchor not in path:
                yield anchor, True
        taken = {(cert.subject, cert.key_info) for cert in path}
        for cert in sorted(self.pool.between.get(name, ()), key=lambda cert: cert.key_identifier != hint):
            if (cert.subject, cert.key_info) not in taken and cert not in anchors:
                yield cert, False

    def _signed(self, cert: Cert, issuer: Cert) -> bool:
        return any(self._holds(cert, key) for key in self.keys(issuer))

    def _holds(self, cert: Cert, key_info: bytes) -> bool:
        if self.checks.known(cert.digest, key_info) is None:
            if self.left <= 0:
                self.exhausted = True
                return False
            self.left -= 1
        check = self.checks.check(cert.digest, cert.quick, cert.signed, key_info)
        self.unsupported = self.unsupported or check is Check.UNSUPPORTED
        return check is Check.HOLDS

    def keys(self, cert: Cert, depth: int = 3) -> list[bytes]:
        """The certificate's key, with the parameters of each authority it may have inherited them from."""
        if depth == 0 or not inherits(cert.key_info):
            return [cert.key_info]
        above = [*self.pool.anchors.get(cert.issuer, ()), *self.pool.between.get(cert.issuer, ())][:4]
        keys = {working_key(cert.key_info, key) for other in above if other != cert
                for key in self.keys(other, depth - 1)}  # fmt: skip
        return sorted(keys)
