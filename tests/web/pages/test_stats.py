"""A feed's statistics, as a page and as CSV."""

import csv
import io

import pytest

from motherlode.web.pages.stats import format_csv
from tests.protocol.feeds import create_feed
from tests.support.builders import nupkg
from tests.support.servers import Server
from tests.web.pages.counting import count
from tests.web.pages.markup import Page, find_faults, parse_page


@pytest.fixture(scope="module")
def counted(shared_server: Server) -> Server:
    for name in ("Acme.Much", "Acme.Little"):
        assert shared_server.push(nupkg(name)).status == 201
    counts = {
        ("acme.much", "1.0.0", 2, "dotnet / MSBuild"): 900,
        ("acme.little", "1.0.0", 0, "Paket"): 100,
        ("acme.much", "1.0.0", 80, "curl"): 5,
    }
    count(shared_server, counts)
    return shared_server


def look(server: Server, path: str = "/stats") -> Page:
    page = parse_page(server.get(path).body, server.url)
    assert find_faults(page) == []
    return page


def rows_of(page: Page, section: str) -> list[str]:
    rows = page.one("section", aria_labelledby=section).iter("tr")
    return [" ".join("".join(cell.itertext()) for cell in row).strip() for row in rows][1:]


def table(server: Server, name: str) -> list[list[str]]:
    answer = server.get(f"/stats/{name}.csv")
    assert answer.status == 200
    assert answer.header("content-type") == "text/csv; charset=utf-8"
    assert answer.header("content-disposition") == f'attachment; filename="default-{name}.csv"'
    return list(csv.reader(io.StringIO(answer.body.decode())))


def test_the_page_says_what_was_downloaded_and_with_what(counted: Server) -> None:
    page = look(counted)
    assert "1,005 total downloads" in page.text
    assert "1,005 in the last 90 days, peak 900 per day" in page.text
    assert rows_of(page, "top-packages") == ["Acme.Much 900", "Acme.Little 100"]
    assert rows_of(page, "clients") == ["dotnet / MSBuild 900", "Paket 100"]
    assert len(rows_of(page, "days")) == 90


def test_tables_are_to_be_had_as_csv(counted: Server) -> None:
    assert table(counted, "packages") == [["package", "downloads"], ["Acme.Much", "900"], ["Acme.Little", "100"]]
    assert table(counted, "clients") == [["client", "downloads"], ["dotnet / MSBuild", "900"], ["Paket", "100"]]
    head, *days = table(counted, "days")
    assert head == ["day", "downloads"]
    assert len(days) == 90
    assert [count for _, count in days if count != "0"] == ["5", "900", "100"]


def test_each_look_at_a_table_has_the_same_headers(counted: Server) -> None:
    first, second = (counted.get("/stats/days.csv") for _ in range(2))
    assert first.header("content-disposition") == second.header("content-disposition")
    assert counted.get("/stats/days.csv", If_None_Match=str(first.header("etag"))).status == 304


def test_a_download_is_in_it_as_soon_as_it_was_written_down(counted: Server) -> None:
    create_feed(counted, "busy")
    assert "None in the last 90 days." in look(counted, "/feeds/busy/stats").text
    assert counted.push(nupkg("Acme.New"), feed="/feeds/busy").status == 201
    count(counted, {("acme.new", "1.0.0", 0, "curl"): 3}, feed="busy")
    assert "3 total downloads" in look(counted, "/feeds/busy/stats").text
    assert counted.get("/feeds/busy/stats/clients.csv").body == b"client,downloads\r\ncurl,3\r\n"


def test_there_are_no_other_tables(counted: Server) -> None:
    assert counted.get("/stats/keys.csv").status == 404


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_no_name_is_a_formula_to_whoever_opens_it(name: str) -> None:
    _, row = csv.reader(io.StringIO(format_csv("package", [(name, 1)]).decode(), newline=""))
    assert row == [f"'{name}", "1"]


def test_commas_and_quotes_stay_in_their_cell() -> None:
    _, row = csv.reader(io.StringIO(format_csv("client", [('a,"b"\nc', 2)]).decode(), newline=""))
    assert row == ['a,"b"\nc', "2"]
