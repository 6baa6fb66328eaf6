"""Errors, grouped by what the caller's loop must do: park, retry or stop."""


class HubError(Exception):
    """Root of the hub's own errors. Messages carry no document text and no secrets."""


class Invalid(HubError):  # noqa: N818 - the family is named by its nature, as in DESIGN: Invalid, Transient, Broken
    """An input that can never be handled: park it with its reason, go on with the next. Never retried."""

    def __init__(self, reason: str, detail: str = "") -> None:
        """`reason` is a stable word for grouping; `detail` one sentence for a person."""
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class Transient(HubError):  # noqa: N818 - see Invalid
    """Something outside is away (broker, database, registry, blob store): try again with back-off, or answer 503."""

    def __init__(self, part: str, detail: str = "") -> None:
        """`part` names what is away, in the words of `/health/ready`."""
        super().__init__(f"{part}: {detail}" if detail else part)
        self.part = part


class Broken(HubError):  # noqa: N818 - see Invalid
    """We ourselves are broken (wrong configuration, impossible state): stop, the supervisor restarts us."""
