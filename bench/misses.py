"""Requests for what is not there, beside requests for what is: Motherlode and nginx in turn, in the same run."""

from dataclasses import dataclass
from itertools import count
from typing import Final

from bench.figures import Figures, median
from bench.ground import Ground
from bench.load import Load, load
from bench.reads import publish

_CONNECTIONS: Final = 16
_tokens: Final = count()


@dataclass(frozen=True, slots=True)
class Miss:
    """Processor time of a hit, of a miss that was answered before (`missing`), and of a first one.

    `hit` is a path that is there; in `missing`, `{id}` becomes an id that the feed never held.
    """

    name: str
    hit: str
    missing: str

    def measure(self, ground: Ground) -> Figures:
        """Processor time of each, as ratios to the hit and to nginx's 404; ratios are taken round by round."""
        server, nginx = ground.motherlode("middle"), ground.nginx()
        hit = publish(nginx, server, self.hit, f"{self.name}-hit")
        server.tree.reset_peak()
        rounds = [self._round(ground, server.url, nginx.url, hit) for _ in range(ground.effort.rounds)]
        cpu_us = {kind: [round_[kind].cpu_us for round_ in rounds] for kind in rounds[0]}

        def ratio(kind: str, to: str) -> float:
            return median([ours / theirs for ours, theirs in zip(cpu_us[kind], cpu_us[to], strict=True)])

        return {
            "hit_us": median(cpu_us["hit"]),
            "again_us": median(cpu_us["again"]),
            "first_us": median(cpu_us["first"]),
            "nginx_hit_us": median(cpu_us["nginx_hit"]),
            "nginx_miss_us": median(cpu_us["nginx_miss"]),
            "again_ratio": ratio("again", "hit"),
            "first_ratio": ratio("first", "hit"),
            "hit_to_nginx_ratio": ratio("hit", "nginx_hit"),
            "miss_to_nginx_ratio": ratio("again", "nginx_miss"),
            "peak_mb": server.tree.peak_mb(),
        }

    def _round(self, ground: Ground, ours: str, theirs: str, static: str) -> dict[str, Load]:
        server, nginx = ground.motherlode("middle").tree, ground.nginx().tree
        again, first = self.missing.replace("{id}", "absent.again"), self.missing.replace("{id}", _new_id())

        def ask(url: str, path: str, *, is_ours: bool, is_missing: bool) -> Load:
            tree, seconds = server if is_ours else nginx, ground.effort.seconds
            return load(url, [path], tree, seconds=seconds, connections=_CONNECTIONS, is_missing=is_missing)

        return {
            "hit": ask(ours, self.hit, is_ours=True, is_missing=False),
            "again": ask(ours, again, is_ours=True, is_missing=True),
            "first": ask(ours, first, is_ours=True, is_missing=True),
            "nginx_hit": ask(theirs, static, is_ours=False, is_missing=False),
            "nginx_miss": ask(theirs, again, is_ours=False, is_missing=True),
        }


def _new_id() -> str:
    """A pattern for ids that nobody asked for before."""
    return f"absent.first{next(_tokens)}.n{{n}}"
