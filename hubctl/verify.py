"""`hubctl verify`: is this signature good? One file, or a batch; the judges are the signature service's own."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from hubctl.local.operator import assume_local_stack
from hubctl.verify_batch import Batch, Setting
from hubctl.verify_evidence import judged_again
from hubctl.verify_exit import ExitCode, Verify
from hubctl.verify_item import Asked, answered_alone
from hubctl.verify_lines import lines
from hubctl.verify_show import Progress, human, warn_of
from services.signature.reasons import Reason
from services.signature.verification import EmbeddedKey, Kind, Profile, RevocationMode
from services.signature.worker_verify_process import VerifyLimits
from services.signature.worker_verify_seat import Seat

app = typer.Typer(add_completion=False, rich_markup_mode=None)

Show = Callable[[dict[str, Any]], str]

_DEFAULTS = {
    "profile": Profile.INTEROP,
    "revocation": RevocationMode.IF_PRESENT,
    "embedded_key": EmbeddedKey.NEVER,
}
_FILES = "Files, PEM or DER; may be given several times."
_HELP = """Verify the signatures of a file, or of a batch.

\b
hubctl verify letter.edxml --kind xmldsig --profile edxml --trust ca.pem
hubctl verify signed.pdf --kind pdf --trust ca.pem --crls ca.crl --at 2026-11-25T08:00:00Z --json
hubctl verify --batch IN.jsonl OUT.jsonl
hubctl verify --evidence 3a7bd3e2360a3d29eea436fcfb7e44c735d117c42d1c1835420b6b9942dd4f1b

Exit code: 0 VALID, 1 INVALID, 2 INDETERMINATE, 3 ABSENT; 64 when this command was used wrongly or a file it names
cannot be read; 70 when the verifier itself fails. A batch exits 0 when it was run, 74 when OUT cannot be written.

A batch has one JSON request a line, with the options below as fields (`-` is `_`), `id` and `path`, and gives one
answer a line, in any order. Paths are relative to this folder, or else to that of IN.jsonl. Each file may take 10 s of
processor time and 512 MB. Nothing is fetched and no other file is read.

