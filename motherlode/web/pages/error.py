"""Refusals as pages, for browsers: with the same status, code and request id as programs get.

If the reader must sign in, the page is the sign-in form, with status 401 and a challenge for which no browser opens its
own login dialog. It is the same page for a private feed and for a feed that does not exist.
"""

from http import HTTPStatus
from typing import Final

from starlette.responses import Response

from motherlode.domain.refusals import Refusal, SignInNeeded, SignInRefused
from motherlode.web.pages.core.responses import fresh_page_response
from motherlode.web.pages.core.templates import PAGES
from motherlode.web.pages.sign_in import WRONG_LOGIN, answer_sign_in
from motherlode.web.refusal_responses import headers_of, status_of
from motherlode.web.request import Request

_GETS: Final = frozenset({"GET", "HEAD"})


async def error_response(request: Request, refusal: Refusal) -> Response:
    """Return the error page, or the sign-in form if the refusal asks for a login."""
    if isinstance(refusal, SignInNeeded):
        response = await _ask_to_sign_in(request, refusal)
    else:
        response = _tell(request, refusal)
    for name, value in headers_of(refusal, is_browser=True):
        response.headers[name] = value
    return response


async def _ask_to_sign_in(request: Request, refusal: SignInNeeded) -> Response:
    target = request.return_path if request.method in _GETS else "/"
    error = WRONG_LOGIN if isinstance(refusal, SignInRefused) else None
    return await answer_sign_in(request, target, 401, error=error)


def _tell(request: Request, refusal: Refusal) -> Response:
    status = status_of(refusal)
    body = PAGES.render(
        "error.html",
        feed=request.feed,
        root=request.site.root,
        links=request.site.prefix,
        path=request.return_path if request.method in _GETS else "/",
        is_indexed=False,
        status=HTTPStatus(status),
        refusal=refusal,
        request_id=request.request_id,
        signed_in_user=request.signed_in_user,
    )
    return fresh_page_response(request, body, status, is_indexed=False)
