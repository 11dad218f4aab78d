"""Search and autocomplete over HTTP: any text is a query, all parameters have defaults, unknown ones are ignored.

# quirk: dotnet does not encode the search term. A "&" or "#" in it ends the term, and nothing after a "#" arrives, not
even the other parameters.
"""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from starlette.responses import Response

from motherlode.domain.refusals import InvalidParameter
from motherlode.nuget.compatibility import is_known
from motherlode.nuget.ids import InvalidId, parse_package_id
from motherlode.nuget.versions import InvalidVersion, parse_version
from motherlode.search.index import Question
from motherlode.search.queries import parse_query
from motherlode.search.subjects import Audience, Sort
from motherlode.web.request import Request
from motherlode.web.responses import fresh_response

DEFAULT_TAKE: Final = 20
MAX_TAKE: Final = 1_000
MAX_SKIP: Final = 3_000
_LIGHT_LENGTH: Final = 40
_LIGHT_TAKE: Final = 100
_NUMBER: Final = re.compile(r"([+-]?)0*([0-9]+)")
_SEMVER2: Final = parse_version("2.0.0")


@dataclass(frozen=True, slots=True)
class Asked:
    """The parameters of a request by lower-case name; if a name is repeated, the first value counts."""

    values: dict[str, str]

    @property
    def audience(self) -> Audience:
        """Whether the caller wants prerelease versions, and understands SemVer 2."""
        return Audience(prerelease=self._text("prerelease").lower() == "true", semver2=self._is_semver2())

    def question(self, feed_id: int) -> Question:
        """Return the question for the search index. If `skip` is over its limit, the question asks for no results.

        Raises InvalidParameter."""
        skip = self._number("skip", default=0, limit=MAX_SKIP + 1)
        take = self._number("take", default=DEFAULT_TAKE, limit=MAX_TAKE)
        is_beyond = skip > MAX_SKIP
        return Question(
            feed_id=feed_id,
            audience=self.audience,
            query=parse_query(self._text("q")),
            package_type=self._text("packagetype") or None,
            skip=0 if is_beyond else skip,
            take=0 if is_beyond else take,
            sort=self._sort(),
            framework=self._framework(),
            owner=self._text("owner") or None,
        )

    def _text(self, name: str) -> str:
        return self.values.get(name, "").strip()

    def _is_semver2(self) -> bool:
        try:
            return parse_version(self._text("semverlevel")) >= _SEMVER2
        except InvalidVersion:
            return False

    def _sort(self) -> Sort:
        text = self._text("sort").lower()
        try:
            return Sort(text) if text else Sort.RELEVANCE
        except ValueError:
            raise InvalidParameter("sort", text, "order (relevance, downloads, newest)") from None

    def _framework(self) -> str | None:
        text = self._text("framework")
        if text and not is_known(text):
            raise InvalidParameter("framework", text, "framework")
        return text or None

    def _number(self, name: str, *, default: int, limit: int) -> int:
        """Return a number from 0 to `limit`: larger numbers count as `limit`, negative or missing ones as `default`."""
        text = self._text(name)
        match = _NUMBER.fullmatch(text)
        if match is None:
            if text:
                raise InvalidParameter(name, text)
            return default
        if match[1] == "-":
            return default if match[2] != "0" else 0
        return limit if len(match[2]) > len(str(limit)) else min(int(match[2]), limit)


def parse_asked(query_string: bytes) -> Asked:
    """Return the parameters of a query string; every query string is valid."""
    pairs = parse_qsl(query_string.decode("utf-8", "replace"), keep_blank_values=True, errors="replace")
    return Asked({name.lower(): value for name, value in reversed(pairs)})


async def get_search(request: Request) -> Response:
    """Return search results."""
    question = parse_asked(request.scope["query_string"]).question(request.require_feed.id)
    searching, feed, base = request.services.searching, request.require_feed, request.urls.base
    body = searching.find_search(feed, question, base) if _is_light(question) else None
    if body is None:
        body = await request.search(searching.search, feed, question, base)
    return fresh_response(body)


async def get_autocomplete(request: Request) -> Response:
    """Return autocomplete results: the versions of `id` if it is given, else matching ids."""
    asked = parse_asked(request.scope["query_string"])
    if "id" in asked.values:
        return fresh_response(await request.search(_list_versions, request, asked))
    question = asked.question(request.require_feed.id)
    searching, feed = request.services.searching, request.require_feed
    body = searching.find_completion(feed, question) if _is_light(question) else None
    if body is None:
        body = await request.search(searching.complete, feed, question)
    return fresh_response(body)


def _is_light(question: Question) -> bool:
    """Whether the question is certainly so cheap that moving it to a thread would cost more."""
    return len(question.query.text) <= _LIGHT_LENGTH and question.skip + question.take <= _LIGHT_TAKE


def _list_versions(request: Request, asked: Asked) -> bytes:
    try:
        package_id = parse_package_id(asked.values["id"])
    except InvalidId:
        return b'{"data":[]}'
    return request.services.searching.list_versions(request.require_feed, package_id, asked.audience)
