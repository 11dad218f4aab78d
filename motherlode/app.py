"""The composition root: builds every room from the settings, and hands out one frozen `House`."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from motherlode.domain.feeds import DEFAULT_FEED
from motherlode.domain.refusals import FeedExists
from motherlode.house import House
from motherlode.identity.keys import digest_of
from motherlode.identity.remembered import RememberedCredentials
from motherlode.identity.slowdown import Slowdown
from motherlode.observe.clock import SystemClock
from motherlode.observe.metrics import Metrics
from motherlode.projections.documents import Documents
from motherlode.projections.downloads import DownloadTally
from motherlode.projections.follower import Follower
from motherlode.projections.indexes import IndexFolder
from motherlode.projections.key_uses import KeyUses
from motherlode.projections.reader import Reader
from motherlode.projections.searching import Searching
from motherlode.projections.server_state import ServerStateReader
from motherlode.projections.showing import Showing
from motherlode.settings import ServerSettings, Settings
from motherlode.store import feeds
from motherlode.store.blobs.filesystem import FileBlobs
from motherlode.store.blobs.keys import database_path, first_key_path, search_path
from motherlode.store.db import Database, open_current_database, open_database
from motherlode.usecases.create_feed import create_feed
from motherlode.usecases.ensure_first_key import ensure_first_key
from motherlode.usecases.identify import CONSOLE
from motherlode.usecases.sweep import sweep


def open_house(settings: Settings) -> House:
    """The house of a data folder that is ready. Raises `NoData` where there is none, and makes none."""
    return _build(settings, open_current_database(database_path(settings.data)))


def prepare_house(settings: Settings) -> House:
    """The house of a data folder that is made ready to serve: made and upgraded where need be, swept of what a crash
    left behind, with its first feed and its first key."""
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    db = open_database(database_path(settings.data), create=True)
    db.upgrade()
    house = _build(settings, db)
    try:
        sweep(db=house.db, blobs=house.blobs)
        _ensure_default_feed(house)
        if house.bootstrap is None:
            ensure_first_key(first_key_path(settings.data), db=house.db, clock=house.clock)
    except BaseException:
        house.close()
        raise
    return house


def make_app(settings: Settings) -> Any:
    """The ASGI application of one worker, its data folder made ready."""
    from motherlode.jobs.runner import Runner  # noqa: PLC0415 commands do without the web, and run no jobs
    from motherlode.jobs.table import KINDS  # noqa: PLC0415
    from motherlode.web.edge import Edge  # noqa: PLC0415

    house = prepare_house(settings)
    return Edge(house, Runner(house, KINDS))


def _build(settings: Settings, db: Database) -> House:
    blobs = FileBlobs(settings.data, settings.storage.min_free_bytes)
    documents = Documents(settings.cache.max_bytes)
    searching = Searching(db, documents, IndexFolder(search_path(settings.data), db.history))
    clock = SystemClock()
    key = settings.bootstrap_key
    return House(
        db=db,
        blobs=blobs,
        clock=clock,
        limits=settings.packages,
        documents=documents,
        follower=Follower(db, documents),
        reader=Reader(db, blobs, documents),
        searching=searching,
        showing=Showing(db, documents, searching, clock),
        tally=DownloadTally(),
        key_uses=KeyUses(),
        remembered=RememberedCredentials(),
        slowdown=Slowdown(),
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
        image_hosts=settings.pages.image_hosts,
        session_lifetime=timedelta(seconds=settings.sessions.lifetime_s),
    )


def _tls_files(server: ServerSettings) -> tuple[Path, Path] | None:
    if server.tls_certificate is None or server.tls_key is None:
        return None
    return server.tls_certificate, server.tls_key


def _ensure_default_feed(house: House) -> None:
    with house.db.read() as tx:
        if feeds.find(tx, DEFAULT_FEED):
            return
    try:
        create_feed(DEFAULT_FEED, {}, CONSOLE, defaults=house.feed_defaults, db=house.db, clock=house.clock)
    except FeedExists:
        return
