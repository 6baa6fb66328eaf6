"""Use case of the directory: the operator's entries become events, whole and in order, or are refused with reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from hub.model.events import Event
from hub.model.ids import AgencyCode, SystemId
from hub.model.record import Recorded
from services.router import directory_rules
from services.router.directory_rules import AgencyEntry, ChangeAgencies, ChangeConnection, SecretFacts
from services.router.handlers import Known, Projection


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionEntry:
    """A connection as it stands; its secret is nobody's to see."""

    system_id: SystemId
    agencies: tuple[AgencyCode, ...]
    active: bool


class DirectoryList(Protocol):
    """The directory, to look things up in."""

    async def search(self, words: str, limit: int) -> Sequence[AgencyEntry]:
        """Agencies whose name or codes hold every word, capitals and diacritics aside; by code."""
        ...

    async def agency(self, code: AgencyCode) -> AgencyEntry | None:
        """The entry whose code in force this is."""
        ...

    async def connections(self) -> Sequence[ConnectionEntry]:
        """All connections, by system id."""
        ...


Change = ChangeAgencies | ChangeConnection


class Secrets(Protocol):
    """Seals secrets of connections; the log never holds one in the open."""

    def seal(self, system_id: SystemId, text: str) -> str:
        """The secret, sealed anew: twice the same secret looks different."""
        ...

    def is_same(self, system_id: SystemId, sealed: str, text: str) -> bool:
        """True when `sealed` holds this very secret."""
        ...


class ChangeDirectory:
    """The operator's entries -> agency.changed, connection.changed. Invalid (`NotInOrder`) when they may not stand."""

    def __init__(self, known: Known, secrets: Secrets, projection: Projection, hub: AgencyCode) -> None:
        self._known = known
        self._secrets = secrets
        self._projection = projection
        self._hub = hub

    async def facts(self, causes: Sequence[Change]) -> Mapping[SystemId, SecretFacts]:
        """Secrets to be written, sealed; and the newest directory, whoever changed it."""
        await self._known.refresh()
        return {cause.system_id: self._secret(cause) for cause in causes if isinstance(cause, ChangeConnection)}

    def decide(self, cause: Change, facts: Mapping[SystemId, SecretFacts]) -> Sequence[Event]:
        """See `directory_rules`."""
        if isinstance(cause, ChangeAgencies):
            return directory_rules.change_agencies(cause, self._known.directory, self._hub)
        return directory_rules.change_connection(cause, self._known.directory, facts[cause.system_id])

    async def project(self, records: Sequence[Recorded[Event]]) -> None:
        """The collections, and this process's own view: its next decision knows the change."""
        for record in records:
            self._known.learn(record)
        await self._projection.project(records)

    def _secret(self, command: ChangeConnection) -> SecretFacts:
        present = self._known.directory.connection(command.system_id)
        sealed = present.sealed_secret if present else ""
        if command.secret is None or (sealed and self._secrets.is_same(command.system_id, sealed, command.secret)):
            return SecretFacts(sealed=sealed, changed=False)
        return SecretFacts(sealed=self._secrets.seal(command.system_id, command.secret), changed=True)
