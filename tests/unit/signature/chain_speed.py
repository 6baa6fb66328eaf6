"""Chains judged with CRLs, on one core: `python -m tests.unit.signature.chain_speed`."""

import sys
from collections.abc import Callable
from itertools import cycle
from time import process_time

from services.signature.pki import standing as judging
from services.signature.verification import RevocationMode, TrustBase
from tests.unit.signature import authority
from tests.unit.signature.authority import RECEIVED
from tests.unit.signature.test_chain import long_list

_SECONDS = 2.0


def rate(what: str, judge: Callable[[], object]) -> None:
    judge()
    count, start = 0, process_time()
    while process_time() - start < _SECONDS:
        judge()
        count += 1
    sys.stdout.write(f"{what:60} {count / (process_time() - start):8.0f}/s\n")


def main() -> None:
    chains = authority.chains()
    long = authority.chains(lists=[authority.crl(authority.ROOT_NAME, authority.key("root")), long_list(250_000)])
    base = TrustBase(trust=(authority.anchors(),), crls=tuple(authority.crls()), revocation=RevocationMode.REQUIRE)
    leaf, *others = authority.sender().ders
    fresh = cycle([authority.issued(authority.curve_key("x"), f"{number}").ders for number in range(6_000)])

    def anew() -> None:
        judging._CHECKS.done.clear()
        chains.judge(leaf, others, RECEIVED)

    def another() -> None:
        one, *more = next(fresh)
        chains.judge(one, more, RECEIVED)

    rate("root, authority, agency; two CRLs; a signer known", lambda: chains.judge(leaf, others, RECEIVED))
    rate("the same, files of a request", lambda: judging.standing(leaf, others, base, RECEIVED))
    rate("the same, every signature checked anew", anew)
    rate("a signer never seen before each time", another)
    rate("a CRL of 250,000 entries; a signer known", lambda: long.judge(leaf, others, RECEIVED))


if __name__ == "__main__":
    main()
