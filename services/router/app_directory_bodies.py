"""JSON of the directory doors: what operators put, and what is shown to whom."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from hub.model.ids import AgencyCode
from hub.model.statuses import AgencyState, SignaturePolicy
from hub.model.values import Contact, Identifier
from services.router.directory_forms import MOST_CONTACTS, MOST_IDENTIFIERS, scheme_of
from services.router.directory_rules import MOST_AGENCIES, AgencyEntry

Text = Annotated[str, Field(max_length=1000)]
CodeText = Annotated[str, Field(max_length=100)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class IdentifierBody(_Strict):
    """One code of an agency; the scheme is told by its form when left out."""

    code: CodeText
    scheme: CodeText = ""
    valid_from: CodeText = ""
    valid_to: CodeText = ""

    def value(self) -> Identifier:
        """The word it stands for."""
        code = AgencyCode(self.code)
        return Identifier(
            code=code, scheme=self.scheme or scheme_of(code), valid_from=self.valid_from, valid_to=self.valid_to
        )


class ContactBody(_Strict):
    """A person to be warned."""

    name: Text
    position: Text = ""
    unit: Text = ""
    mobile: CodeText = ""
    email: Text = ""


class AgencyBody(_Strict):
    """One agency, whole. Codes it had before need not be repeated: they are kept."""

    code: CodeText
    name: Text
    kind: CodeText
    parent: CodeText = ""
    state: AgencyState = AgencyState.ACTIVE
    signature_policy: SignaturePolicy = SignaturePolicy.REQUIRED
    identifiers: Annotated[list[IdentifierBody], Field(max_length=MOST_IDENTIFIERS)] = []
    contacts: Annotated[list[ContactBody], Field(max_length=MOST_CONTACTS)] = []

    def entry(self) -> AgencyEntry:
        """The word it stands for."""
        return AgencyEntry(
            code=AgencyCode(self.code),
            name=self.name,
            kind=self.kind,
            parent=AgencyCode(self.parent),
            state=self.state,
            signature_policy=self.signature_policy,
            identifiers=tuple(each.value() for each in self.identifiers),
            contacts=tuple(Contact(**each.model_dump()) for each in self.contacts),
        )


class ConnectionBody(_Strict):
    """One connection, whole; without `secret` it keeps the one it has."""

    agencies: Annotated[list[CodeText], Field(max_length=MOST_AGENCIES)]
    secret: Text | None = None
    active: bool = True
    moved_from: Annotated[list[CodeText], Field(max_length=100)] = []


class Position(BaseModel):
    """Where an event lies in the log."""

    topic: str
    partition: int
    offset: int


class Changed(BaseModel):
    """What a change did: events now in the log and in the collections, none for what stood so already."""

    changed: list[str]
    positions: list[Position]


class AgencyView(BaseModel):
    """An agency as other agencies see it."""

    code: str
    name: str
    kind: str
    parent: str
    state: AgencyState
    connected: bool
    identifiers: list[IdentifierBody]


class AgencyList(BaseModel):
    """Agencies found."""

    agencies: list[AgencyView]


class AgencyDetails(AgencyView):
    """An agency as operators see it."""

    signature_policy: SignaturePolicy
    contacts: list[ContactBody]


class AgencyDetailsList(BaseModel):
    """Agencies found, for operators."""

    agencies: list[AgencyDetails]


class ConnectionView(BaseModel):
    """A connection; secrets are shown to nobody."""

    system_id: str
    agencies: list[str]
    active: bool


class ConnectionList(BaseModel):
    """All connections."""

    connections: list[ConnectionView]
