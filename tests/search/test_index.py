"""What is found, for whom, and what a write changes."""

import pytest

from motherlode.search.index import Found
from motherlode.search.subjects import AUDIENCES, Audience, Subject
from tests.search.packages import a_subject, a_view, ask, complete, find, gone

JSON = a_subject(
    "Newtonsoft.Json",
    title="Json.NET",
    description="Reads and writes documents.",
    summary="Popular framework",
    tags=("serializer", "linq"),
    authors=("James Newton-King",),
    owners=("jamesnk", "dotnet foundation"),
)


@pytest.mark.parametrize(
    "text",
    [
        "newtonsoft json",
        "JSON.NET",
        "serializ",
        "documents",
        "framework",
        "james",
        "reads newtonsoft",
        '"writes documents"',
        "id:tonso",
        "id:to",
        "id:j",
        "id:newtonsoft.json",
        "packageid:NEWTONSOFT.JSON",
        "title:net",
        "tags:linq",
        "tag:SERIALIZER",
        'author:"newton king"',
        "authors:james",
        "description:writes",
        "summary:popular",
        "owner:JamesNK",
        'owners:"dotnet foundation"',
        "version:1.0",
        "tags:linq tags:nothing",
        "tags:linq title:json reads",
        "bogus:x",
        "",
    ],
)
def test_a_package_is_found_by_all_that_is_said_of_it(index, text):
    index.write([JSON], {})
    assert index.search(ask(text)) == Found(1, ("newtonsoft.json",))


@pytest.mark.parametrize(
    "text",
    [
        "newtonsoft xml",
        "document reads",
        '"documents reads"',
        '"net reads"',
        '"json json"',
        '"net serializer"',
        '"serializer linq"',
        'tags:"serializer linq"',
        "id:zz",
        "jamesnk",
        "owner:james",
        "packageid:newtonsoft",
        "title:newtonsoft",
        "tags:seri",
        "tags:linq title:nothing",
        "version:2.0.0",
        "id:xyz",
        "éwtonsoft",
    ],
)
def test_a_package_is_not_found_by_what_is_not_said_of_it(index, text):
    index.write([JSON], {})
    assert index.search(ask(text)) == Found(0, ())


def test_an_audience_finds_the_version_it_sees_and_no_other(index):
    stable, preview = a_view("Foo", "1.0.0", description="old"), a_view("Foo", "2.0.0-a", description="new")
    views = {audience: preview if audience.prerelease else stable for audience in AUDIENCES}
    index.write([Subject(1, "foo", views)], {})
    for audience in AUDIENCES:
        assert find(index, "old", audience=audience) == ([] if audience.prerelease else ["foo"])
        assert find(index, "new", audience=audience) == (["foo"] if audience.prerelease else [])
        assert find(index, "foo", audience=audience) == ["foo"]


def test_an_audience_without_a_view_does_not_see_the_package(index):
    index.write([Subject(1, "foo", {Audience(prerelease=True, semver2=True): a_view("Foo", "1.0.0-a.b")})], {})
    seen = [audience for audience in AUDIENCES if find(index, "", audience=audience)]
    assert seen == [Audience(prerelease=True, semver2=True)]


def test_feeds_do_not_see_each_other(index):
    index.write([a_subject("Foo"), a_subject("Foo", feed_id=2), a_subject("Bar", feed_id=2)], {})
    assert (find(index, ""), find(index, "", feed_id=2), find(index, "", feed_id=3)) == (["foo"], ["bar", "foo"], [])
    index.write([gone("Foo")], {})
    assert (find(index, ""), find(index, "", feed_id=2)) == ([], ["bar", "foo"])


