"""`motherlode verify`: check that stored data is intact, with or without a running server."""

import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from motherlode.cli.options import ConfigOption, DataOption, JsonOption, opened
from motherlode.cli.output import put, put_json, tell
from motherlode.cli.progress import counting_bytes

if TYPE_CHECKING:
    from motherlode.usecases.maintenance.verify import Verified

_HEAD = re.compile(r"([0-9]{1,18}):([0-9a-fA-F]{64})")


def _check_head(text: str | None) -> str | None:
    if text is not None and not _HEAD.fullmatch(text):
        raise typer.BadParameter(f"{text!r} is not an audit head; allowed: N:HASH, as an earlier 'verify' printed it")
    return text


def verify(
    audit_head: Annotated[
        str | None,
        typer.Option(
            metavar="N:HASH",
            callback=_check_head,
            help="An audit head that an earlier run printed. Its line must still be in the audit log.",
        ),
    ] = None,
    *,
    as_json: JsonOption = False,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Check all stored packages, documents and events, the audit log and the search index.

    Prints a line for each difference. Exit code 1 if there is one.
    """
    from motherlode.store.packages import contents
    from motherlode.usecases.maintenance.verify import verify as verify_all

    differences: list[str] = []
    with opened(data, config, is_warned=False) as services:
        with services.db.read() as tx:
            _, total = contents.measure(tx)
        with counting_bytes("verifying", lambda: total, has_lines=True) as advance:
            verified = verify_all(
                db=services.db,
                blobs=services.blobs,
                report=differences.append if as_json else put,
                advance=advance,
                audit_head=_parse_head(audit_head),
                searching=services.searching,
            )
    if as_json:
        put_json(_describe(verified, differences))
    else:
        _put_summary(verified)
    if verified.differences:
        raise typer.Exit(1)


def _describe(verified: "Verified", differences: list[str]) -> dict[str, Any]:
    return {
        "is_intact": not differences,
        "packages": verified.packages,
        "events": verified.events,
        "audit_lines": verified.lines,
        "audit_head": _format_head(verified),
        "differences": differences,
    }


def _put_summary(verified: "Verified") -> None:
    tell(f"Checked packages: {verified.packages}, events: {verified.events}, audit log lines: {verified.lines}.")
    put(f"audit head {_format_head(verified)}")
    if verified.unnamed:
        tell(
            f"Files in blobs/ that the database does not refer to: {len(verified.unnamed)}. If packages are missing, "
            "the database is an older copy: restore the newer one. Otherwise gc removes each file after "
            "storage.quarantine, counted from when gc first noticed it."
        )
    if verified.differences:
        tell(
            f"Differences found: {verified.differences}. Restore the files or the database from a backup. "
            "If only the search index differs, rebuild it with 'motherlode reindex'."
        )
    else:
        tell("No differences found.")


def _format_head(verified: "Verified") -> str:
    number, line_hash = verified.head
    return f"{number}:{line_hash.hex()}"


def _parse_head(text: str | None) -> tuple[int, bytes] | None:
    match = _HEAD.fullmatch(text or "")
    return None if match is None else (int(match[1]), bytes.fromhex(match[2]))
