"""Versions taken away and brought back in a house, and its garbage collected."""

from datetime import timedelta

from motherlode.nuget.ids import parse_package_id
from motherlode.nuget.versions import parse_version
from motherlode.usecases.maintenance.gc import Removed, gc
from motherlode.usecases.packages.delete import delete
from motherlode.usecases.packages.restore_version import restore_version
from tests.usecases.services import Services

READER_GRACE = timedelta(hours=1)


def take_away(services: Services, package_id: str, version: str, *, feed: str = "default") -> None:
    """Delete a version as its feed wants it."""
    services.do(delete, parse_package_id(package_id), parse_version(version), feed=feed)


def bring_back(services: Services, package_id: str, version: str, *, feed: str = "default") -> None:
    """Restore a version that was deleted softly."""
    services.do(restore_version, parse_package_id(package_id), parse_version(version), feed=feed)


def collect(services: Services, **wishes: object) -> list[Removed]:
    """Collect garbage; returns what went."""
    told: list[Removed] = []
    rooms = {"db": services.db, "blobs": services.blobs, "clock": services.clock, "reader_grace": READER_GRACE}
    freed = gc(**(rooms | wishes), report=told.append)  # type: ignore[arg-type]
    assert freed == sum(removed.size for removed in told)
    return told