@pytest.mark.parametrize(
    ("package_type", "id_keys"),
    [
        (None, ["plain", "tool"]),
        ("", ["plain", "tool"]),
        ("dotnettool", ["tool"]),
        ("DEPENDENCY", ["plain"]),
        ("McpServer", ["tool"]),
        ("no such/type", []),
        ("\ud800", []),
    ],
)
def test_a_package_type_is_compared_in_any_casing(index, package_type, id_keys):
    index.write([a_subject("Plain"), a_subject("Tool", package_types=("DotnetTool", "McpServer"))], {})
    assert find(index, "", package_type=package_type) == id_keys
    assert complete(index, "", package_type=package_type) == id_keys


def test_a_write_replaces_all_that_was_known_of_a_package(index):
    index.write([a_subject("Foo", description="before", tags=("old",))], {})
    index.write([a_subject("Foo", description="after")], {})
    assert [find(index, text) for text in ("before", "tags:old", "after", "")] == [[], [], ["foo"], ["foo"]]


def test_of_a_package_written_twice_at_once_the_last_counts(index):
    index.write([a_subject("Foo", description="first"), a_subject("Foo", description="second")], {})
    assert index.search(ask("foo")) == Found(1, ("foo",))
    assert find(index, "first") == []


def test_a_package_without_views_leaves(index):
    index.write([a_subject("Foo"), a_subject("Bar")], {})
    index.write([gone("Foo"), gone("Never.Seen")], {})
    assert index.search(ask("")) == Found(1, ("bar",))


def test_positions_are_kept_by_feed_and_with_the_packages(index):
    assert index.positions() == {}
    index.write([a_subject("Foo")], {1: 5, 2: 1})
    index.write([], {1: 6})
    assert index.positions() == {1: 6, 2: 1}
    assert index.search(ask("")) == Found(1, ("foo",))


def test_a_write_that_fails_on_the_way_changes_nothing_and_may_be_repeated(index):
    def broken():
        yield a_subject("Foo")
        raise LookupError

    with pytest.raises(LookupError) as failure:
        index.write(broken(), {1: 1})
    assert (find(index, ""), index.positions()) == ([], {})
    index.write([a_subject("Bar")], {1: 1})
    assert failure.type is LookupError
    index.tidy()
    assert (find(index, ""), index.positions()) == (["bar"], {1: 1})


def test_many_small_writes_are_merged_by_tidying_and_change_nothing(index):
    for number in range(20):
        index.write([a_subject(f"Package{number:02}")], {1: number})
        index.tidy()
    index.tidy()
    assert index.search(ask("", take=3)) == Found(20, ("package00", "package01", "package02"))
    assert index.positions() == {1: 19}


def test_the_exact_id_comes_first_whatever_the_downloads(index):
    index.write([a_subject("Json"), a_subject("Json.Tools", 10**9), a_subject("Other", 10**9, title="json")], {})
    for text in ("json", "JSON", '"json"', "id:json"):
        assert find(index, text)[0] == "json"


def test_words_in_the_id_count_more_than_near_it_and_those_more_than_elsewhere(index):
    index.write(
        [
            a_subject("In.Json", 1),
            a_subject("By.Title", 10, title="json"),
            a_subject("By.Tag", 20, tags=("json",)),
            a_subject("By.Text", 100, description="json"),
            a_subject("By.Summary", 300, summary="json"),
            a_subject("By.Author", 200, authors=("json",)),
        ],
        {},
    )
    assert find(index, "json") == ["in.json", "by.tag", "by.title", "by.summary", "by.author", "by.text"]


def test_within_a_tier_downloads_decide_and_then_the_id(index):
    index.write([a_subject("B.Json", 5), a_subject("a.json", 5), a_subject("C.Json", 6), a_subject("D.Json")], {})
    assert find(index, "js") == ["c.json", "a.json", "b.json", "d.json"]


def test_pages_follow_each_other_however_many_packages_tie(index):
    ids = [f"Contoso.Platform.Services.{'Deep' * 15}{number % 3}.P{number:03}" for number in range(150)]
    index.write([a_subject(package_id) for package_id in reversed(ids)], {})
    for text in ("", "contoso", "p"):
        pages = [find(index, text, skip=skip, take=7) for skip in range(0, 154, 7)]
        assert [id_key for page in pages for id_key in page] == sorted(package_id.lower() for package_id in ids)


