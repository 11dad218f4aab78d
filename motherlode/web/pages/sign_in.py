"""Signing in and out with a browser, and creating the first administrator of a new server.

Passwords are checked by `web/auth/authenticator.py`: failed attempts are slowed down, and unknown users get the same
message as wrong passwords. Each sign-in creates a new session and redirects to a path of this site, never to another
one. Passwords and keys are never shown again.
"""

import re
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs, unquote

from starlette.responses import Response

from motherlode.domain.permissions import Actor, check_may_administer
from motherlode.domain.refusals import (
    AccountExists,
    FormRefused,
    InvalidName,
    InvalidPassword,
    KeyRefused,
    NotAllowed,
    Refusal,
    SignInRefused,
)
from motherlode.identity.sessions import (
    NewSession,
    digest_of,
    is_form_token,
    is_well_formed,
    make_form_token,
    make_secret,
)
from motherlode.usecases.accounts.first_administrator import TOO_LATE, is_first_use, make_first_administrator
from motherlode.usecases.sign_in.identify import identify_key
from motherlode.usecases.sign_in.sessions import end_session, start_session
from motherlode.web.auth.credentials import (
    FORM_COOKIE,
    SESSION_COOKIE,
    drop_cookie,
    find_cookie,
    keep_form_secret,
    keep_session,
)
from motherlode.web.pages.core.forms import Form, read_form
from motherlode.web.pages.core.responses import fresh_page_response
from motherlode.web.pages.core.templates import PAGES
from motherlode.web.refusal_responses import headers_of, status_of
from motherlode.web.request import Request
from motherlode.web.responses import NO_STORE

WRONG_LOGIN: Final = "The user name or password is wrong, or the account is disabled."
_OLD_FORM: Final = (
    "The form has expired, and nothing was changed. Submit it again. If that does not help, allow cookies for this "
    "site."
)
_NO_KEY: Final = "This is not an administrator's API key. Use the key in first-key.txt, or the bootstrap key."
_NOT_THE_SAME: Final = "The two passwords do not match. Enter the same password twice."
_TARGET: Final = re.compile(r"/(?!/)[!#-\[\]-~]{0,2000}")
"""A path of visible ASCII, without the quotation mark, and without the backslash: browsers read that as a slash."""
_NO_TARGETS: Final = frozenset({"/sign-in", "/sign-out"})


def parse_target(text: str | None) -> str:
    """Return the target after signing in: `text` if it is a path below the site's root, else the root."""
    if text is None or not _TARGET.fullmatch(text):
        return "/"
    path = unquote(text.partition("?")[0].partition("#")[0])
    if any(step in {".", ".."} for step in path.split("/")) or path.lower().rstrip("/") in _NO_TARGETS:
        return "/"
    return text


async def get_sign_in(request: Request) -> Response:
    """Show the sign-in form, or the form for the first administrator while no user has a password."""
    query = parse_qs(request.scope.get("query_string", b"").decode("latin-1"))
    response = await answer_sign_in(request, parse_target(query.get("next", [None])[0]))
    if request.signed_in_user is None and find_cookie(request.scope, SESSION_COOKIE) is not None:
        response.headers.append("Set-Cookie", drop_cookie(request.site, SESSION_COOKIE))
    return response


async def post_sign_in(request: Request) -> Response:
    """Sign in and redirect to the form's target, or show the form again with an error."""
    form = await read_form(request)
    secret = _find_secret(request, FORM_COOKIE)
    if secret is None or not is_form_token(secret, form.get("token", "")):
        return await answer_sign_in(request, parse_target(form.get("next")), 403, error=_OLD_FORM)
    if "key" in form:
        return await _make_first(request, form)
    return await _sign_in(request, form)


async def post_sign_out(request: Request) -> Response:
    """End the session of this browser, if it has one, and redirect to the home page."""
    form = await read_form(request)
    secret = _find_secret(request, SESSION_COOKIE)
    if request.signed_in_user is not None and secret is not None:
        if not is_form_token(secret, form.get("token", "")):
            raise FormRefused
        services, digest = request.services, digest_of(secret)
        await request.write(end_session, digest, request.signed_in_user.actor, db=services.db, clock=services.clock)
    return _go(request, "/", drop_cookie(request.site, SESSION_COOKIE))


