"""What is found, for whom, and what a write changes."""

from datetime import timedelta

import pytest

from motherlode.nuget.frameworks import parse_framework
from motherlode.search.index import Found, Sort
from motherlode.search.subjects import AUDIENCES, EPOCH, Audience, Subject
from tests.search.packages import a_subject, a_view, ask, complete, find, gone

JSON = a_subject(
    "Newtonsoft.Json",
    title="Json.NET",
    description="Reads and writes documents.",
    summary="Popular framework",
    tags=("serializer", "linq"),
    authors=("James Newton-King",),
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


OWNED = {"acme": frozenset({"acme.json", "acme.xml", "not.here"}), "jane doe": frozenset({"acme.json", "jane.tool"})}


@pytest.mark.parametrize(
    ("text", "owner", "id_keys"),
    [
        ("", "ACME ", ["acme.json", "acme.xml"]),
        ("", "nobody", []),
        ("", "", ["acme.json", "acme.xml", "jane.tool", "other"]),
        ("xml", "acme", ["acme.xml"]),
        ("owner:Acme", None, ["acme.json", "acme.xml"]),
        ('owners:"Jane Doe" tool', None, ["jane.tool"]),
        ('owner:acme owner:"jane doe"', None, ["acme.json", "acme.xml", "jane.tool"]),
        ("owner:acme", "Jane Doe", ["acme.json"]),
        ("owner:nobody", "acme", []),
        ("owner:nobody", None, []),
        ("acme", "jane doe", ["acme.json"]),
    ],
)
def test_an_owner_is_who_is_said_to_own_it_when_it_is_asked(index, text, owner, id_keys):
    index.write([a_subject(name) for name in ("Acme.Json", "Acme.Xml", "Jane.Tool", "Other")], {})
    assert find(index, text, owner=owner, owned=OWNED) == id_keys
    assert index.search(ask(text, owner=owner, owned=OWNED, take=1)).total == len(id_keys)


def test_an_owner_whom_nobody_looked_up_owns_nothing(index):
    index.write([a_subject("Acme.Json")], {})
    assert (find(index, "owner:acme"), find(index, "", owner="acme"), complete(index, "", owner="acme")) == ([], [], [])
    assert complete(index, "acme", owner="acme", owned=OWNED) == ["acme.json"]


def test_many_ids_may_be_owned(index):
    index.write([a_subject(f"Json.P{number:05}") for number in range(300)], {})
    owned = {"acme": frozenset(f"json.p{number:05}" for number in range(100, 20_100))}
    found = index.search(ask("json", owner="acme", owned=owned, skip=190, take=20))
    assert found == Found(200, tuple(f"json.p{number:05}" for number in range(290, 300)))


@pytest.mark.parametrize(
    ("framework", "id_keys"),
    [
        (None, ["any", "core", "desktop", "windows"]),
        ("", ["any", "core", "desktop", "windows"]),
        ("net9.0", ["any", "core"]),
        (" NET8.0-Windows", ["any", "core", "windows"]),
        (".NETFramework4.8", ["any", "desktop"]),
        ("net", ["core", "windows"]),
        ("NetFramework", ["desktop"]),
        ("tizen4.0", ["any"]),
        ("no such", []),
        ("\ud800", []),
        ("x" * 1_000, []),
    ],
)
def test_a_framework_finds_what_it_can_use(index, framework, id_keys):
    made_for = {"Core": ["net8.0"], "Windows": ["net8.0-windows7.0"], "Desktop": ["net472", "net40"], "Any": []}
    index.write(
        [a_subject(name, frameworks=tuple(map(parse_framework, names))) for name, names in made_for.items()], {}
    )
    assert find(index, "", framework=framework) == id_keys
    assert complete(index, "", framework=framework) == id_keys


def test_what_depends_on_an_id_is_found_in_the_version_that_does(index):
    old, new = a_view("Foo", dependencies=("bar", "baz")), a_view("Foo", "2.0.0-a", dependencies=("baz",))
    views = {audience: new if audience.prerelease else old for audience in AUDIENCES}
    index.write([Subject(1, "foo", views), a_subject("Bar")], {})
    stable = Audience(prerelease=False, semver2=True)
    assert (find(index, "", dependency="BAR"), find(index, "", dependency="baz")) == ([], ["foo"])
    assert find(index, "", dependency="Bar", audience=stable) == ["foo"]
    assert find(index, "", dependency="ba") == []


class TestOrder:
    def test_by_downloads_no_match_is_better_than_another(self, index):
        index.write([a_subject("Json"), a_subject("Other", 9, title="json"), a_subject("A.Json", 5)], {})
        assert find(index, "json") == ["json", "a.json", "other"]
        assert find(index, "json", sort=Sort.DOWNLOADS) == ["other", "a.json", "json"]

    def test_the_newest_comes_first_and_of_one_time_the_most_downloaded(self, index):
        at = [EPOCH + timedelta(microseconds=number) for number in (0, 10**15, 10**15 + 1)]
        index.write(
            [
                a_subject("Json", 10**6, published_at=at[0]),
                a_subject("Json.C", 1, published_at=at[1]),
                a_subject("Json.B", 1, published_at=at[1]),
                a_subject("Json.D", 2, published_at=at[1]),
                a_subject("Json.Last", published_at=at[2]),
            ],
            {},
        )
        assert find(index, "json", sort=Sort.NEWEST) == ["json.last", "json.d", "json.b", "json.c", "json"]

    @pytest.mark.parametrize("sort", Sort)
    def test_pages_follow_each_other_however_many_packages_tie(self, index, sort):
        times = [EPOCH + timedelta(days=number // 40) for number in range(150)]
        index.write([a_subject(f"Json.P{n:03}", n % 3, published_at=at) for n, at in enumerate(times)], {})
        whole = find(index, "json", sort=sort, take=150)
        pages = [find(index, "json", sort=sort, skip=skip, take=7) for skip in range(0, 154, 7)]
        assert [id_key for page in pages for id_key in page] == whole
        assert len(set(whole)) == 150

    def test_autocomplete_has_an_order_of_its_own(self, index):
        index.write([a_subject("Json.New", published_at=EPOCH + timedelta(1)), a_subject("Json", 1)], {})
        assert complete(index, "json", sort=Sort.NEWEST) == ["json", "json.new"]


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
