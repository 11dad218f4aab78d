"""Subjects for the tests of search, and short ways to ask."""

from motherlode.nuget.ids import PackageId
from motherlode.nuget.versions import parse_version
from motherlode.search.index import Question, SearchIndex
from motherlode.search.queries import parse_query
from motherlode.search.subjects import AUDIENCES, Audience, Subject, View

EVERYONE = Audience(prerelease=True, semver2=True)


def a_view(package_id, version="1.0.0", **texts):
    """A view of one version; texts as `View` names them."""
    return View(PackageId(package_id), parse_version(version), **texts)


def a_subject(package_id, downloads=0, *, feed_id=1, **texts):
    """A package that every audience sees in the same version."""
    view = a_view(package_id, **texts)
    return Subject(feed_id, view.id.key, dict.fromkeys(AUDIENCES, view), downloads)


def gone(package_id, *, feed_id=1):
    """A package that nobody sees any more."""
    return Subject(feed_id, PackageId(package_id).key, {}, 0)


def ask(text, *, feed_id=1, audience=EVERYONE, **more):
    """The question of a caller who sees everything, unless told otherwise."""
    return Question(feed_id, audience, parse_query(text), **more)


def find(index: SearchIndex, text, **more):
    """The id keys found, best first."""
    return list(index.search(ask(text, **more)).id_keys)


def complete(index: SearchIndex, text, **more):
    """The id keys that autocomplete offers, best first."""
    return list(index.complete(ask(text, **more)).id_keys)
