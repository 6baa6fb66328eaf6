"""What a planned document says: number, trích yếu, text, signer. A pure function of the plan and the run's nonce."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sim import phrases
from sim.agencies import Agency, AgencyCode
from sim.kinds import Issuer, Kind, KindKey
from sim.offices import Office, office
from sim.plan import PlannedDocument

NUMBERS_PER_RUN = 100_000
"""A run's nonce moves its document numbers by this much: CodeNumber has 11 digits, so nonces go to 999 999."""

_ARTICLED = ("NĐ", "QĐ", "TT", "NQ", "QC", "QyĐ")  # texts in articles: "Điều 1."
_LEADS = {"NĐ": "NGHỊ ĐỊNH:", "QĐ": "QUYẾT ĐỊNH:", "TT": "THÔNG TƯ:", "NQ": "QUYẾT NGHỊ:"}
_SUBJECTS = {"": "V/v", "BC": "Kết quả", "KH": "Thực hiện", "GM": "Họp về", "ĐA": "Nội dung", "DA": "Nội dung"}
_NAMED_ADDRESSEES = 5  # more are summed up in one line


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A document ready to be printed and packed."""

    sender: Agency
    recipients: tuple[Agency, ...]
    office: Office
    kind: Kind
    number: str
    notation: str
    subject: str
    grounds: tuple[str, ...]
    """`Căn cứ …` lines; empty for letters and reports."""
    lead: str
    """`QUYẾT ĐỊNH:`; often empty."""
    opening: str
    paragraphs: tuple[str, ...]
    closing: str
    competence: str
    """`KT. CHỦ TỊCH`; empty when the head signs for himself."""
    position: str
    signer: str
    clerk: str
    promulgated: date
    due: date | None
    priority: int

    @property
    def code(self) -> str:
        """Số và ký hiệu: `125/UBND-KT`."""
        return f"{self.number}/{self.notation}"

    @property
    def document_id(self) -> str:
        """DocumentId in the usual form: sender, date, number and notation."""
        return f"{self.sender.code},{self.promulgated:%Y/%m/%d},{self.code}"

    @property
    def file_stem(self) -> str:
        """Name of the PDF without its ending, in letters that every file system takes."""
        return self.code.replace("/", "-")

    @property
    def to_places(self) -> tuple[str, ...]:
        """Nơi nhận."""
        named = tuple(agency.name for agency in self.recipients[:_NAMED_ADDRESSEES])
        return ("Như trên", *named, f"Lưu: VT, {self.office.units[0]}")


def compose(
    document: PlannedDocument,
    agencies: Mapping[AgencyCode, Agency],
    kinds: Mapping[KindKey, Kind],
    *,
    nonce: int,
) -> Letter:
    """The letter of `document`. `nonce` (0..999 999) makes its number, and so its DocumentId, the run's own."""
    rng = document.rng("letter")
    sender, kind = agencies[document.sender], kinds[document.kind]
    issuing = _issuing_office(kind, office(sender))
    blanks = _Blanks(rng, document, sender, tuple(agencies.values()))
    articled = kind.abbreviation in _ARTICLED
    topic = rng.choice(phrases.TOPICS)
    matter = blanks.fill(topic.subject)
    competence, position = _capacity(rng, kind, issuing)
    return Letter(
        sender=sender,
        recipients=tuple(agencies.get(code) or _stranger(code) for code in document.codes),
        office=issuing,
        kind=kind,
        number=str(nonce * NUMBERS_PER_RUN + document.index + 1),
        notation=_notation(rng, kind, issuing, document.promulgated.year),
        subject=f"{_SUBJECTS.get(kind.abbreviation, 'Về việc')} {matter} (đợt {rng.randint(1, 12)})",
        grounds=tuple(blanks.fill(line) for line in phrases.GROUNDS) if articled else (),
        lead=_LEADS.get(kind.abbreviation, ""),
        opening=blanks.fill(rng.choice(phrases.OPENINGS), topic=matter),
        paragraphs=_paragraphs(rng, blanks, topic),
        closing=blanks.fill(rng.choice(phrases.CLOSINGS)),
        competence=competence,
        position=position,
        signer=_person(rng),
        clerk=_person(rng),
        promulgated=document.promulgated,
        due=document.promulgated + timedelta(days=rng.randint(5, 30)) if rng.random() < 0.4 else None,  # noqa: PLR2004 - share
        priority=document.priority,
    )


