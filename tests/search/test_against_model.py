"""The index against a model of search in plain Python: the same packages, the same total, the same order."""

import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from motherlode.nuget.frameworks import parse_framework
from motherlode.nuget.ids import PackageId
from motherlode.nuget.versions import parse_version
from motherlode.search.index import Question, Sort, create_index
from motherlode.search.queries import parse_query
from motherlode.search.subjects import AUDIENCES, EPOCH, Subject, View
from tests.search.model import USED_BY, Model

WORDS = st.sampled_from(
    ["Json", "json", "jsonPath", "XmlReader", "xml", "Net6", "6", "a", "ab", "Ünder", "日本Go", "🚀"]
)
TEXTS = st.lists(WORDS, max_size=5).flatmap(
    lambda words: st.sampled_from([" ", ", ", "-", "."]).map(lambda blank: blank.join(words))
)
LISTS = st.lists(TEXTS, max_size=3).map(tuple)
LONG = "Contoso.Platform.Services.Billing."
IDS = st.builds(
    lambda start, words, mark: start + mark.join(words),
    st.sampled_from(["", "", LONG, LONG + "Json" * 16 + "."]),
    st.lists(st.sampled_from(["Json", "jsonPath", "XmlReader", "Net6", "a", "B", "_"]), min_size=1, max_size=3),
    st.sampled_from([".", "-", "_", ""]),
)
TYPES = st.lists(st.sampled_from(["Dependency", "DotnetTool", "Template"]), min_size=1, max_size=2, unique=True).map(
    tuple
)
OWNERS = st.sampled_from(["Acme", "jane doe", "ünder"])
FRAMEWORKS = st.lists(
    st.sampled_from(["net6.0", "net8.0", "net6.0-windows7.0", "netstandard2.0", "net48"]), max_size=2, unique=True
).map(lambda names: tuple(map(parse_framework, names)))
DEPENDENCIES = st.lists(st.sampled_from(["json", "acme.base"]), max_size=2, unique=True).map(tuple)
TIMES = st.sampled_from([0, 0, 1, 10**6, 10**15]).map(lambda number: EPOCH + timedelta(microseconds=number))
DOWNLOADS = st.sampled_from([0, 0, 0, 1, 2, 60, 1_000, 10**6, 10**12])


@st.composite
def subjects(draw):
    package_id = PackageId(draw(IDS))
    versions = iter(["1.0.0", "2.0.0-beta", "3.0.0-a.b", "4.0.0"])
    views = [
        View(
            package_id,
            parse_version(next(versions)),
            draw(TEXTS),
            draw(TEXTS),
            draw(TEXTS),
            draw(LISTS),
            draw(LISTS),
            draw(TYPES),
            draw(FRAMEWORKS),
            draw(DEPENDENCIES),
            draw(TIMES),
        )
        for _ in range(draw(st.integers(0, 2)))
    ]
    seen = {audience: draw(st.sampled_from(views)) for audience in AUDIENCES if views and draw(st.booleans())}
    return Subject(draw(st.sampled_from([1, 1, 2])), package_id.key, seen, draw(DOWNLOADS))


FIELDS = st.sampled_from(["id", "title", "tags", "author", "description", "summary"])
TERMS = st.one_of(
    WORDS,
    WORDS.map(str.lower),
    WORDS.map(lambda word: word[:2]),
    IDS,
    st.lists(WORDS, max_size=3).map(lambda words: f'"{" ".join(words)}"'),
    st.builds("{}:{}".format, FIELDS, WORDS),
    st.builds('{}:"{}"'.format, FIELDS, TEXTS),
    st.builds("id:{}".format, st.sampled_from(["so", "s", "pathx", "mlre", "tos", "Net", "net6", "soPa"])),
    IDS.map("packageid:{}".format),
    OWNERS.map('owner:"{}"'.format),
    st.sampled_from(["version:1.0", "version:2.0.0-BETA", "bogus:x", "AND", "(", '"', "!!", "\ud800", "\0"]),
)
QUERIES = st.one_of(st.lists(TERMS, max_size=3).map(" ".join), st.text(st.characters(), max_size=20))
QUESTIONS = st.builds(
    Question,
    st.sampled_from([1, 1, 1, 2]),
    st.sampled_from(AUDIENCES),
    QUERIES.map(parse_query),
    st.sampled_from([None, None, None, "", "dotnetTOOL", "nothing", "\ud800"]),
    st.integers(0, 4),
    st.sampled_from([0, 1, 2, 3, 20, 20, 20]),
    st.sampled_from([Sort.RELEVANCE, *Sort]),
    st.sampled_from([None, None, None, "", *USED_BY]),
    st.one_of(st.none(), st.none(), OWNERS),
    st.sampled_from([None, None, None, "", "JSON", "acme.base", "nothing"]),
)


class TestSearch:
    """A model of search in plain Python against the index on random packages and queries: same set, same total, order:
    exact id first, then by words, then by downloads, ties by id."""

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.lists(st.lists(subjects(), max_size=12), min_size=1, max_size=3),
        st.lists(QUESTIONS, min_size=8, max_size=30),
    )
    def test_the_index_answers_as_the_model(self, writes, questions):
        model = Model()
        ids = sorted({subject.id_key for written in writes for subject in written})
        owned = {"acme": frozenset(ids[::2]), "jane doe": frozenset(ids[1::3])}
        questions = [replace(question, owned=owned) for question in questions]
        with tempfile.TemporaryDirectory() as folder:
            index = create_index(Path(folder) / "index", history="any")
            for number, written in enumerate(writes):
                index.write(written, {1: number})
                model.write(written)
            for question in questions:
                assert index.search(question) == model.search(question)
                assert index.complete(question) == model.complete(question)
            index.tidy()
            for question in questions:
                assert index.search(question) == model.search(question)
