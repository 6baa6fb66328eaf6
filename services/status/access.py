"""Who sees what (reliability P9, A36): the sender all lines, a recipient its own, the operator everything."""

from dataclasses import dataclass, replace

from hub.model.directory import Directory
from hub.model.ids import SystemId
from services.status.life import Life, Line


@dataclass(frozen=True, slots=True)
class Operator:
    """A person of the hub's operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A connected system."""

    system_id: SystemId


Viewer = Operator | Connection


def view(life: Life, viewer: Viewer, directory: Directory) -> Life | None:
    """The part of a life this viewer may see; None when that is nothing, which must look like "there is none"."""
    match viewer:
        case Operator():
            return life
        case Connection(system_id=system_id):
            if _sent_by(life, system_id, directory):
                return life
            own = {line.recipient: line for line in life.lines.values() if _received_by(line, system_id, directory)}
            return replace(life, lines=own) if own and not life.refused else None


def _sent_by(life: Life, system_id: SystemId, directory: Directory) -> bool:
    if life.header is not None:
        return directory.may_act_for(system_id, life.header.sender)
    # What was refused at the door names a sender that nobody has proved: only who sent it may see it.
    return any(turned.system_id == system_id for turned in life.turned)


def _received_by(line: Line, system_id: SystemId, directory: Directory) -> bool:
    """A recipient knows of a document from the moment its inbox has it, not before."""
    return line.planned is not None and directory.may_act_for(system_id, line.recipient)
