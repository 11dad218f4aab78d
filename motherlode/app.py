"""The composition root: builds all parts from the settings and returns one frozen `Services`."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from motherlode.domain.feed_settings import DEFAULT_FEED
from motherlode.domain.refusals import (
    DatabaseClosed,
    DatabaseExists,
    DatabaseMissing,
    DatabaseUnusable,
    FeedExists,
    NoData,
    OlderData,
    Refusal,
)
from motherlode.identity.keys import digest_of
from motherlode.identity.remembered import CredentialCache
from motherlode.identity.slowdown import LoginThrottle
from motherlode.observe.clock import SystemClock
from motherlode.observe.crash import crash_point
from motherlode.observe.logs import get_logger
from motherlode.observe.metrics import Metrics
from motherlode.projections.documents.cache import Documents
from motherlode.projections.documents.catalog_follower import Follower
from motherlode.projections.documents.reader import Reader
from motherlode.projections.pages.queries import PageQueries
from motherlode.projections.search.index_folder import IndexFolder
from motherlode.projections.search.service import SearchService
from motherlode.projections.server_state import ServerStateReader
from motherlode.services import Services
from motherlode.settings import ServerSettings, Settings
from motherlode.store import feeds
from motherlode.store.blobs.filesystem import FileBlobs
from motherlode.store.blobs.protocol import Blobs
from motherlode.store.data_folder import database_path, first_key_path, search_path
from motherlode.store.database.sqlite import Database, is_filled, open_database, remove_database, replace_database
from motherlode.usage.api_keys import KeyUses
from motherlode.usage.downloads import DownloadTally
from motherlode.usecases.feeds.feeds import create_feed
from motherlode.usecases.keys.first_key import ensure_first_key
from motherlode.usecases.maintenance.history import (
    check_history,
    has_held_packages,
    has_packages,
    record_history,
    replace_history,
)
from motherlode.usecases.maintenance.rebuild import Rebuilt, rebuild
from motherlode.usecases.maintenance.sweep import sweep
from motherlode.usecases.sign_in.identify import CONSOLE


def open_house(settings: Settings) -> Services:
    """The services of an existing data folder; used by commands. Does not create or upgrade anything.

    Raises `NoData` if the folder has no database, `OlderData`, `NewerData`, `DatabaseMissing`, `DatabaseUnusable`.
    """
    blobs = _open_blobs(settings)
    _check_not_missing(settings, blobs)
    db = open_database(database_path(settings.data))
    with _closing_on_failure(db, blobs):
        match db.age():
            case "empty":
                raise DatabaseMissing(str(db.path)) if has_packages(blobs) else NoData(str(settings.data))
            case "older":
                raise OlderData(str(settings.data))
        db.check_tables()
        return _build(settings, db, blobs)


def prepare_house(settings: Settings) -> Services:
    """The services of a data folder that is prepared for serving.

    Creates or upgrades the database, removes what a crash left behind, and creates the first feed and the first key.

    Raises `NewerData`, `DatabaseMissing`, `DatabaseStale` or `DatabaseUnusable`, and then changes nothing.
    """
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    blobs = _open_blobs(settings)
    _check_not_missing(settings, blobs)
    db = open_database(database_path(settings.data), create=True)
    with _closing_on_failure(db, blobs):
        check_history(db=db, blobs=blobs)
        db.upgrade()
        db.check_tables()
        services = _build(settings, db, blobs)
        check_history(db=db, blobs=blobs, indexed=services.searching.indexed())
        sweep(db=db, blobs=blobs)
        _ensure_default_feed(services)
        if services.bootstrap is None:
            ensure_first_key(first_key_path(settings.data), db=db, clock=services.clock)
        _record_history(services)
        return services


def rebuild_database(
    settings: Settings, feed: str, *, report: Callable[[str], None], advance: Callable[[int, int], None]
) -> tuple[Rebuilt, Path | None]:
    """Build a new database from the stored packages (`usecases.maintenance.rebuild`).

    No other process may use the folder meanwhile. The new database is put in place when it is complete. Also returns
    the path to which the old, unusable database was moved, or None if there was no old one.

    Raises `DatabaseExists` if the existing database is sound and knows packages; `NewerData`, `DatabaseClosed`.
    """
    path, blobs, clock = database_path(settings.data), _open_blobs(settings), SystemClock()
    _check_replaceable(path)
    draft = path.with_name(f"{path.name}.rebuilding")
    remove_database(draft)
    try:
        with closing(blobs), closing(open_database(draft, create=True)) as db:
            db.upgrade()
            rebuilt = rebuild(
                feed,
                CONSOLE,
                db=db,
                blobs=blobs,
                clock=clock,
                limits=settings.packages,
                defaults=settings.feed,
                report=report,
                advance=advance,
            )
            replace_history(db=db, blobs=blobs, clock=clock)
    except BaseException:
        remove_database(draft)
        raise
    crash_point("rebuild-recorded")
    set_aside = replace_database(path, draft, clock.now())
    shutil.rmtree(search_path(settings.data), ignore_errors=True)
    return rebuilt, set_aside


def _check_replaceable(path: Path) -> None:
    """Raise `DatabaseExists` if the database is sound and knows packages; `NewerData`, `DatabaseClosed`."""
    try:
        if not is_filled(path):
            return
        with closing(open_database(path)) as db:
            if db.is_sound() and has_held_packages(db):
                raise DatabaseExists(str(path))
    except DatabaseClosed:
        raise
    except DatabaseUnusable:
        return


def make_app(settings: Settings) -> Any:
    """Prepare the data folder and return the ASGI application of one worker."""
    # commands do not need the web or the jobs, so these are imported here
    from motherlode.jobs.runner import Runner  # noqa: PLC0415
    from motherlode.jobs.table import KINDS  # noqa: PLC0415
    from motherlode.web.application import Application  # noqa: PLC0415

    services = prepare_house(settings)
    return Application(services, Runner(services, KINDS))


def _open_blobs(settings: Settings) -> FileBlobs:
    return FileBlobs(settings.data, settings.storage.min_free_bytes)


def _check_not_missing(settings: Settings, blobs: Blobs) -> None:
    """Raise `DatabaseMissing` if there are packages but no database. Call this before a database is created."""
    path = database_path(settings.data)
    if not is_filled(path) and has_packages(blobs):
        raise DatabaseMissing(str(path))


@contextmanager
def _closing_on_failure(db: Database, blobs: Blobs) -> Iterator[None]:
    """Close both if an exception leaves the block; if damage explains an unexpected error, raise that instead."""
    try:
        yield
    except Refusal:
        db.close()
        blobs.close()
        raise
    except Exception as error:
        damage = db.find_damage(error)
        db.close()
        blobs.close()
        raise damage or error from error


def _build(settings: Settings, db: Database, blobs: Blobs) -> Services:
    documents = Documents(settings.cache.max_bytes)
    searching = SearchService(db, documents, IndexFolder(search_path(settings.data), db.history))
    clock = SystemClock()
    key = settings.bootstrap_key
    return Services(
        db=db,
        blobs=blobs,
        clock=clock,
        limits=settings.packages,
        documents=documents,
        follower=Follower(db, documents),
        reader=Reader(db, blobs, documents),
        searching=searching,
        showing=PageQueries(db, documents, searching, clock),
        tally=DownloadTally(),
        key_uses=KeyUses(),
        remembered=CredentialCache(),
        slowdown=LoginThrottle(),
        metrics=Metrics(),
        server_state=ServerStateReader(
            db=db, searching=searching, clock=clock, data=settings.data, tls=_tls_files(settings.server)
        ),
        bootstrap=None if key is None else digest_of(key.encode("ascii")),
        feed_defaults=settings.feed,
        public_url=settings.server.public_url,
        trusted_proxies=settings.server.trusted_proxies,
        body_stall_s=settings.limits.body_stall_s,
        body_min_rate=settings.limits.body_min_rate,
        write_timeout_s=settings.server.write_timeout_s,
        reader_grace=timedelta(seconds=settings.storage.reader_grace_s),
        quarantine=timedelta(seconds=settings.storage.quarantine_s),
        image_hosts=settings.pages.image_hosts,
        session_lifetime=timedelta(seconds=settings.sessions.lifetime_s),
    )


def _tls_files(server: ServerSettings) -> tuple[Path, Path] | None:
    if server.tls_certificate is None or server.tls_key is None:
        return None
    return server.tls_certificate, server.tls_key


def _record_history(services: Services) -> None:
    """Record the database's history and last audit line beside the packages. A failure is only logged."""
    try:
        record_history(db=services.db, blobs=services.blobs, clock=services.clock)
    except (Refusal, OSError) as error:
        get_logger().warning("history_not_recorded", reason=str(error))


def _ensure_default_feed(services: Services) -> None:
    """Create the first feed if it does not exist. Reads all feeds, so that an unreadable one fails at startup."""
    with services.db.read() as tx:
        if any(feed.name == DEFAULT_FEED for feed in feeds.read_all(tx)):
            return
    try:
        create_feed(DEFAULT_FEED, {}, CONSOLE, defaults=services.feed_defaults, db=services.db, clock=services.clock)
    except FeedExists:
        return
