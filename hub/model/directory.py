"""The directory of agencies and connections as a value: who has which code, and who serves whom.

Every code an agency ever had resolves to it, for ever (requirements §3.2). Agencies below the top level are served
by their own connection, else by that of the nearest agency above them (LGSP). An own connection that is locked is still
an own one: locking it stops the agency and hands its inbox and its right to send to nobody.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from hub.model.events import AgencyChanged, ConnectionChanged
from hub.model.ids import AgencyCode, SystemId


@dataclass(slots=True)
class Directory:
    """Agencies by any of their codes, connections by system id. Learns from directory events, in log order."""

    _agencies: dict[AgencyCode, AgencyChanged] = field(default_factory=dict)
    _current: dict[AgencyCode, AgencyCode] = field(default_factory=dict)
    _connections: dict[SystemId, ConnectionChanged] = field(default_factory=dict)
    _named_by: dict[AgencyCode, dict[SystemId, bool]] = field(default_factory=dict)  # active or not, the newest last
    _serves: Mapping[SystemId, tuple[AgencyCode, ...]] | None = None  # worked out on demand, once after each change

    def learn(self, event: AgencyChanged | ConnectionChanged) -> None:
        """Take the newest state of one agency or connection."""
        self._serves = None
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
            self._named_by.get(code, {}).pop(event.system_id, None)
        self._connections[event.system_id] = event
        for code in event.agencies:
            self._named_by.setdefault(code, {})[event.system_id] = event.active

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
        """The connection that serves an agency: its own, else the nearest ancestor's; None when that one is locked."""
        for ancestor in self._upwards(agency):
            if own := self._own(ancestor):
                return _active(own)
        return None

    def own_server_of(self, agency: AgencyChanged) -> SystemId | None:
        """The active connection that names this very agency; None when it has none of its own."""
        return _active(self._own(agency))

    def _own(self, agency: AgencyChanged) -> dict[SystemId, bool]:
        """The connections that name this very agency, by the first of its codes that any of them names."""
        if named := self._named_by.get(agency.code):
            return named
        return next((named for each in agency.identifiers if (named := self._named_by.get(each.code))), {})

    def may_act_for(self, system_id: SystemId, code: AgencyCode) -> bool:
        """True when this connection serves the agency with this code."""
        agency = self.resolve(code)
        return agency is not None and self.server_of(agency) == system_id

    def served_by(self, system_id: SystemId) -> tuple[AgencyCode, ...]:
        """Codes in force of all agencies that this connection serves."""
        if self._serves is None:
            serves: dict[SystemId, list[AgencyCode]] = {}
            for agency in self._agencies.values():
                if (server := self.server_of(agency)) is not None:
                    serves.setdefault(server, []).append(agency.code)
            self._serves = {server: tuple(codes) for server, codes in serves.items()}
        return self._serves.get(system_id, ())

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


def _active(named: dict[SystemId, bool]) -> SystemId | None:
    """The newest active one of the connections that name an agency; what only locked ones name is nobody's."""
    return next((system_id for system_id, active in reversed(named.items()) if active), None)


def _codes(agency: AgencyChanged) -> tuple[AgencyCode, ...]:
    """The code in force first, then the others."""
    return tuple(dict.fromkeys((agency.code, *(identifier.code for identifier in agency.identifiers))))