class _Blanks:
    """Fills the places left open in a phrase, with other figures every time."""

    def __init__(
        self, rng: random.Random, document: PlannedDocument, sender: Agency, agencies: Sequence[Agency]
    ) -> None:
        self._rng = rng
        self._today = document.promulgated
        self._sender = sender
        self._agencies = agencies

    def fill(self, phrase: str, topic: str = "") -> str:
        rng = self._rng
        one, other = rng.sample(self._agencies, 2)
        return phrase.format(
            year=self._today.year,
            next_year=self._today.year + 1,
            number=f"{rng.randint(1_200, 98_000):,}".replace(",", "."),
            count=f"{rng.randint(2, 28):02d}",  # numbers below 10 get a leading 0 (NĐ 30 Annex I)
            percent=f"{rng.randint(520, 989) / 10:.1f}".replace(".", ","),
            money=f"{rng.randint(250, 480_000):,}".replace(",", "."),
            day=f"{self._today + timedelta(days=rng.randint(5, 40)):%d/%m/%Y}",
            past_day=f"{self._today - timedelta(days=rng.randint(1, 20)):%d/%m/%Y}",
            place=office(one).place,
            other_place=office(other).place,
            other=other.name,
            agency=self._sender.name,
            topic=topic,
        )


def _paragraphs(rng: random.Random, blanks: _Blanks, topic: phrases.Topic) -> tuple[str, ...]:
    general = rng.sample(phrases.GENERAL, rng.randint(2, len(phrases.GENERAL)))
    return tuple(blanks.fill(phrase) for phrase in (*topic.facts, *topic.tasks, *general))


def _issuing_office(kind: Kind, own: Office) -> Office:
    """The Government and the Prime Minister sign under their own heading; the Government Office only sends."""
    if kind.issuer is Issuer.GOVERNMENT:
        return replace(own, heading="CHÍNH PHỦ", abbreviation="CP", head="Thủ tướng", deputy="Phó Thủ tướng")
    if kind.issuer is Issuer.PRIME_MINISTER:
        heading = "THỦ TƯỚNG CHÍNH PHỦ"
        return replace(own, heading=heading, abbreviation="TTg", head="Thủ tướng", deputy="Phó Thủ tướng")
    return own


def _notation(rng: random.Random, kind: Kind, issuing: Office, year: int) -> str:
    unit = rng.choice(issuing.units)
    if kind.letter:
        return f"{issuing.abbreviation}-{unit}"
    body = f"{kind.abbreviation}-{issuing.abbreviation}"
    return f"{year}/{body}" if kind.normative else body


def _capacity(rng: random.Random, kind: Kind, issuing: Office) -> tuple[str, str]:
    """Quyền hạn and chức vụ: the head, a deputy for the head, or the chief of office by order of the head."""
    head = ("TM. ỦY BAN NHÂN DÂN" if issuing.collective else "", issuing.head)
    deputy = (f"KT. {issuing.head.upper()}", issuing.deputy)
    by_order = (f"TL. {issuing.head.upper()}", "Chánh Văn phòng")
    if kind.issuer is not Issuer.ANYBODY:
        return rng.choice((head, deputy))
    return rng.choices((head, deputy, by_order), (3, 5, 2))[0]


def _person(rng: random.Random) -> str:
    return " ".join(rng.choice(names) for names in (phrases.FAMILY_NAMES, phrases.MIDDLE_NAMES, phrases.GIVEN_NAMES))


def _stranger(code: AgencyCode) -> Agency:
    """Somebody the sender believes in and the directory does not know."""
    return Agency(code=code, name="Sở Mẫu tỉnh Ví Dụ", kind="unit")
