"""Dates of edXML: `yyyy/MM/dd`, and the other forms that clients in service write (edXML notes §1.9)."""

import re
from datetime import date, timedelta, timezone

VIETNAM = timezone(timedelta(hours=7))
"""Dates and times on the wire are Vietnam's, without a zone; the country has had no summer time since 1975."""

_TIME = r"([ T][0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.,][0-9]{1,9})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
"""A time of day that a client's library adds of itself. The day stands as written, whatever the offset."""
_FORMS = (
    re.compile(r"(?P<year>[0-9]{4})/(?P<month>[0-9]{1,2})/(?P<day>[0-9]{1,2})" + _TIME),
    re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})" + _TIME),
    re.compile(r"(?P<day>[0-9]{1,2})/(?P<month>[0-9]{1,2})/(?P<year>[0-9]{4})" + _TIME),
)


def read_date(text: str) -> date | None:
    """The day a text names; None when it has no accepted form or there is no such day (2014/02/30)."""
    for form in _FORMS:
        if found := form.fullmatch(text):
            try:
                return date(int(found["year"]), int(found["month"]), int(found["day"]))
            except ValueError:
                return None
    return None
