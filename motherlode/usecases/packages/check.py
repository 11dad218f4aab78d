"""Check a package: report what a push would report, without storing anything or writing to the audit log.

All obstacles are reported at once, except those that a push hides from callers who may not push the id.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from motherlode.domain.feed_settings import parse_feed_policy
from motherlode.domain.permissions import Actor, expiry_warning
from motherlode.domain.refusals import InvalidPackage, NotAllowed, Refusal
from motherlode.nuget.faults import Fault
from motherlode.nuget.nupkg import Limits, Nupkg, validate_nupkg
from motherlode.nuget.package import Identity
from motherlode.observe.clock import Clock
from motherlode.store.blobs.protocol import Spool
from motherlode.store.database.sqlite import Database
from motherlode.usecases.packages.push import find_obstacles, find_strictness, get_free_place
from motherlode.usecases.packages.validation_turns import validation_turn


@dataclass(frozen=True, slots=True)
class Checked:
    """What a push would report. `refusals` lists all obstacles; a push would raise the first one. `identity` is None
    if the package is invalid."""

    identity: Identity | None
    refusals: tuple[Refusal, ...]
    warnings: tuple[Fault, ...] = ()

    @property
    def is_valid(self) -> bool:
        """Whether a push would succeed."""
        return not self.refusals

    @property
    def faults(self) -> tuple[Fault, ...]:
        """All problems, each with its code: those of the package, of the actor's permissions, and of the feed."""
        each = (refusal.faults or (Fault(refusal.code, str(refusal)),) for refusal in self.refusals)
        return tuple(fault for faults in each for fault in faults)


def check(spool: Spool, actor: Actor, *, feed: str, db: Database, clock: Clock, limits: Limits) -> Checked:
    """Validate the .nupkg in `spool`, which is finished, as a push by that actor to that feed would.

    The result is valid only until the next push to the feed or change of it. Raises `NoSuchFeed`.
    """
    strictness = find_strictness(db, feed)
    with validation_turn(spool.size):
        verdict = validate_nupkg(spool.file, limits, clock.now(), strictness)
    expiry = expiry_warning(actor, clock.now())
    warnings = (*([Fault("key-ends-soon", expiry)] if expiry else []), *verdict.warnings)
    if verdict.nupkg is None:
        return Checked(None, (InvalidPackage(verdict.faults),), warnings)
    refusals = tuple(_find_refusals(verdict.nupkg, spool.size, actor, feed, db))
    return Checked(verdict.nupkg.package.identity, refusals, warnings)


def _find_refusals(nupkg: Nupkg, size_bytes: int, actor: Actor, feed: str, db: Database) -> Iterator[Refusal]:
    identity = nupkg.package.identity
    with db.read() as tx:
        try:
            place = get_free_place(tx, actor, feed, identity)
        except NotAllowed as refusal:
            yield refusal
            return
    yield from find_obstacles(place, parse_feed_policy(place.settings), identity, size_bytes)
