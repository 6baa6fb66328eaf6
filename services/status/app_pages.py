"""Pages of the console: templates with what they need of language, links and time. Everything is escaped."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.status import picture
from services.status.reports import VIETNAM
from services.status.sheets import Language, labels
from services.status.wording import Label

HERE = Path(__file__).parent
ROOT = "/console"
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
NO_STORE = {"Cache-Control": "no-store"}


class Pages:
    """Renders templates in the language of the request."""

    def __init__(self) -> None:
        self._templates = Environment(
            loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined,
            trim_blocks=True, lstrip_blocks=True,
        )  # fmt: skip
        self._templates.filters.update(moment=moment, day=day, utc=_utc, size=_size)
        self._templates.globals.update(steps=picture.steps, untold=picture.untold, timedelta=timedelta)

    def page(
        self, request: Request, template: str, status: int = 200, headers: Mapping[str, str] | None = None, /,
        **values: object,
    ) -> HTMLResponse:  # fmt: skip
        """A template as an answer; the request's `lang` chooses the language."""
        language = language_of(request)
        text = self._templates.get_template(template).render(
            say=lambda vi, en: language.of(Label(vi=vi, en=en)),
            word=language.of,
            labels=lambda codes: labels(codes, language),
            url=lambda path="", **query: address(path, language, query),
            here=lambda other: _here(request, other),
            lang=language,
            Language=Language,
            **values,
        )
        return HTMLResponse(text, status, headers)


def language_of(request: Request) -> Language:
    """Vietnamese unless `?lang=en`."""
    return Language.ENGLISH if request.query_params.get("lang") == Language.ENGLISH else Language.VIETNAMESE


def address(path: str, language: Language, query: Mapping[str, object]) -> str:
    """A link within the console: empty parameters are left out, the language goes along."""
    chosen = {name.rstrip("_"): value for name, value in query.items() if value not in ("", None)}
    if language is not Language.VIETNAMESE:
        chosen["lang"] = language.value
    return f"{ROOT}{path}" + (f"?{urlencode(chosen)}" if chosen else "")


def _here(request: Request, language: Language) -> str:
    """This page in the other language."""
    query = {name: value for name, value in request.query_params.items() if name != "lang"}
    path = request.url.path.removeprefix(ROOT)
    return address(path, language, query)


def moment(at: datetime) -> str:
    """Vietnamese wall clock: `20/11/2026 12:00:05`."""
    return at.astimezone(VIETNAM).strftime("%d/%m/%Y %H:%M:%S")


def day(value: date) -> str:
    """`20/11/2026`."""
    return value.strftime("%d/%m/%Y")


def _utc(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")


def _size(number: int) -> str:
    """A size for people, in decimal units: `98,3 kB`."""
    for unit, one in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if number >= one:
            return f"{number / one:.1f} {unit}".replace(".", ",")
    return f"{number} B"
