"""The directory of agencies and connections as a value: who has which code, and who serves whom.

Every code an agency ever had resolves to it, for ever (requirements §3.2). Agencies below the top level are served
by their own connection, else by that of the nearest agency above them (LGSP).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from hub.model.events import AgencyChanged, ConnectionChanged
from hub.model.ids import AgencyCode, SystemId


@dataclass(slots=True)
class Directory:
    """Agencies by any of their codes, connections by system id. Learns from directory events, in log order."""

    _agencies: dict[AgencyCode, AgencyChanged] = field(default_factory=dict)
    _current: dict[AgencyCode, AgencyCode] = field(default_factory=dict)
    _connections: dict[SystemId, ConnectionChanged] = field(default_factory=dict)
    _served_by: dict[AgencyCode, SystemId] = field(default_factory=dict)
    _serves: dict[SystemId, tuple[AgencyCode, ...]] = field(default_factory=dict)  # worked out on demand

    def learn(self, event: AgencyChanged | ConnectionChanged) -> None:
        """Take the newest state of one agency or connection."""
        self._serves.clear()
        if isinstance(event, AgencyChanged):
            self._learn_agency(event)
        else:
            self._learn_connection(event)

    def _learn_agency(self, event: AgencyChanged) -> None:
        for code in _codes(event):
            self._current[code] = event.code
            self._agencies.pop(code, None)  # its entry under a code it had before
        self._agencies[event.code] = event

    def _learn_connection(self, event: ConnectionChanged) -> None:
        old = self._connections.get(event.system_id)
        for code in old.agencies if old else ():
            if self._served_by.get(code) == event.system_id:
                del self._served_by[code]
        self._connections[event.system_id] = event
        if event.active:
            self._served_by.update(dict.fromkeys(event.agencies, event.system_id))

    def resolve(self, code: AgencyCode) -> AgencyChanged | None:
        """The agency that has or had this code; None when there is none."""
        current = self._current.get(code)
        return self._agencies.get(current) if current is not None else None

    def same_agency(self, one: AgencyCode, other: AgencyCode) -> bool:
        """True when both codes belong to one agency: compare agencies, not strings."""
        return self._current.get(one, one) == self._current.get(other, other)

    def connection(self, system_id: SystemId) -> ConnectionChanged | None:
        """The connection of a system; None when it is not registered."""
        return self._connections.get(system_id)

    def server_of(self, agency: AgencyChanged) -> SystemId | None:
        """The active connection that serves an agency: its own, else the nearest ancestor's; None when none does."""
        servers = (self.own_server_of(ancestor) for ancestor in self._upwards(agency))
        return next((server for server in servers if server is not None), None)

    def own_server_of(self, agency: AgencyChanged) -> SystemId | None:
        """The active connection that names this very agency; None when it has none of its own."""
        return next((self._served_by[code] for code in _codes(agency) if code in self._served_by), None)

    def may_act_for(self, system_id: SystemId, code: AgencyCode) -> bool:
        """True when this connection serves the agency with this code."""
        agency = self.resolve(code)
        return agency is not None and self.server_of(agency) == system_id

    def served_by(self, system_id: SystemId) -> tuple[AgencyCode, ...]:
        """Codes in force of all agencies that this connection serves."""
        if system_id not in self._serves:
            self._serves[system_id] = tuple(
                agency.code for agency in self._agencies.values() if self.server_of(agency) == system_id
            )
        return self._serves[system_id]

    def all_codes(self, codes: Iterable[AgencyCode]) -> tuple[AgencyCode, ...]:
        """Every code, former ones too, of the agencies that these codes belong to."""
        agencies = (self.resolve(code) for code in codes)
        return tuple(code for agency in agencies if agency is not None for code in _codes(agency))

    def __len__(self) -> int:
        return len(self._agencies)

    def agencies(self) -> Iterable[AgencyChanged]:
        """All agencies, by code in force."""
        return tuple(self._agencies[code] for code in sorted(self._agencies))

    def connections(self) -> Iterable[ConnectionChanged]:
        """All connections, by system id."""
        return tuple(self._connections[system_id] for system_id in sorted(self._connections))

    def _upwards(self, agency: AgencyChanged) -> Iterator[AgencyChanged]:
        seen: set[AgencyCode] = set()
        current: AgencyChanged | None = agency
        while current is not None and current.code not in seen:
            seen.add(current.code)
            yield current
            current = self.resolve(current.parent) if current.parent else None


def _codes(agency: AgencyChanged) -> tuple[AgencyCode, ...]:
    """The code in force first, then the others."""
    return tuple(dict.fromkeys((agency.code, *(identifier.code for identifier in agency.identifiers))))
