"""Check: what a push of a package would say, and nothing is stored, nor written into the audit log.

All that stands in its way is told at once, but for what a push keeps from those who may not push the id.
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
from motherlode.usecases.packages.validation_turns import turn_to_judge


@dataclass(frozen=True, slots=True)
class Checked:
    """What a push would say. `refusals` are all that stand in its way, the first of them what it would raise;
    `identity` is None where the package is at fault."""

    identity: Identity | None
    refusals: tuple[Refusal, ...]
    warnings: tuple[Fault, ...] = ()

    @property
    def is_valid(self) -> bool:
        """Whether a push would be taken."""
        return not self.refusals

    @property
    def faults(self) -> tuple[Fault, ...]:
        """All that is wrong, each with its code: of the package, of the actor, of the place."""
        each = (refusal.faults or (Fault(refusal.code, str(refusal)),) for refusal in self.refusals)
        return tuple(fault for faults in each for fault in faults)


def check(spool: Spool, actor: Actor, *, feed: str, db: Database, clock: Clock, limits: Limits) -> Checked:
    """Judge the .nupkg in `spool`, which is finished, as a push by that actor to that feed would. Raises `NoSuchFeed`.

    It does not hold for longer than nobody pushes, and nobody changes the feed.
    """
    strictness = find_strictness(db, feed)
    with turn_to_judge(spool.size):
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
