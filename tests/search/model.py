"""Search in plain Python: every package is looked at, nothing is indexed.

It shares with the room only how text becomes words and how a query is read, which have tests of their own.
"""

from collections.abc import Iterable, Sequence

from motherlode.nuget.ids import PackageId
from motherlode.search.analyser import Word, iter_words, spell_words
from motherlode.search.index import Found, Question
from motherlode.search.queries import Query, Term
from motherlode.search.subjects import EPOCH, Subject, View


class Model:
    """What the index promises, over any number of packages."""

    def __init__(self) -> None:
        self._subjects: dict[tuple[int, str], Subject] = {}

    def write(self, subjects: Iterable[Subject]) -> None:
        self._subjects.update({(subject.feed_id, subject.id_key): subject for subject in subjects})

    def search(self, question: Question) -> Found:
        def tier(view: View) -> int | None:
            wanted = {term.exact for term in question.query.scoped.get("owner", ())}
            if wanted and not any(view.id.key in question.owned.get(name, ()) for name in wanted):
                return None
            return _find_tier(question.query, view)

        return self._answer(question, tier, question.sort)

    def complete(self, question: Question) -> Found:
        typed = question.query.text.strip()

        def tier(view: View) -> int | None:
            key, wanted = view.id.key, PackageId(typed).key
            words = list(iter_words(typed))
            if key == wanted:
                return 0
            if key.startswith(wanted):
                return 1
            return 2 if words and _holds_words([view.id.written], words, is_open=True) else None

        return self._answer(question, tier, "relevance")

    def _answer(self, question, find_tier, sort) -> Found:
        ranked = []
        for subject in self._subjects.values():
            view = subject.views.get(question.audience)
            if subject.feed_id != question.feed_id or view is None or not _passes(view, question):
                continue
            tier = find_tier(view)
            if tier is not None:
                rank = (-subject.downloads, subject.id_key)
                before = {"relevance": (tier,), "downloads": (), "newest": (EPOCH - view.published_at,)}
                ranked.append((*before[sort], *rank))
        page = sorted(ranked)[question.skip : question.skip + question.take]
        return Found(len(ranked), tuple(each[-1] for each in page))


def _passes(view: View, question: Question) -> bool:
    wanted = question.package_type
    return (
        (not wanted or wanted.lower() in {name.lower() for name in view.package_types})
        and (not question.framework or _can_use(question.framework, view))
        and (not question.dependency or question.dependency.lower() in view.dependencies)
        and (not question.owner or view.id.key in question.owned.get(question.owner.lower(), ()))
    )


def _can_use(target: str, view: View) -> bool:
    """What the table says of the few frameworks that are tried here."""
    made_for = {framework.short for framework in view.frameworks}
    return bool(made_for & USED_BY[target]) if made_for else target not in ("net", "netstandard")


USED_BY = {
    "net8.0": {"net6.0", "net8.0", "netstandard2.0"},
    "NET6.0-Windows": {"net6.0", "net6.0-windows7.0", "netstandard2.0"},
    "net48": {"net48", "netstandard2.0"},
    "net": {"net6.0", "net8.0", "net6.0-windows7.0"},
    "netstandard": {"netstandard2.0"},
}


def _find_tier(query: Query, view: View) -> int | None:
    near = [view.id.written, view.title, *view.tags]
    anywhere = [*near, view.description, view.summary, *view.authors]
    if not all(
        any(_holds(view, name, term) for term in terms) for name, terms in query.scoped.items() if name != "owner"
    ):
        return None
    tiers = [tier for tier, texts in enumerate(([view.id.written], near, anywhere), 1) if _holds_bare(query, texts)]
    if tiers and view.id.key in query.ids:
        return 0
    return tiers[0] if query.bare and tiers else tiers[-1] if tiers else None


def _holds_bare(query: Query, texts: Sequence[str]) -> bool:
    return all(
        _holds_phrase(texts, term)
        if term.is_phrase
        else _holds_words(texts, term.words, is_open=query.is_open and term is query.bare[-1])
        for term in query.bare
    )


def _holds(view: View, name: str, term: Term) -> bool:
    if name == "packageid":
        return view.id.key == term.exact
    if name == "version":
        return view.version.key == term.exact
    if name == "id":
        wholes = [word.whole for word in iter_words(view.id.written)]
        return all(any(part in whole for whole in wholes) for word in term.words for part in word.parts)
    texts = getattr(view, name)
    texts = [texts] if isinstance(texts, str) else texts
    return _holds_phrase(texts, term) if term.is_phrase else _holds_words(texts, term.words, is_open=False)


def _holds_words(texts: Sequence[str], words: Sequence[Word], *, is_open: bool) -> bool:
    spelt = {spelling for text in texts for spelling in spell_words(iter_words(text))}

    def is_there(wanted: str, *, is_beginning: bool) -> bool:
        return any(found.startswith(wanted) if is_beginning else found == wanted for found in spelt)

    return all(
        is_there(word.whole, is_beginning=is_open and number == last)
        or all(
            is_there(part, is_beginning=is_open and number == last and at == len(word.parts) - 1)
            for at, part in enumerate(word.parts)
        )
        for last in [len(words) - 1]
        for number, word in enumerate(words)
    )


def _holds_phrase(texts: Sequence[str], term: Term) -> bool:
    wanted = [part for word in term.words for part in word.parts]
    for text in texts:
        words = list(iter_words(text))
        parts = [part for word in words for part in word.parts]
        if any(parts[at : at + len(wanted)] == wanted for at in range(len(parts))):
            return True
        if len(wanted) == 1 and wanted[0] in {word.whole for word in words}:
            return True
    return False
