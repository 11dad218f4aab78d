"""What use cases work with, in one hand: each verb with its arguments filled in, and a look at all there is."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from motherlode.domain.feed_settings import FeedPolicy
from motherlode.domain.permissions import Actor
from motherlode.domain.refusals import Refusal
from motherlode.nuget.archive.zip_reader import Limits
from motherlode.nuget.ids import parse_package_id
from motherlode.nuget.validation.rule import Strictness
from motherlode.nuget.versions import parse_version
from motherlode.store import feeds
from motherlode.store.accounts import accounts
from motherlode.store.accounts.accounts import AccountRow
from motherlode.store.blobs.memory import MemoryBlobs, Shelf
from motherlode.store.database import schema
from motherlode.store.database.sqlite import Database
from motherlode.store.feeds import FeedRow
from motherlode.store.packages import versions
from motherlode.store.packages.versions import Entry
from motherlode.usecases.accounts.accounts import create_account
from motherlode.usecases.feeds.feeds import change_feed, create_feed
from motherlode.usecases.packages.check import Checked, check
from motherlode.usecases.packages.listing import relist, unlist
from motherlode.usecases.packages.push import Pushed, push
from motherlode.usecases.sign_in.identify import CONSOLE

NOON = datetime(2024, 5, 6, 12, 0, tzinfo=UTC)


class FixedClock:
    """Stands still; `pass_by` sets it forward."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def now(self) -> datetime:
        """The time it was set to."""
        return self.at

    def pass_by(self, span: timedelta) -> None:
        """Let time pass."""
        self.at += span


@dataclass
class Services:
    """One data folder's worth of rooms."""

    db: Database
    clock: FixedClock = field(default_factory=FixedClock)
    shelf: Shelf = field(default_factory=Shelf)
    blobs: MemoryBlobs = field(init=False)

    def __post_init__(self) -> None:
        self.blobs = MemoryBlobs(self.shelf, self.clock)

    def push(
        self,
        package: bytes,
        *,
        actor: Actor = CONSOLE,
        feed: str = "default",
        blobs: MemoryBlobs | None = None,
        strictness: Strictness | None = None,
    ) -> Pushed:
        """Push these bytes."""
        store = blobs or self.blobs
        with store.spool() as spool:
            spool.write(package)
            spool.finish()
            return push(
                spool,
                actor,
                feed=feed,
                db=self.db,
                blobs=store,
                clock=self.clock,
                limits=Limits(),
                strictness=strictness,
            )

    def check(self, package: bytes, *, actor: Actor = CONSOLE, feed: str = "default") -> Checked:
        """Ask what a push of these bytes would say."""
        with self.blobs.spool() as spool:
            spool.write(package)
            spool.finish()
            return check(spool, actor, feed=feed, db=self.db, clock=self.clock, limits=Limits())

    def unlist(
        self, package_id: str, version: str, *, actor: Actor = CONSOLE, feed: str = "default"
    ) -> tuple[str, ...]:
        """Unlist a version given as text."""
        names = parse_package_id(package_id), parse_version(version)
        return unlist(*names, actor, feed=feed, db=self.db, clock=self.clock)

    def relist(
        self, package_id: str, version: str, *, actor: Actor = CONSOLE, feed: str = "default"
    ) -> tuple[str, ...]:
        """Relist a version given as text."""
        names = parse_package_id(package_id), parse_version(version)
        return relist(*names, actor, feed=feed, db=self.db, clock=self.clock)

    def add_account(self, name: str, **wishes: Any) -> AccountRow:
        """Create an account, a person's unless it is said otherwise."""
        return create_account(name, CONSOLE, **wishes, db=self.db, clock=self.clock)

    def do(self, verb: Callable[..., Any], *arguments: Any, **wishes: Any) -> Any:
        """Call a use case in this house, as the console unless `actor` says otherwise."""
        actor = wishes.pop("actor", CONSOLE)
        return verb(*arguments, actor, **wishes, db=self.db, clock=self.clock)

    def actor(self, name: str, *rights: str, **limits: Any) -> Actor:
        """Who acts with a key of that account that carries these rights, with its roles of this moment."""
        with self.db.read() as tx:
            holder = accounts.find_holder(tx, accounts.get(tx, name).id)
        limits.setdefault("key_id", f"key-of-{name}")
        return Actor(name, frozenset(rights), holder=holder, **limits)

    def last_line(self) -> Any:
        """The newest line of the audit log."""
        return max(self.rows("audit"), key=lambda line: line.id)

    def create_feed(self, name: str, settings: Mapping[str, str] | None = None) -> FeedRow:
        """Create a feed with the usual defaults."""
        return create_feed(name, settings or {}, CONSOLE, defaults=FeedPolicy(), db=self.db, clock=self.clock)

    def change_feed(self, name: str, settings: Mapping[str, str]) -> FeedRow:
        """Change a feed."""
        return change_feed(name, settings, CONSOLE, db=self.db, clock=self.clock)

    def find(self, id_key: str, version_key: str, *, feed: str = "default") -> Entry | None:
        """The entry by its keys."""
        with self.db.read() as tx:
            return versions.find(tx, feeds.get(tx, feed).id, id_key, version_key)

    def get(self, id_key: str, version_key: str, *, feed: str = "default") -> Entry:
        """The entry that must be there."""
        entry = self.find(id_key, version_key, feed=feed)
        assert entry is not None
        return entry

    def rows(self, table: str) -> list[Any]:
        """All rows of a table."""
        with self.db.read() as tx:
            return list(tx.execute(select(schema.metadata.tables[table])))

    def snapshot(self) -> dict[str, object]:
        """Everything: the rows of every table, and the blobs."""
        tables: dict[str, object] = {table: self.rows(table) for table in schema.metadata.tables}
        return tables | {"blobs": dict(self.shelf.blobs)}

    @contextmanager
    def refusing(self, refusal: type[Refusal], *, match: str | None = None) -> Iterator[pytest.ExceptionInfo[Refusal]]:
        """Fail unless what is done inside is refused like that, and changes nothing at all; yields the refusal."""
        before = self.snapshot()
        with pytest.raises(refusal, match=match) as raised:
            yield raised
        assert self.snapshot() == before