def test_packages_that_tie_do_not_draw_in_those_that_do_not(index):
    index.write([a_subject("Alpha.First", 9), a_subject("Alpha.Second", 8)], {})
    index.write([a_subject(f"Zeta.Package.P{number}") for number in range(9)], {})
    index.write([a_subject(f"Zeta.Package.Old{number}", 2) for number in range(9)], {})
    best = ["alpha.first", "alpha.second", *(f"zeta.package.old{number}" for number in range(9))]
    assert [find(index, "", take=take) for take in range(1, 11)] == [best[:take] for take in range(1, 11)]
    assert find(index, "", skip=5, take=9)[6:] == ["zeta.package.p0", "zeta.package.p1", "zeta.package.p2"]


def test_ids_that_differ_only_after_the_bytes_that_rank_them_are_in_order_too(index):
    ids = [f"{'ü' * 60}{number:02}" for number in range(30)]
    index.write([a_subject(package_id) for package_id in reversed(ids)], {})
    assert find(index, "", take=20) + find(index, "", skip=20, take=20) == ids


def test_the_total_is_true_beyond_the_page(index):
    index.write([a_subject(f"Json.P{number}") for number in range(30)], {})
    index.write([a_subject(f"Other{number}", description="json") for number in range(30)], {})
    for skip, take, found in ((0, 5, 5), (28, 5, 5), (58, 5, 2), (60, 5, 0), (3_000, 1_000, 0), (0, 0, 0)):
        answer = index.search(ask("json", skip=skip, take=take))
        assert (answer.total, len(answer.id_keys)) == (60, found)


def test_autocomplete_offers_the_id_then_what_begins_so_then_what_has_words_that_do(index):
    index.write(
        [
            a_subject("Json"),
            a_subject("JsonPath", 1),
            a_subject("Json.Net", 2),
            a_subject("Acme.Json", 50),
            a_subject("XmlToJson", 60),
            a_subject("Other", 100, title="json", description="json"),
        ],
        {},
    )
    assert complete(index, "json") == ["json", "json.net", "jsonpath", "xmltojson", "acme.json"]
    assert complete(index, "JSON.n") == ["json.net"]
    assert complete(index, "acme js") == ["acme.json"]
    assert index.complete(ask("", take=2)) == Found(6, ("other", "xmltojson"))
    assert index.complete(ask("json", skip=4, take=9)) == Found(5, ("acme.json",))


def test_downloads_ask_for_a_new_rank_only_when_it_would_differ(index):
    index.write([a_subject("Small", 3), a_subject("Big", 1_000_000)], {})
    assert index.find_moved(1, {"small": 3, "big": 1_000_100, "unknown": 7}) == []
    assert index.find_moved(1, {"small": 4, "big": 1_100_000, "unknown": 7}) == ["small", "big"]
    assert index.find_moved(2, {"small": 4}) == []


@pytest.mark.parametrize(
    "text",
    [
        "(" * 4_096,
        '"' * 4_095,
        "aB1" * 1_365,
        " ".join(f"w{number}" for number in range(800)),
        "a:" * 2_000,
        "id:" + "x" * 4_000,
        'tags:"' + "a b " * 1_000,
        "packageid:" + "🚀" * 1_000,
        '+-&|!(){}[]^"~*?:\\/',
        "\u202eשלום\u202c مرحبا",
        "👨‍👩‍👧 🚀",
        "\ud800\udfff",
        "\0",
        "* OR 1=1 -- ; DROP TABLE",
        "json AND (NOT xml OR [a TO b})",
    ],
)
def test_any_text_is_answered(index, text):
    index.write([JSON], {})
    assert index.search(ask(text)).total in {0, 1}
    assert index.complete(ask(text)).total in {0, 1}
