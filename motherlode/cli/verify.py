"""`motherlode verify`: whether what is stored still is what was written down, beside a server or without one."""

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
        raise typer.BadParameter(f"{text!r}; allowed: a number and a hash, as an earlier 'verify' printed them")
    return text


def verify(
    audit_head: Annotated[
        str | None,
        typer.Option(
            metavar="N:HASH",
            callback=_check_head,
            help="Number and hash of a line of the audit log, as noted down earlier: it must still be there.",
        ),
    ] = None,
    *,
    as_json: JsonOption = False,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Read and hash every stored package again, compare documents, log and search index with what is stored, and
    follow the audit log's chain; 1 if anything differs."""
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
        _tell(verified)
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


def _tell(verified: "Verified") -> None:
    looked_at = f"{verified.packages} packages, {verified.events} events and {verified.lines} lines of the audit log"
    tell(f"Looked at {looked_at}.")
    put(f"audit head {_format_head(verified)}")
    if verified.unnamed:
        tell(
            f"{len(verified.unnamed)} blobs are named by no row. If packages are missing, the database is an older "
            "copy: put the right one back. Else gc removes them, when it has known them for as long as "
            "storage.quarantine says."
        )
    if verified.differences:
        tell(
            f"{verified.differences} differences were found: restore what differs from a backup; "
            "a search index that differs is made anew by 'motherlode reindex'."
        )
    else:
        tell("Everything is as it was written down.")


def _format_head(verified: "Verified") -> str:
    number, line_hash = verified.head
    return f"{number}:{line_hash.hex()}"


def _parse_head(text: str | None) -> tuple[int, bytes] | None:
    match = _HEAD.fullmatch(text or "")
    return None if match is None else (int(match[1]), bytes.fromhex(match[2]))