async def answer_sign_in(
    request: Request, target: str, status: int = 200, *, error: str | None = None, name: str = ""
) -> Response:
    """Return the sign-in form, filled with the error and the name of the last attempt; signing in leads to `target`."""
    is_first = await request.read(is_first_use, db=request.services.db)
    known = _find_secret(request, FORM_COOKIE)
    secret = known or make_secret()
    body = PAGES.render(
        "first_user.html" if is_first else "sign_in.html",
        feed=None,
        root=request.site.root,
        links=request.site.prefix,
        path=target,
        is_indexed=False,
        token=make_form_token(secret),
        target=target,
        error=error,
        is_asked=status == HTTPStatus.UNAUTHORIZED,
        name=name[:64],
        signed_in_user=request.signed_in_user,
    )
    response = fresh_page_response(request, body, status, is_indexed=False)
    if known is None:
        response.headers.append("Set-Cookie", keep_form_secret(request.site, secret))
    return response


async def _sign_in(request: Request, form: Form) -> Response:
    try:
        session = await _start(request, form)
    except SignInRefused as refusal:
        wait_s = refusal.retry_after_s
        wait = "" if wait_s is None else f" Too many attempts failed: wait {wait_s} seconds, then try again."
        return await _ask_again(request, form, refusal, f"{WRONG_LOGIN}{wait}")
    return _enter(request, form, session)


async def _start(request: Request, form: Form) -> NewSession:
    """Start a session for the user with this name and password; it replaces the browser's current session."""
    found = await request.the_door.verify_password(request, form.get("name", "").strip(), form.get("password", ""))
    if found is None:
        raise SignInRefused
    (actor, proof), services = found, request.services
    secret = _find_secret(request, SESSION_COOKIE)
    return await request.write(
        start_session,
        actor.sent_by(request.sender),
        proof,
        lifetime=services.session_lifetime,
        replaced=None if secret is None else digest_of(secret),
        db=services.db,
        clock=services.clock,
    )


async def _make_first(request: Request, form: Form) -> Response:
    try:
        session = await _start_first(request, form)
    except SignInRefused as refusal:
        return await _ask_again(request, form, refusal, _NO_KEY)
    except (InvalidName, InvalidPassword, AccountExists, NotAllowed, KeyRefused) as refusal:
        return await _ask_again(request, form, refusal, str(refusal))
    return _enter(request, form, session)


async def _start_first(request: Request, form: Form) -> NewSession:
    """Create the first administrator and its session. The key is checked before the other fields of the form."""
    services = request.services
    if not await request.read(is_first_use, db=services.db):
        raise NotAllowed(TOO_LATE)
    actor = await _get_administrator(request, form["key"].strip())
    if form.get("password", "") != form.get("again", ""):
        raise InvalidPassword(_NOT_THE_SAME)
    return await request.write(
        make_first_administrator,
        form.get("name", "").strip(),
        form.get("password", ""),
        actor,
        lifetime=services.session_lifetime,
        db=services.db,
        clock=services.clock,
    )


async def _get_administrator(request: Request, key: str) -> Actor:
    """Return the holder of the key. Raises `SignInRefused` if the key is not an administrator's."""
    services = request.services
    found = await request.read(
        identify_key, key.encode(), bootstrap=services.bootstrap, db=services.db, clock=services.clock
    )
    if found is None or found.rejection_reason is not None:
        raise SignInRefused
    try:
        check_may_administer(found.actor)
    except NotAllowed:
        raise SignInRefused from None
    request.notes["key"] = found.actor.key_id or found.actor.name
    if found.actor.key_id is not None:
        services.key_uses.note(found.actor.key_id, services.clock.now(), request.site.client)
    return found.actor.sent_by(request.sender)


async def _ask_again(request: Request, form: Form, refusal: Refusal, sentence: str) -> Response:
    """Return the form with the error and the entered name, unless that name is a key."""
    request.notes["refusal"] = refusal.code
    target, given = parse_target(form.get("next")), form.get("name", "").strip()
    name = "" if request.the_door.is_key(given) else given
    response = await answer_sign_in(request, target, status_of(refusal), error=sentence, name=name)
    for header, value in headers_of(refusal, is_browser=True):
        response.headers[header] = value
    return response


def _find_secret(request: Request, cookie: str) -> str | None:
    """Return the secret in that cookie, or None if the cookie is missing or malformed."""
    secret = find_cookie(request.scope, cookie)
    return secret if secret is not None and is_well_formed(secret) else None


def _enter(request: Request, form: Form, session: NewSession) -> Response:
    lifetime_s = int(request.services.session_lifetime.total_seconds())
    return _go(
        request,
        parse_target(form.get("next")),
        keep_session(request.site, session.secret, lifetime_s),
        drop_cookie(request.site, FORM_COOKIE),
    )


def _go(request: Request, target: str, *cookies: str) -> Response:
    """Redirect to a path of this site. The Location holds only a path, so a forged Host header has no effect on it."""
    response = Response(
        status_code=303, headers={"Location": f"{request.site.prefix}{target}", "Cache-Control": NO_STORE}
    )
    for cookie in cookies:
        response.headers.append("Set-Cookie", cookie)
    return response
