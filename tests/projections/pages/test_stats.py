"""A feed's statistics: by day, by package, by client, and of all time."""

from datetime import timedelta

from motherlode.projections.pages.views import NamedCount
from motherlode.usage.downloads import DownloadTally
from motherlode.usecases.maintenance.record_usage import record_downloads
from tests.support.builders import nupkg
from tests.usecases.services import NOON

TODAY = NOON.date()


def test_of_a_feed_without_downloads_there_are_ninety_empty_days(looker):
    stats = looker.stats()
    assert (stats.total, stats.packages, stats.clients) == (0, (), ())
    assert [day.count for day in stats.days] == [0] * 90
    assert (stats.days[0].day, stats.days[-1].day) == (TODAY - timedelta(days=89), TODAY)


def test_days_are_of_the_whole_feed_and_the_total_is_of_all_time(services, looker):
    services.create_feed("tools")
    for name in ("Acme.A", "Acme.B"):
        services.push(nupkg(name))
    for days_ago, name, count in ((90, "Acme.A", 8), (89, "Acme.A", 4), (1, "Acme.A", 2), (1, "Acme.B", 1)):
        looker.download(name, count, day=TODAY - timedelta(days=days_ago))
    looker.download("Acme.A", 5, feed="tools")
    stats = looker.stats()
    assert stats.total == 15
    assert [day.count for day in stats.days] == [4, *[0] * 87, 3, 0]


def test_packages_and_clients_are_of_the_last_thirty_days_the_most_first(services, looker):
    for name in ("Acme.A", "Acme.B", "Acme.C"):
        services.push(nupkg(name))
    looker.download("Acme.C", 9, day=TODAY - timedelta(days=30), client="Paket")
    looker.download("Acme.A", 1, day=TODAY - timedelta(days=29), client="curl")
    looker.download("Acme.A", 1, client="browser")
    looker.download("Acme.B", 3, client="browser")
    stats = looker.stats()
    assert stats.packages == (NamedCount("Acme.B", 3), NamedCount("Acme.A", 2))
    assert stats.clients == (NamedCount("browser", 4), NamedCount("curl", 1))


def test_an_id_is_called_as_its_latest_listed_version_spells_it(services, looker):
    for identity in (("ACME.a", "1.0.0"), ("Acme.A", "2.0.0"), ("acme.a", "3.0.0")):
        services.push(nupkg(*identity))
    services.unlist("Acme.A", "3.0.0")
    looker.download("Acme.A", 2)
    assert looker.stats().packages == (NamedCount("Acme.A", 2),)


def test_what_is_unlisted_is_not_named_and_others_take_its_place(services, looker):
    tally = DownloadTally()
    for number in range(205):
        services.push(nupkg(f"Acme.N{number}"))
        for _ in range(1 if number < 103 else 2):
            tally.count((looker.feed().id, f"acme.n{number}", "1.0.0", TODAY), "curl")
        if number >= 103:
            services.unlist(f"Acme.N{number}", "1.0.0")
    record_downloads(tally, db=services.db)
    packages = looker.stats().packages
    assert (len(packages), {package.count for package in packages}) == (100, {1})


def test_all_counts_of_one_download_are_written_together(services, looker):
    services.push(nupkg("Acme.A"))
    looker.download("Acme.A", 2, client="Paket")
    stats = looker.stats()
    assert (stats.total, stats.days[-1].count, stats.packages[0].count, stats.clients[0].count) == (2, 2, 2, 2)
