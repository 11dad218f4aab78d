"""Signing in and out with a browser, and the first use of a server on which nobody can sign in yet.

A name and password are checked as everywhere (`web/auth/authenticator.py`): slowed down, and with the same message for
unknown users. Each sign-in makes a new session. It leads to a path of this site, never to another address. No password
or key is ever shown again.
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
from motherlode.web.pages.core.responses import answer_fresh_page
from motherlode.web.pages.core.templates import PAGES
from motherlode.web.refusal_responses import headers_of, status_of
from motherlode.web.request import Visit
from motherlode.web.responses import NO_STORE

WRONG_LOGIN: Final = "The name or the password is wrong, or the user is disabled."
_OLD_FORM: Final = (
    "This page was out of date, and nothing was done: send it once more. Where that does not help, let the browser "
    "keep the cookies of this site."
)
_NO_KEY: Final = "This is no key of an administrator: take the one in first-key.txt, or the bootstrap key."
_NOT_THE_SAME: Final = "The two passwords are not the same: type the same one twice."
_TARGET: Final = re.compile(r"/(?!/)[!#-\[\]-~]{0,2000}")
"""Visible ASCII without quotation mark and backslash, which browsers take for a slash."""
_NO_TARGETS: Final = frozenset({"/sign-in", "/sign-out"})


def parse_target(text: str | None) -> str:
    """Where to go after signing in: `text` itself if it is a path below the site's root, else the root."""
    if text is None or not _TARGET.fullmatch(text):
        return "/"
    path = unquote(text.partition("?")[0].partition("#")[0])
    if any(step in {".", ".."} for step in path.split("/")) or path.lower().rstrip("/") in _NO_TARGETS:
        return "/"
    return text


async def get_sign_in(visit: Visit) -> Response:
    """The form to sign in with; while no person can, the one that makes the first administrator."""
    query = parse_qs(visit.scope.get("query_string", b"").decode("latin-1"))
    response = await answer_sign_in(visit, parse_target(query.get("next", [None])[0]))
    if visit.visitor is None and find_cookie(visit.scope, SESSION_COOKIE) is not None:
        response.headers.append("Set-Cookie", drop_cookie(visit.site, SESSION_COOKIE))
    return response


async def post_sign_in(visit: Visit) -> Response:
    """Sign in, and go on to where the form says; or the form again, with what is wrong."""
    form = await read_form(visit)
    secret = _find_secret(visit, FORM_COOKIE)
    if secret is None or not is_form_token(secret, form.get("token", "")):
        return await answer_sign_in(visit, parse_target(form.get("next")), 403, error=_OLD_FORM)
    if "key" in form:
        return await _make_first(visit, form)
    return await _sign_in(visit, form)


async def post_sign_out(visit: Visit) -> Response:
    """End the session of this browser, if it has one, and go home."""
    form = await read_form(visit)
    secret = _find_secret(visit, SESSION_COOKIE)
    if visit.visitor is not None and secret is not None:
        if not is_form_token(secret, form.get("token", "")):
            raise FormRefused
        house, digest = visit.house, digest_of(secret)
        await visit.write(end_session, digest, visit.visitor.actor, db=house.db, clock=house.clock)
    return _go(visit, "/", drop_cookie(visit.site, SESSION_COOKIE))


async def answer_sign_in(
    visit: Visit, target: str, status: int = 200, *, error: str | None = None, name: str = ""
) -> Response:
    """The form, with what was wrong the last time and the name that was given then; it leads to `target`."""
    is_first = await visit.read(is_first_use, db=visit.house.db)
    known = _find_secret(visit, FORM_COOKIE)
    secret = known or make_secret()
    body = PAGES.render(
        "first_user.html" if is_first else "sign_in.html",
        feed=None,
        root=visit.site.root,
        links=visit.site.prefix,
        path=target,
        is_indexed=False,
        token=make_form_token(secret),
        target=target,
        error=error,
        is_asked=status == HTTPStatus.UNAUTHORIZED,
        name=name[:64],
        visitor=visit.visitor,
    )
    response = answer_fresh_page(visit, body, status, is_indexed=False)
    if known is None:
        response.headers.append("Set-Cookie", keep_form_secret(visit.site, secret))
    return response


