"""Growth: the same things done to a small feed and to a large one, in turn; what matters is the ratio."""

import time
from contextlib import ExitStack
from dataclasses import dataclass
from time import perf_counter

from bench.figures import Figures, median
from bench.ground import Ground
from bench.pushes import make_packages, push_all
from bench.reads import last_page
from bench.servers import Motherlode, motherlode

_BIG = "Acme.Big"
"""The id with hundreds of versions on the small feed and thousands on the large one; its last page is equally full."""


@dataclass(frozen=True, slots=True)
class Growth:
    """So many pushes a round to a small id and to the id with very many versions, each followed by cold reads."""

    pushes: int = 40

    def measure(self, ground: Ground) -> Figures:
        """Figures of the large feed by their names, their ratios to the small feed's by `…_ratio`."""
        ground.end_motherlode()
        with ExitStack() as stack:
            servers = [stack.enter_context(motherlode(ground.data(name))) for name in ("small", "large")]
            time.sleep(1)
            idle = [{"idle_mb": server.tree.rss_mb()} for server in servers]
            rounds: tuple[list[Figures], list[Figures]] = ([], [])
            for server in servers:
                push_all(server, make_packages(8))
            for _ in range(ground.effort.rounds):
                for server, into in zip(servers, rounds, strict=True):
                    into.append(self._round(server, ground.effort.times(self.pushes)))
        small, large = (
            {name: median([one[name] for one in several]) for name in several[0]} | at_rest
            for several, at_rest in zip(rounds, idle, strict=True)
        )
        return large | {f"{name}_ratio": large[name] / small[name] for name in large}

    def _round(self, server: Motherlode, pushes: int) -> Figures:
        ordinary = push_all(server, make_packages(pushes, "Acme.Ten"))
        big_s, first_s, list_s = list[float](), list[float](), list[float]()
        for package in make_packages(pushes // 4, _BIG):
            big_s.append(push_all(server, [package]).each_s[0])
            page = last_page(server, _BIG)
            first_s.append(_timed(server, page))
            list_s.append(_timed(server, f"/v3/flat/{_BIG.lower()}/index.json"))
        return {
            "push_cpu_ms": ordinary.cpu_s / pushes * 1000,
            "push_ms": median(ordinary.each_s) * 1000,
            "big_push_ms": median(big_s) * 1000,
            "first_page_ms": median(first_s) * 1000,
            "first_list_ms": median(list_s) * 1000,
        }


def _timed(server: Motherlode, path: str) -> float:
    started = perf_counter()
    server.get(path, gzip=True)
    return perf_counter() - started
