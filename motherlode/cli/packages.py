"""`motherlode push`, `check`, `unlist`, `relist`, `delete`, `restore-version`, `lock` and `unlock`.

They work on the local data folder, for administrators and scripts.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from motherlode.cli.options import ConfigOption, DataOption, FeedOption, JsonOption, PackageIdArgument, opened, parse_id
from motherlode.cli.output import CommandFailed, put, put_json, tell
from motherlode.cli.progress import counting_bytes
from motherlode.domain.feed_settings import DEFAULT_FEED
from motherlode.domain.refusals import Refusal

if TYPE_CHECKING:
    from motherlode.nuget.package import Identity
    from motherlode.services import Services
    from motherlode.store.blobs.protocol import Spool
    from motherlode.usecases.packages.check import Checked

_CHUNK_BYTES: Final = 1 << 20
PathsArgument = Annotated[
    list[Path], typer.Argument(metavar="FILE|FOLDER...", help="Package files, or folders that contain them.")
]
VersionArgument = Annotated[str, typer.Argument(metavar="VERSION", help="The version; 1.0 and 1.0.0 are the same.")]
ReasonOption = Annotated[str | None, typer.Option("--reason", metavar="T", help="The reason, for the audit log.")]


def push(
    paths: PathsArgument,
    *,
    feed: FeedOption = DEFAULT_FEED,
    as_json: JsonOption = False,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Push packages, or every .nupkg in a folder and its subfolders.

    A refused package does not stop the others. Exit code 1 if a package was refused.
    """
    files = _find_packages(paths)
    with opened(data, config) as services, _progress(files, "pushing") as advance:
        outcomes = [_push_one(services, file, feed, advance, as_text=not as_json) for file in files]
    if as_json:
        put_json(outcomes)
    refused = sum("code" in outcome for outcome in outcomes)
    if len(files) > 1 and refused:
        tell(f"{refused} of {len(files)} packages refused.")
    if refused:
        raise typer.Exit(1)


