"""What an agency writes about itself at the top and at the foot of a letter (NĐ 30/2020, Annex I).

Abbreviations and titles are those in public use; a province's follow from its name.
"""

from dataclasses import dataclass

from sim.agencies import Agency


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """An agency as its letterhead shows it."""

    heading: str
    """Name in capitals."""
    abbreviation: str
    """Stands in the notation: `BTC`, `UBND`."""
    place: str
    """Where it issues: `Hà Nội`."""
    head: str
    """Title of its head, as in running text: `Bộ trưởng`."""
    deputy: str
    """Title of a deputy: `Thứ trưởng`."""
    units: tuple[str, ...]
    """Abbreviations of its drafting units: `VP`, `KHTC`."""
    collective: bool
    """The head signs on behalf of a collective (`TM. ỦY BAN NHÂN DÂN`)."""


_MINISTER = ("Bộ trưởng", "Thứ trưởng")
_CHAIR = ("Chủ tịch", "Phó Chủ tịch")
_DIRECTOR_GENERAL = ("Tổng Giám đốc", "Phó Tổng Giám đốc")
_CENTRAL_UNITS = ("VP", "KHTC", "TCCB", "PC", "CNTT", "HTQT")
_PROVINCE_UNITS = ("VP", "TH", "KT", "VX", "NC", "CNXD")

_CENTRAL: dict[str, tuple[str, tuple[str, str]]] = {
    "G01": ("BCA", _MINISTER),
    "G02": ("BCT", _MINISTER),
    "G03": ("BGDĐT", _MINISTER),
    "G04": ("BGTVT", _MINISTER),
    "G05": ("BKHĐT", _MINISTER),
    "G06": ("BKHCN", _MINISTER),
    "G07": ("BLĐTBXH", _MINISTER),
    "G08": ("BNG", _MINISTER),
    "G09": ("BNV", _MINISTER),
    "G10": ("BNN", _MINISTER),
    "G11": ("BQP", _MINISTER),
    "G12": ("BTC", _MINISTER),
    "G13": ("BTNMT", _MINISTER),
    "G14": ("BTTTT", _MINISTER),
    "G15": ("BTP", _MINISTER),
    "G16": ("BVHTTDL", _MINISTER),
    "G17": ("BXD", _MINISTER),
    "G18": ("BYT", _MINISTER),
    "G19": ("NHNN", ("Thống đốc", "Phó Thống đốc")),
    "G20": ("TTCP", ("Tổng Thanh tra", "Phó Tổng Thanh tra")),
    "G21": ("UBDT", ("Bộ trưởng, Chủ nhiệm", "Thứ trưởng, Phó Chủ nhiệm")),
    "G22": ("VPCP", ("Bộ trưởng, Chủ nhiệm", "Phó Chủ nhiệm")),
    "A80": ("VPTW", ("Chánh Văn phòng", "Phó Chánh Văn phòng")),
    "G23": ("BQLL", ("Trưởng ban", "Phó Trưởng ban")),
    "G24": ("BHXH", _DIRECTOR_GENERAL),
    "G27": ("TNVN", _DIRECTOR_GENERAL),
    "G28": ("THVN", _DIRECTOR_GENERAL),
    "G29": ("HVCTQG", ("Giám đốc", "Phó Giám đốc")),
    "G30": ("TTX", _DIRECTOR_GENERAL),
    "G31": ("VHLKHCN", _CHAIR),
    "G32": ("VHLKHXH", _CHAIR),
    "G33": ("UBQLV", _CHAIR),
}


def office(agency: Agency) -> Office:
    """The agency's letterhead. An agency outside the tables gets a neutral one, so that any list of agencies works."""
    if agency.kind == "province":
        return _province(agency)
    abbreviation, (head, deputy) = _CENTRAL.get(agency.group, (agency.group, ("Thủ trưởng", "Phó Thủ trưởng")))
    return Office(
        heading=agency.name.upper(),
        abbreviation=abbreviation,
        place="Hà Nội",
        head=head,
        deputy=deputy,
        units=_CENTRAL_UNITS,
        collective=False,
    )


def _province(agency: Agency) -> Office:
    level, _, name = agency.name.removeprefix("UBND ").partition(" ")
    if level.lower() == "thành":  # "Thành phố": two words
        level, name = "Thành phố", name.partition(" ")[2]
    return Office(
        heading=f"ỦY BAN NHÂN DÂN\n{level.upper()} {name.upper()}",
        abbreviation="UBND",
        place=name.title(),
        head=_CHAIR[0],
        deputy=_CHAIR[1],
        units=_PROVINCE_UNITS,
        collective=True,
    )
