"""Rows for the store's tests, made from what a test cares about."""

import hashlib
from datetime import UTC, datetime

from motherlode.domain.accounts import PERSON
from motherlode.nuget.ids import parse_package_id
from motherlode.nuget.package import Identity
from motherlode.nuget.versions import parse_version
from motherlode.store.accounts import accounts
from motherlode.store.accounts.accounts import AccountRow
from motherlode.store.database.sqlite import Tx
from motherlode.store.packages import catalog, contents, versions
from motherlode.store.packages.contents import ContentRow
from motherlode.store.packages.versions import Entry

NOON = datetime(2024, 5, 6, 12, 0, 0, 123456, tzinfo=UTC)


def identity(package_id: str = "Acme.Widgets", version: str = "1.0.0") -> Identity:
    """An identity from texts."""
    return Identity(parse_package_id(package_id), parse_version(version))


def add_content(tx: Tx, body: bytes = b"body", *, blob: str | None = None) -> ContentRow:
    """The content row of these bytes; its blob is named after them unless given."""
    sha256 = hashlib.sha256(body)
    return contents.add(
        tx,
        sha256=sha256.digest(),
        sha512=hashlib.sha512(body).digest(),
        size=len(body),
        blob=blob or f"{sha256.hexdigest()}-{'0' * 16}",
        nuspec=b"<package />",
        facts={"id": "Acme.Widgets", "authors": "Zoë"},
        reading=1,
        at=NOON,
    )


def add_entry(tx: Tx, feed_id: int, package_id: str = "Acme.Widgets", version: str = "1.0.0") -> Entry:
    """An entry without an event."""
    content = add_content(tx, f"{package_id} {version}".encode())
    return versions.add(tx, feed_id, identity(package_id, version), content, is_semver2=False, at=NOON)


def publish(tx: Tx, feed_id: int, package_id: str = "Acme.Widgets", version: str = "1.0.0") -> int:
    """An entry and its event, whose number is returned."""
    return catalog.append(tx, feed_id, "published", add_entry(tx, feed_id, package_id, version), at=NOON)


def add_account(tx: Tx, name: str, kind: str = PERSON, *, role: str | None = None) -> AccountRow:
    """An account nobody can sign in with."""
    return accounts.add(tx, name=name, kind=kind, role=role, password=None, at=NOON)
