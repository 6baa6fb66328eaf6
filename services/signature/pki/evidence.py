"""Lists and answers at hand, parsed once for the same bytes."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from services.signature.pki import files
from services.signature.pki.anchors import Parsed
from services.signature.pki.answers import Answer, answer
from services.signature.pki.certificate import Unreadable
from services.signature.pki.lists import RevocationList, revocation_list
from services.signature.pki.names import NameKey

parsed_list: Callable[[bytes], RevocationList] = Parsed(revocation_list, most=256, most_bytes=32 * 1024 * 1024)
parsed_answer: Callable[[bytes], Answer | None] = Parsed(answer, most=256, most_bytes=8 * 1024 * 1024)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is said of revocation."""

    lists: dict[NameKey, list[RevocationList]]
    answers: tuple[Answer, ...]
    faults: tuple[str, ...] = ()
    """Which files could not be read, and why."""


def evidence(crls: Iterable[bytes], ocsps: Iterable[bytes]) -> Evidence:
    """From files."""
    faults: list[str] = []
    lists: dict[NameKey, list[RevocationList]] = defaultdict(list)
    for number, content in enumerate(crls):
        try:
            for each in [parsed_list(der) for der in files.contents(content, files.LISTS)]:
                lists[each.issuer].append(each)
        except (Unreadable, files.NotArmoured) as error:
            faults.append(f"CRL {number}: {error}")
    answers: list[Answer | None] = []
    for number, content in enumerate(ocsps):
        try:
            answers += [parsed_answer(der) for der in files.contents(content, files.ANSWERS)]
        except (Unreadable, files.NotArmoured) as error:
            faults.append(f"OCSP {number}: {error}")
    said = tuple(each for each in answers if each is not None)
    return Evidence(lists=dict(lists), answers=said, faults=tuple(faults))


def kept(new: Evidence, old: Evidence) -> Evidence:
    """The new lists, with those of before that are better: where a new file is bad, or tells an older story.

    A list that is gone without any file being bad was taken away on purpose.
    """
    lists = {issuer: list(made) for issuer, made in new.lists.items()}
    for issuer, made in old.lists.items():
        for each in made:
            same = [one for one in lists.get(issuer, ()) if one.kind == each.kind]
            if (not same and new.faults) or (same and all(one.age < each.age for one in same)):
                lists.setdefault(issuer, []).append(each)
    return Evidence(lists=lists, answers=new.answers, faults=new.faults)