Evidence is named by signature.checked and lies in the blob store (HUB_BLOB_URL, file://); with it a verdict of the hub
is judged again, offline, by what it was judged by then.
"""


@app.command("verify", cls=Verify, help=_HELP)
def verify(  # noqa: PLR0917 - typer's options
    files: Annotated[list[Path] | None, typer.Argument(metavar="FILE | IN.jsonl OUT.jsonl", show_default=False)] = None,
    batch: Annotated[bool, typer.Option("--batch", help="Requests from IN.jsonl, answers to OUT.jsonl.")] = False,
    evidence: Annotated[str | None, typer.Option(metavar="ID", help="Judge a verdict of the hub again.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
    kind: Annotated[Kind | None, typer.Option(help="What the file is.", show_default=False)] = None,
    profile: Annotated[Profile, typer.Option(help="By whose rules.")] = Profile.INTEROP,
    trust: Annotated[list[str] | None, typer.Option(help=f"Trust anchors. {_FILES}")] = None,
    intermediates: Annotated[list[str] | None, typer.Option(help=f"Certificates that may help. {_FILES}")] = None,
    crls: Annotated[list[str] | None, typer.Option(help=_FILES)] = None,
    ocsps: Annotated[list[str] | None, typer.Option(help=_FILES)] = None,
    revocation: Annotated[RevocationMode, typer.Option(help="Asked of each certificate.")] = RevocationMode.IF_PRESENT,
    at: Annotated[str | None, typer.Option(help="Moment of judgement, RFC 3339.", show_default="now")] = None,
    embedded_key: Annotated[EmbeddedKey, typer.Option(help="any: integrity only.")] = EmbeddedKey.NEVER,
    keys: Annotated[list[str] | None, typer.Option(metavar="NAME=FILE", help="Key for a KeyName; *: for all.")] = None,
    hmac_key: Annotated[str | None, typer.Option(metavar="FILE", help="Secret for HMAC.")] = None,
    hmac_min_bits: Annotated[int | None, typer.Option(min=0, help="Shortest truncation taken.")] = None,
    external: Annotated[list[str] | None, typer.Option(metavar="URI=FILE", help="What a reference stands for.")] = None,
    id_attributes: Annotated[list[str] | None, typer.Option(help="{namespace}name or name.")] = None,
    consumed: Annotated[str | None, typer.Option(help="Path of the element the caller reads, or none.")] = None,
    policies: Annotated[list[str] | None, typer.Option(help="Policy OID.")] = None,
    require_explicit_policy: Annotated[bool, typer.Option("--require-explicit-policy")] = False,
    inhibit_policy_mapping: Annotated[bool, typer.Option("--inhibit-policy-mapping")] = False,
    inhibit_any_policy: Annotated[bool, typer.Option("--inhibit-any-policy")] = False,
    eku: Annotated[list[str] | None, typer.Option(help="OID the end certificate must allow.")] = None,
    key_usage: Annotated[list[str] | None, typer.Option(help="Use the end certificate must allow.")] = None,
    max_path: Annotated[int | None, typer.Option(min=0, help="Most intermediates.")] = None,
    password: Annotated[str | None, typer.Option(envvar="HUBCTL_PASSWORD", help="Of an encrypted PDF.")] = None,
    method: Annotated[str | None, typer.Option(metavar="URI", help="c14n: the algorithm.")] = None,
    prefixes: Annotated[list[str] | None, typer.Option(help="c14n: InclusiveNamespaces prefixes.")] = None,
    xpath: Annotated[str | None, typer.Option(help="c14n: the node-set's expression.")] = None,
    xpath_namespaces: Annotated[list[str] | None, typer.Option(metavar="PREFIX=URI", help="Prefixes in it.")] = None,
) -> None:
    """Say whether it holds."""
    options = dict(locals())
    named, whole, plainly = options.pop("files") or [], options.pop("batch"), not options.pop("as_json")
    again, show = options.pop("evidence"), human if plainly else _as_json
    if again is not None:
        _evidence(again, named, whole=whole, fields=_fields(options), show=show)
    elif whole:
        _batch(named, _fields(options))
    else:
        _single(named, _fields(options), show)


def _fields(options: dict[str, Any]) -> dict[str, Any]:
    """The options as a request says them."""
    fields = {name: value for name, value in options.items() if value not in (None, False, [])}
    prefixes = _pairs("xpath-namespaces", fields.pop("xpath_namespaces", []), first=True)
    if "xpath" in fields:
        fields["xpath"] = {"expression": fields["xpath"], "namespaces": prefixes}
    for name, first in (("keys", True), ("external", False)):
        if name in fields:
            fields[name] = _pairs(name, fields[name], first=first)
    return fields


def _pairs(option: str, texts: list[str], *, first: bool) -> dict[str, str]:
    """NAME=VALUE; a URI may hold `=` itself, so there the last one parts."""
    pairs = [text.partition("=") if first else text.rpartition("=") for text in texts]
    if not all(name and parted and value for name, parted, value in pairs):
        raise typer.BadParameter("two parts with = between them expected", param_hint=f"--{option}")
    return {name: value for name, _, value in pairs}


def _single(files: list[Path], fields: dict[str, Any], show: Show) -> None:
    if len(files) != 1:
        raise typer.BadParameter("one file expected", param_hint="FILE")
    if "kind" not in fields:
        raise typer.BadParameter("required: xmldsig, pdf, chain or c14n", param_hint="--kind")
    asked = Asked(id=str(files[0]), fields=fields | {"path": str(files[0])}, now=datetime.now(UTC))
    limits = VerifyLimits()
    seat = Seat(limits)
    try:
        answer = answered_alone(asked, seat, limits)
    finally:
        seat.close()
    warn_of(seat.weakness)
    print(show(answer))
    raise typer.Exit(ExitCode.MISUSE if answer["reason"] == Reason.BAD_REQUEST else ExitCode[answer["verdict"]])


def _evidence(evidence: str, files: list[Path], *, whole: bool, fields: dict[str, Any], show: Show) -> None:
    if files or whole or fields != _DEFAULTS:
        raise typer.BadParameter("the evidence says all the rest", param_hint="--evidence")
    assume_local_stack(Path(os.environ["HUBCTL_DIR"]))
    answer = judged_again(evidence)
    print(show(answer))
    raise typer.Exit(ExitCode[answer["verdict"]])


def _as_json(answer: dict[str, Any]) -> str:
    return json.dumps(answer)


def _batch(files: list[Path], fields: dict[str, Any]) -> None:
    if len(files) != 2:  # noqa: PLR2004 - in and out
        raise typer.BadParameter("--batch needs both", param_hint="IN.jsonl OUT.jsonl")
    if fields != _DEFAULTS:
        names = sorted(name for name in fields if fields[name] != _DEFAULTS.get(name))
        raise typer.BadParameter("a batch's requests say this themselves", param_hint=", ".join(names))
    source, target = files
    try:
        requests = source.open("rb")
        if target.exists() and target.samefile(source):
            raise typer.BadParameter("OUT would overwrite IN", param_hint="IN.jsonl OUT.jsonl")
        answers = target.open("wb")
    except OSError as error:
        raise typer.BadParameter(f"{error.filename}: {error.strerror}", param_hint="IN.jsonl OUT.jsonl") from error
    with requests, answers:
        progress = Progress(source)
        setting = Setting(now=datetime.now(UTC), folder=source.resolve().parent)
        tally = Batch(setting, lines(requests), answers, progress.show).run()
    progress.end(tally)
    warn_of(tally.weakness)
    if tally.broken:
        raise typer.Exit(ExitCode.FAILURE)
