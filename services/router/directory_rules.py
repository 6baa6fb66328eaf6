"""What may stand in the directory (requirements §3.2): agencies with their codes and contacts, and who serves whom.

An entry is given whole and answered with an event when it differs from what stands, with nothing when it does not, and
with all reasons at once when it may not stand. A list is one change: all of it, or none. No code is ever lost: those
an agency had before are kept beside the ones given, because every code routes for ever.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from hub.model import ids
from hub.model.directory import Directory
from hub.model.errors import Invalid
from hub.model.events import AgencyChanged, ConnectionChanged, Event
from hub.model.ids import AgencyCode, SystemId
from hub.model.reasons import Code
from hub.model.statuses import AgencyState, SignaturePolicy
from hub.model.values import Contact, Identifier, Refusal
from services.router import directory_forms as forms
from services.router.directory_forms import bad

MOST_AGENCIES = 1_500
"""Agencies of one connection: its event stays below 64 KB (DESIGN §3)."""

_KIND = re.compile(r"[a-z_]{1,30}")
_SHORTEST_SECRET, _LONGEST_SECRET = 16, 256
_NEW = "directory"
"""Cause of an entry that nothing preceded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyEntry:
    """One agency as the operator wants it to stand."""

    code: AgencyCode
    name: str
    kind: str
    parent: AgencyCode
    state: AgencyState
    signature_policy: SignaturePolicy
    identifiers: tuple[Identifier, ...]
    """The code in force may be left out, and so may former codes."""
    contacts: tuple[Contact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeAgencies:
    """Command: these agencies stand so from now on; all of them or none."""

    entries: tuple[AgencyEntry, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeConnection:
    """Command: this connection stands so from now on."""

    system_id: SystemId
    agencies: tuple[AgencyCode, ...]
    active: bool
    secret: str | None
    """Shared secret; None keeps the one it has."""
    moved_from: tuple[SystemId, ...]
    """Connections from which agencies may be taken away: moving is said, never guessed."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretFacts:
    """What is to be written of a connection's secret."""

    sealed: str
    """Empty when there is no secret, old or new."""
    changed: bool


class NotInOrder(Invalid):
    """A change of the directory that may not stand; `refusals` holds every reason."""

    def __init__(self, refusals: Iterable[Refusal]) -> None:
        """`refusals` are never empty."""
        self.refusals = tuple(refusals)
        super().__init__(self.refusals[0].code, self.refusals[0].field)


def change_agencies(command: ChangeAgencies, directory: Directory, hub: AgencyCode) -> tuple[Event, ...]:
    """The agencies that change, in the order given; NotInOrder when any may not stand. `hub` is the hub's own code."""
    entries = tuple(_whole(entry, directory) for entry in command.entries)
    by_code = {entry.code: entry for entry in entries}
    refusals = [*_shared_codes(entries, hub)]
    for number, entry in enumerate(entries):
        refusals.extend(_agency_faults(entry, f"{number}", command.at))
        refusals.extend(_taken_codes(entry, f"{number}", directory))
        refusals.extend(_parent_faults(entry, f"{number}", by_code, directory))
    if refusals:
        raise NotInOrder(refusals)
    changes = (_agency_change(entry, directory, command.at) for entry in entries)
    return tuple(change for change in changes if change is not None)


def change_connection(command: ChangeConnection, directory: Directory, secret: SecretFacts) -> tuple[Event, ...]:
    """The connection when it changes, after those that lose agencies to it; NotInOrder when it may not stand."""
    refusals = [*_connection_faults(command, directory, secret)]
    if refusals:
        raise NotInOrder(refusals)
    agencies = tuple(dict.fromkeys(agency.code for code in command.agencies if (agency := directory.resolve(code))))
    moved = _moved(command, agencies, directory)
    losses = (_without(loser, taken, directory, command.at) for loser, taken in moved.items())
    present = directory.connection(command.system_id)
    same = present is not None and (present.agencies, present.active) == (agencies, command.active)
    if same and not secret.changed and not moved:
        return ()
    own = ConnectionChanged(
        event_id=_follows(present, "connection.changed", (agencies, command.active, secret.sealed), command.system_id),
        occurred_at=command.at,
        cause_id=present.event_id if present else _NEW,
        system_id=command.system_id,
        agencies=agencies,
        sealed_secret=secret.sealed,
        active=command.active,
    )
    return (*(loss for loss in losses if loss is not None), own)


def _whole(entry: AgencyEntry, directory: Directory) -> AgencyEntry:
    """The entry with its code in force first, then the codes given, then those that it and its forerunners had."""
    own = Identifier(code=entry.code, scheme=forms.scheme_of(entry.code), valid_from="", valid_to="")
    given = {identifier.code: identifier for identifier in entry.identifiers}
    had = {
        identifier.code: identifier
        for code in (entry.code, *given)
        if (agency := directory.resolve(code)) and (agency.code in given or agency.code == entry.code)
        for identifier in agency.identifiers
    }
    known = {entry.code: own} | had | given
    contacts = tuple(replace(contact, mobile=forms.plain_mobile(contact.mobile)) for contact in entry.contacts)
    return replace(entry, identifiers=(known.pop(entry.code), *known.values()), contacts=contacts)


def _shared_codes(entries: tuple[AgencyEntry, ...], hub: AgencyCode) -> Iterator[Refusal]:
    claims = Counter(code for entry in entries for code in {each.code for each in entry.identifiers})
    claims[hub] += 1
    for code, count in claims.items():
        if count > 1:
            yield Refusal(code=Code.CODE_TAKEN, field="identifiers", detail=code[:100])


def _agency_faults(entry: AgencyEntry, at_field: str, now: datetime) -> Iterator[Refusal]:
    if not ids.is_code(entry.code):
        yield bad(f"{at_field}.code", entry.code)
    if not forms.is_name(entry.name):
        yield bad(f"{at_field}.name", entry.name)
    if not _KIND.fullmatch(entry.kind):
        yield bad(f"{at_field}.kind", entry.kind)
    if len(entry.identifiers) > forms.MOST_IDENTIFIERS:
        yield bad(f"{at_field}.identifiers", f"{len(entry.identifiers)} > {forms.MOST_IDENTIFIERS}")
    if len(entry.contacts) > forms.MOST_CONTACTS:
        yield bad(f"{at_field}.contacts", f"{len(entry.contacts)} > {forms.MOST_CONTACTS}")
    for number, identifier in enumerate(entry.identifiers):
        if identifier.code != entry.code and not ids.is_code(identifier.code):
            yield bad(f"{at_field}.identifiers.{number}.code", identifier.code)
        yield from forms.identifier_faults(identifier, f"{at_field}.identifiers.{number}")
    ended = forms.moment(entry.identifiers[0].valid_to)
    if ended is not None and ended <= now:
        yield bad(f"{at_field}.identifiers.0.valid_to", entry.identifiers[0].valid_to)  # the code in force has ended
    for number, contact in enumerate(entry.contacts):
        yield from forms.contact_faults(contact, f"{at_field}.contacts.{number}")


def _taken_codes(entry: AgencyEntry, at_field: str, directory: Directory) -> Iterator[Refusal]:
    """Codes of other agencies. A successor may take over a dissolved agency, and an agency may get a new code in force.

    Either names the other's code in force, so that no agency is cut in two.
    """
    codes = {identifier.code for identifier in entry.identifiers}
    others = {agency.code: agency for code in codes if (agency := directory.resolve(code))}
    present = others.pop(entry.code, None)
    new_code = present is None and len(others) == 1
    for other in others.values():
        if other.code not in codes or not (new_code or other.state is AgencyState.DISSOLVED):
            yield Refusal(code=Code.CODE_TAKEN, field=f"{at_field}.identifiers", detail=other.code)


def _parent_faults(
    entry: AgencyEntry, at_field: str, entries: Mapping[AgencyCode, AgencyEntry], directory: Directory
) -> Iterator[Refusal]:
    seen, parent = {entry.code}, entry.parent
    while parent:
        known = directory.resolve(parent)
        current = parent if parent in entries or known is None else known.code
        if current not in entries and known is None:
            yield Refusal(code=Code.UNKNOWN_AGENCY, field=f"{at_field}.parent", detail=parent[:100])
            return
        if current in seen:
            yield bad(f"{at_field}.parent", parent)  # above itself
            return
        seen.add(current)
        parent = entries[current].parent if current in entries else known.parent if known else AgencyCode("")


def _agency_change(entry: AgencyEntry, directory: Directory, at: datetime) -> AgencyChanged | None:
    present = directory.resolve(entry.code)
    changed = AgencyChanged(
        event_id=_follows(present, "agency.changed", entry, entry.code),
        occurred_at=at,
        cause_id=present.event_id if present else _NEW,
        code=entry.code,
        name=entry.name,
        kind=entry.kind,
        parent=entry.parent,
        state=entry.state,
        signature_policy=entry.signature_policy,
        identifiers=entry.identifiers,
        contacts=entry.contacts,
    )
    return None if present is not None and _as_stands(changed, present) else changed


def _as_stands(changed: AgencyChanged, present: AgencyChanged) -> bool:
    kept = replace(changed, event_id=present.event_id, occurred_at=present.occurred_at, cause_id=present.cause_id)
    return kept == present


def _connection_faults(command: ChangeConnection, directory: Directory, secret: SecretFacts) -> Iterator[Refusal]:
    if not forms.is_system_id(command.system_id):
        yield bad("system_id", command.system_id)
    if not secret.sealed:
        yield Refusal(code=Code.MISSING_FIELD, field="secret", detail="")
    if command.secret is not None and not _SHORTEST_SECRET <= len(command.secret) <= _LONGEST_SECRET:
        yield bad("secret", f"{len(command.secret)}; {_SHORTEST_SECRET}-{_LONGEST_SECRET}")
    if len(command.agencies) > MOST_AGENCIES:
        yield bad("agencies", f"{len(command.agencies)} > {MOST_AGENCIES}")
    for code in command.agencies:
        agency = directory.resolve(code)
        if agency is None:
            yield Refusal(code=Code.UNKNOWN_AGENCY, field="agencies", detail=code[:100])
            continue
        server = directory.own_server_of(agency)
        if command.active and server not in (None, command.system_id, *command.moved_from):
            yield Refusal(code=Code.SERVED_ELSEWHERE, field="agencies", detail=f"{code}: {server}")


def _moved(
    command: ChangeConnection, agencies: tuple[AgencyCode, ...], directory: Directory
) -> Mapping[SystemId, set[AgencyCode]]:
    """Agencies that the connections named lose by this change; locked ones too, since naming an agency they bind it."""
    moved: dict[SystemId, set[AgencyCode]] = {}
    for loser in command.moved_from if command.active else ():
        connection = directory.connection(loser)
        named = (directory.resolve(code) for code in connection.agencies) if connection is not None else ()
        taken = {agency.code for agency in named if agency is not None} & set(agencies)
        if taken and loser != command.system_id:
            moved[loser] = taken
    return moved


def _without(
    system_id: SystemId, taken: set[AgencyCode], directory: Directory, at: datetime
) -> ConnectionChanged | None:
    loser = directory.connection(system_id)
    if loser is None:
        return None
    present = {code: agency.code for code in loser.agencies if (agency := directory.resolve(code))}
    agencies = tuple(code for code in loser.agencies if present.get(code) not in taken)
    return replace(
        loser,
        event_id=_follows(loser, "connection.changed", (agencies, loser.active, loser.sealed_secret), system_id),
        occurred_at=at,
        cause_id=loser.event_id,
        agencies=agencies,
    )


def _follows(present: Event | None, step: str, content: object, key: str) -> ids.EventId:
    """Id of the change from what stands to this content: asked twice for the same change, it is the same event."""
    return ids.event_id(present.event_id if present else _NEW, step, f"{key} {ids.digest(repr(content).encode())}")