async def _sign_in(visit: Visit, form: Form) -> Response:
    try:
        session = await _start(visit, form)
    except SignInRefused as refusal:
        wait_s = refusal.retry_after_s
        wait = "" if wait_s is None else f" There were many wrong ones: wait {wait_s} seconds first."
        return await _ask_again(visit, form, refusal, f"{WRONG_LOGIN}{wait}")
    return _enter(visit, form, session)


async def _start(visit: Visit, form: Form) -> NewSession:
    """A session for whoever has this name and password; the one that the browser has ends."""
    found = await visit.the_door.prove(visit, form.get("name", "").strip(), form.get("password", ""))
    if found is None:
        raise SignInRefused
    (actor, proof), house = found, visit.house
    secret = _find_secret(visit, SESSION_COOKIE)
    return await visit.write(
        start_session,
        actor.sent_by(visit.sender),
        proof,
        lifetime=house.session_lifetime,
        replaced=None if secret is None else digest_of(secret),
        db=house.db,
        clock=house.clock,
    )


async def _make_first(visit: Visit, form: Form) -> Response:
    try:
        session = await _start_first(visit, form)
    except SignInRefused as refusal:
        return await _ask_again(visit, form, refusal, _NO_KEY)
    except (InvalidName, InvalidPassword, AccountExists, NotAllowed, KeyRefused) as refusal:
        return await _ask_again(visit, form, refusal, str(refusal))
    return _enter(visit, form, session)


async def _start_first(visit: Visit, form: Form) -> NewSession:
    """The first administrator's session; the key is judged before anything else in the form."""
    house = visit.house
    if not await visit.read(is_first_use, db=house.db):
        raise NotAllowed(TOO_LATE)
    actor = await _get_administrator(visit, form["key"].strip())
    if form.get("password", "") != form.get("again", ""):
        raise InvalidPassword(_NOT_THE_SAME)
    return await visit.write(
        make_first_administrator,
        form.get("name", "").strip(),
        form.get("password", ""),
        actor,
        lifetime=house.session_lifetime,
        db=house.db,
        clock=house.clock,
    )


async def _get_administrator(visit: Visit, key: str) -> Actor:
    """Who holds the key, if it is an administrator's. Raises `SignInRefused`."""
    house = visit.house
    found = await visit.read(identify_key, key.encode(), bootstrap=house.bootstrap, db=house.db, clock=house.clock)
    if found is None or found.why_not is not None:
        raise SignInRefused
    try:
        check_may_administer(found.actor)
    except NotAllowed:
        raise SignInRefused from None
    visit.notes["key"] = found.actor.key_id or found.actor.name
    if found.actor.key_id is not None:
        house.key_uses.note(found.actor.key_id, house.clock.now(), visit.site.client)
    return found.actor.sent_by(visit.sender)


async def _ask_again(visit: Visit, form: Form, refusal: Refusal, sentence: str) -> Response:
    """The form once more, with what was wrong and the name that was given, unless a key was given for one."""
    visit.notes["refusal"] = refusal.code
    target, given = parse_target(form.get("next")), form.get("name", "").strip()
    name = "" if visit.the_door.is_key(given) else given
    response = await answer_sign_in(visit, target, status_of(refusal), error=sentence, name=name)
    for header, value in headers_of(refusal, is_browser=True):
        response.headers[header] = value
    return response


def _find_secret(visit: Visit, cookie: str) -> str | None:
    """What the browser holds in that cookie, if it is a secret of ours by its form."""
    secret = find_cookie(visit.scope, cookie)
    return secret if secret is not None and is_well_formed(secret) else None


def _enter(visit: Visit, form: Form, session: NewSession) -> Response:
    lifetime_s = int(visit.house.session_lifetime.total_seconds())
    return _go(
        visit,
        parse_target(form.get("next")),
        keep_session(visit.site, session.secret, lifetime_s),
        drop_cookie(visit.site, FORM_COOKIE),
    )


def _go(visit: Visit, target: str, *cookies: str) -> Response:
    """On to a path of this site. It is given as a path alone, so that no stranger's Host header has a part in it."""
    response = Response(
        status_code=303, headers={"Location": f"{visit.site.prefix}{target}", "Cache-Control": NO_STORE}
    )
    for cookie in cookies:
        response.headers.append("Set-Cookie", cookie)
    return response
