"""Downloads counted beside a running server, as its workers write them down."""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

from motherlode.store.feeds import read_all
from motherlode.store.packages import downloads
from tests.protocol.live_changes import beside
from tests.support.servers import Server


def count(server: Server, counts: Mapping[tuple[str, str, int, str], int], *, feed: str = "default") -> None:
    """Count downloads, by folded id, version, how many days ago, and with what client."""
    with beside(server) as services:
        today = services.clock.now().date()
        with services.db.write() as tx:
            (feed_id,) = (row.id for row in read_all(tx) if row.name == feed)
            versions, clients = Counter(), Counter()
            for (id_key, version_key, ago, client), number in counts.items():
                day = today - timedelta(days=ago)
                versions[feed_id, id_key, version_key, day] += number
                clients[feed_id, day, client] += number
            downloads.add(tx, versions, clients)
