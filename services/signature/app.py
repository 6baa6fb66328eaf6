"""The one door of the signature service: the topic `document.received`."""

from collections.abc import Mapping

from hub.model.events import DocumentReceived, Event
from hub.runtime.consumer import Steps


def topics(check: Steps) -> Mapping[type[Event], Steps]:
    """Which topic goes through which steps."""
    return {DocumentReceived: check}