def check(
    paths: PathsArgument,
    *,
    feed: FeedOption = DEFAULT_FEED,
    as_json: JsonOption = False,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Print the faults and warnings that a push would report, and store nothing.

    Exit code 1 if a package would be refused.
    """
    from motherlode.web.api.check import describe_checked

    files = _find_packages(paths)
    with (
        opened(data, config) as services,
        _progress(files, "checking") as advance,
    ):
        checked = [(file, _check_one(services, file, feed, advance, as_text=not as_json)) for file in files]
    if as_json:
        put_json([{"file": str(file), **describe_checked(each)} for file, each in checked])
    if not all(each.is_valid for _, each in checked):
        raise typer.Exit(1)


def unlist(
    package_id: PackageIdArgument,
    version: VersionArgument,
    *,
    feed: FeedOption = DEFAULT_FEED,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Unlist a version: search no longer shows it, but projects that use it can still restore it."""
    from motherlode.usecases.packages.listing import unlist as unlist_version
    from motherlode.usecases.sign_in.identify import CONSOLE

    identity = _parse_identity(package_id, version)
    with opened(data, config) as services:
        unlist_version(identity.id, identity.version, CONSOLE, feed=feed, db=services.db, clock=services.clock)
    put(f"unlisted {identity}")


def relist(
    package_id: PackageIdArgument,
    version: VersionArgument,
    *,
    feed: FeedOption = DEFAULT_FEED,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Relist an unlisted version."""
    from motherlode.usecases.packages.listing import relist as relist_version
    from motherlode.usecases.sign_in.identify import CONSOLE

    identity = _parse_identity(package_id, version)
    with opened(data, config) as services:
        relist_version(identity.id, identity.version, CONSOLE, feed=feed, db=services.db, clock=services.clock)
    put(f"relisted {identity}")


def delete(
    package_id: PackageIdArgument,
    version: VersionArgument,
    *,
    feed: FeedOption = DEFAULT_FEED,
    reason: ReasonOption = None,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Delete a version. The feed's setting `delete` decides: unlist it, delete it softly, or delete it for good."""
    from motherlode.usecases.packages.delete import delete as delete_version
    from motherlode.usecases.sign_in.identify import CONSOLE

    identity = _parse_identity(package_id, version)
    with opened(data, config) as services:
        messages = delete_version(
            identity.id, identity.version, CONSOLE, feed=feed, db=services.db, clock=services.clock, reason=reason
        )
    for message in messages:
        put(message)


def restore_version(
    package_id: PackageIdArgument,
    version: VersionArgument,
    *,
    feed: FeedOption = DEFAULT_FEED,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Restore a softly deleted version. It is listed or unlisted as before."""
    from motherlode.usecases.packages.restore_version import restore_version as restore
    from motherlode.usecases.sign_in.identify import CONSOLE

    identity = _parse_identity(package_id, version)
    with opened(data, config) as services:
        entry = restore(identity.id, identity.version, CONSOLE, feed=feed, db=services.db, clock=services.clock)
    put(f"restored {entry.identity}" + ("" if entry.listed else ", unlisted as before"))


def lock(
    package_id: PackageIdArgument,
    *,
    feed: FeedOption = DEFAULT_FEED,
    reason: ReasonOption = None,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Lock a package id: until you unlock it, no one can push, list, unlist or delete its versions."""
    from motherlode.usecases.packages.locking import lock_id
    from motherlode.usecases.sign_in.identify import CONSOLE

    wanted = parse_id(package_id)
    with opened(data, config) as services:
        lock_id(wanted, CONSOLE, feed=feed, db=services.db, clock=services.clock, reason=reason)
    put(f"locked {wanted}")


def unlock(
    package_id: PackageIdArgument,
    *,
    feed: FeedOption = DEFAULT_FEED,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Unlock a package id, so that its versions can be changed again."""
    from motherlode.usecases.packages.locking import unlock_id
    from motherlode.usecases.sign_in.identify import CONSOLE

    wanted = parse_id(package_id)
    with opened(data, config) as services:
        unlock_id(wanted, CONSOLE, feed=feed, db=services.db, clock=services.clock)
    put(f"unlocked {wanted}")


def _parse_identity(package_id: str, version: str) -> "Identity":
    from motherlode.nuget.ids import parse_package_id
    from motherlode.nuget.package import Identity
    from motherlode.nuget.versions import parse_version

    try:
        return Identity(parse_package_id(package_id), parse_version(version))
    except ValueError as error:
        raise CommandFailed(str(error)) from error


def _find_packages(paths: Sequence[Path]) -> list[Path]:
    """Return the given files, and every .nupkg below the given folders. Raises CommandFailed."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            found = sorted(file for file in path.rglob("*") if file.suffix.lower() == ".nupkg" and file.is_file())
            if not found:
                raise CommandFailed(f"The folder {path} does not contain a .nupkg file.")
            files += found
        elif path.is_file():
            files.append(path)
        else:
            raise CommandFailed(f"The file or folder {path} does not exist.")
    return files


def _push_one(
    services: "Services", file: Path, feed: str, advance: Callable[[int], None], *, as_text: bool
) -> dict[str, Any]:
    try:
        identity, warnings = _store(services, file, feed, advance)
    except Refusal as refusal:
        if as_text:
            tell(f"{file}: {refusal}")
            for fault in refusal.faults[1:]:
                tell(f"{file}: {fault.message}")
        faults = [{"code": fault.code, "message": fault.message} for fault in refusal.faults]
        return {"file": str(file), "code": refusal.code, "detail": str(refusal), "faults": faults}
    if as_text:
        put(f"pushed {identity}")
        for warning in warnings:
            tell(f"{file}: warning: {warning}")
    return {
        "file": str(file),
        "id": str(identity.id),
        "version": identity.version.normalized,
        "warnings": list(warnings),
    }


def _check_one(
    services: "Services", file: Path, feed: str, advance: Callable[[int], None], *, as_text: bool
) -> "Checked":
    from motherlode.usecases.packages.check import check as check_package
    from motherlode.usecases.sign_in.identify import CONSOLE

    with _spooled(services, file, advance) as spool:
        checked = check_package(spool, CONSOLE, feed=feed, db=services.db, clock=services.clock, limits=services.limits)
    if as_text:
        name = f"{checked.identity} " if checked.identity else ""
        put(f"{file}: {name}would be {'accepted' if checked.is_valid else 'refused'}")
        for kind, faults in (("fault", checked.faults), ("warning", checked.warnings)):
            for fault in faults:
                put(f"  {kind}: {fault.message} ({fault.code})")
    return checked


def _store(
    services: "Services", file: Path, feed: str, advance: Callable[[int], None]
) -> "tuple[Identity, tuple[str, ...]]":
    from motherlode.usecases.packages.push import push as push_package
    from motherlode.usecases.sign_in.identify import CONSOLE

    with _spooled(services, file, advance) as spool:
        pushed = push_package(
            spool,
            CONSOLE,
            feed=feed,
            db=services.db,
            blobs=services.blobs,
            clock=services.clock,
            limits=services.limits,
        )
    return pushed.identity, pushed.warnings


@contextmanager
def _spooled(services: "Services", file: Path, advance: Callable[[int], None]) -> "Iterator[Spool]":
    """Copy the file into a spool and finish it; `advance` gets the number of bytes of each chunk."""
    with services.blobs.spool() as spool:
        with file.open("rb") as source:
            while chunk := source.read(_CHUNK_BYTES):
                spool.write(chunk)
                advance(len(chunk))
        spool.finish()
        yield spool


def _progress(files: Sequence[Path], label: str) -> AbstractContextManager[Callable[[int], None]]:
    """Show a progress bar in bytes on a terminal. Elsewhere show nothing: each package prints its own line."""
    return counting_bytes(label, lambda: sum(file.stat().st_size for file in files), has_lines=False)
