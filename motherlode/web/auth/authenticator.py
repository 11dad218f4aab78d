"""Identifies callers: checks the credential of a request once, then caches the result for minutes.

Readers of private feeds use Authorization: a name and a password, or an API key as the password or token. Users who
signed in with a browser are identified by its cookie, for reading only; Authorization takes precedence over the cookie.
Writers send a key in its own header; if that header is missing, Authorization may carry the key.

Clients send their credential with every request. So a checked credential is cached under a keyed hash, until any
permission changes. The cost of attempts from unknown locations is bounded: one password is hashed at a time, in a
thread of its own, and the delays grow. Users at an address where they signed in before use another queue.
"""

from dataclasses import replace
from functools import partial
from time import monotonic
from typing import Final

import anyio
import anyio.to_thread
from anyio import CapacityLimiter

from motherlode.domain.permissions import VERIFY, Actor
from motherlode.domain.refusals import KeyMissing, KeyRefused, Refusal, SignInNeeded, SignInRefused
from motherlode.identity.keys import digest_of, is_same, is_well_formed
from motherlode.identity.remembered import REMEMBER, Remembered
from motherlode.identity.sessions import is_well_formed as is_secret
from motherlode.identity.sessions import make_form_token
from motherlode.identity.slowdown import MOST_KEPT
from motherlode.observe.logs import get_logger
from motherlode.services import Services
from motherlode.usecases.sign_in.history import recall_sign_ins
from motherlode.usecases.sign_in.identify import find_account_name, identify_again, identify_key, identify_person
from motherlode.usecases.sign_in.sessions import find_session
from motherlode.web.auth.audit_recorder import AuditRecorder
from motherlode.web.auth.credentials import (
    SESSION_COOKIE,
    Basic,
    Bearer,
    Credential,
    find_authorization,
    find_cookie,
    parse_authorization,
    sent_keys,
)
from motherlode.web.auth.keyed_lock import KeyedLock
from motherlode.web.base_url import Scope
from motherlode.web.request import Request, SignedInUser

_KEY: Final = b"\0key\0"
"""Prefix of keys in the cache; no Authorization header can begin with it."""
_SESSION: Final = b"\0session\0"
"""Prefix of session secrets in the cache; no Authorization header can begin with it."""


class Authenticator:
    """Identifies the callers of one worker."""

    def __init__(self, services: Services, recording: AuditRecorder) -> None:
        self._house = services
        self._recording = recording
        self._locks = KeyedLock()
        self._hashers_unknown, self._hashers_known = CapacityLimiter(1), CapacityLimiter(1)

    async def recall_locations(self) -> None:
        """Read from the audit log where users signed in before this worker started."""
        try:
            found = await anyio.to_thread.run_sync(partial(recall_sign_ins, MOST_KEPT, db=self._house.db))
        except Refusal as refusal:
            get_logger().warning("sign_ins_not_recalled", reason=str(refusal))
        except Exception:  # noqa: BLE001 without it, users' locations are unknown until they sign in again
            get_logger().exception("sign_ins_not_recalled")
            return
        for user, address in found:
            self._house.slowdown.note_home(address, user)

    def find_reader(self, scope: Scope, access: int) -> Remembered | None:
        """Return the cached caller if the credential was valid at this value of `access`, else None; never blocks."""
        credential = find_authorization(scope) or _find_session(scope)
        if credential is None:
            return None
        digest = self._house.remembered.digest_of(credential)
        known = self._house.remembered.find(digest, access, self._house.clock.now())
        return known if known is not None and known.actor is not None else None

    def note_use(self, actor: Actor, address: str) -> None:
        """Note that the actor's key was used, if the actor has one."""
        if actor.key_id is not None:
            self._house.key_uses.note(actor.key_id, self._house.clock.now(), address)

    async def get_reader(self, request: Request) -> Actor:
        """Return the caller of a read.

        Raises `SignInNeeded`, `SignInRefused`. If the key is known but not valid, `request.actor` is its holder."""
        authorization = find_authorization(request.scope)
        credential = parse_authorization(authorization) if authorization else None
        if authorization is None or credential is None:
            return await self._get_signed_in_user(request)
        digest = self._house.remembered.digest_of(authorization)
        known = self._find(request, digest)
        if known is None:
            async with self._locks.hold(digest):
                known = self._find(request, digest) or await self._check(request, digest, credential)
        if known.actor is None:
            raise SignInRefused
        request.credential = digest
        return self._greet(request, known.actor)

    async def find_signed_in_user(self, request: Request) -> SignedInUser | None:
        """Return the user of the browser's session with current rights, and set `request.signed_in_user`.

        Returns None without a valid session cookie."""
        presented = _find_session(request.scope)
        if presented is None:
            return None
        digest = self._house.remembered.digest_of(presented)
        known = self._find(request, digest) or await self._check_session(request, digest, presented)
        if known is None or known.actor is None:
            return None
        request.credential = digest
        actor = replace(self._greet(request, known.actor), access=request.snapshot.access)
        request.signed_in_user = SignedInUser(actor, make_form_token(presented.removeprefix(_SESSION).decode("ascii")))
        return request.signed_in_user

    async def verify_password(self, request: Request, user: str, password: str) -> tuple[Actor, str] | None:
        """Check a password without the cache, as soon as it is its turn.

        Returns the actor and the stored hash that the password matched, or None if name or password is wrong. Raises
        `SignInRefused` after too many failed attempts from this address or with this name."""
        services, address = self._house, request.site.client
        try:
            with services.slowdown.attempt(address, user, monotonic()) as attempt:
                await anyio.sleep(attempt.wait_s)
                found = await anyio.to_thread.run_sync(
                    partial(identify_person, user, password, db=services.db),
                    limiter=self._hashers_known if attempt.is_at_home else self._hashers_unknown,
                )
                if found is not None:
                    attempt.note_right()
        except SignInRefused:
            services.metrics.count_sign_in("slowed")
            raise
        services.metrics.count_sign_in("wrong" if found is None else "ok")
        if found is None:
            fields = await request.read(self._find_log_fields, user)
            get_logger().warning("sign_in_failed", request_id=request.request_id, client=address, **fields)
        return found

    async def get_writer(self, request: Request) -> Actor:
        """Return the caller of a write.

        Raises `KeyMissing`, `KeyRefused`. If the key is known but not valid, `request.actor` is its holder."""
        key = self._find_key(request.scope)
        if key is None:
            raise KeyMissing(may_sign_in=request.is_private)
        digest = self._house.remembered.digest_of(_KEY + key)
        known = self._find(request, digest) or await self._check_key(request, digest, key)
        if known.actor is None:
            raise KeyRefused
        return self._greet(request, known.actor)

    def _find(self, request: Request, digest: bytes) -> Remembered | None:
        return self._house.remembered.find(digest, request.snapshot.access, self._house.clock.now())

    def _greet(self, request: Request, actor: Actor) -> Actor:
        _name(request, actor)
        self.note_use(actor, request.site.client)
        return actor.sent_by(request.sender)

    def _find_key(self, scope: Scope) -> bytes | None:
        """Return the key of a write: from its own header, else from Authorization; None if there is not exactly one."""
        keys = sent_keys(scope)
        if len(keys) > 1:
            return None
        if keys and keys[0]:
            return keys[0]
        authorization = find_authorization(scope)
        credential = parse_authorization(authorization) if authorization else None
        return None if credential is None else self._key_in(credential)

    def _key_in(self, credential: Credential) -> bytes | None:
        """Return the key in a credential, or None: a token, a password that looks like a key, or such a user name with
        an empty password (`curl -u KEY:`)."""
        if isinstance(credential, Bearer):
            return credential.token.encode("ascii")
        text = credential.password or credential.user
        return text.encode() if self.is_key(text) else None

    def is_key(self, text: str) -> bool:
        """Whether a text looks like an API key or is the bootstrap key. Logs and pages must never show such a text."""
        bootstrap = self._house.bootstrap
        return is_well_formed(text) or (bootstrap is not None and is_same(digest_of(text.encode()), bootstrap))

    async def _check(self, request: Request, digest: bytes, credential: Credential) -> Remembered:
        key = self._key_in(credential)
        if key is not None:
            return await self._check_key(request, digest, key)
        assert isinstance(credential, Basic)  # noqa: S101 a token always counts as a key
        return await self._check_password(request, digest, credential)

    async def _check_key(self, request: Request, digest: bytes, key: bytes) -> Remembered:
        """Check a key. Valid keys are cached, except single-use ones; invalid keys are not: they are cheap to check."""
        services = self._house
        found = await request.read(
            identify_key, key, bootstrap=services.bootstrap, db=services.db, clock=services.clock
        )
        actor = None
        if found is not None and found.rejection_reason is None:
            actor = found.actor
        elif found is not None:
            request.actor, request.rejection_reason = found.actor.sent_by(request.sender), found.rejection_reason
            _name(request, found.actor)
        checked = self._make_entry(request, digest, actor, None)
        if actor is not None and VERIFY not in actor.rights:
            services.remembered.keep(checked)
        return checked

    async def _check_password(self, request: Request, digest: bytes, basic: Basic) -> Remembered:
        """Check a password; right and wrong ones are cached. A password that was verified recently is not hashed again
        while the stored hash stays the same."""
        services = self._house
        proof = services.remembered.find_proof(digest, services.clock.now())
        actor = None if proof is None else await request.read(identify_again, basic.user, proof=proof, db=services.db)
        if actor is None:
            actor, proof = await self._sign_in(request, basic) or (None, None)
        checked = self._make_entry(request, digest, actor, proof)
        services.remembered.keep(checked)
        return checked

    async def _sign_in(self, request: Request, basic: Basic) -> tuple[Actor, str] | None:
        """Check a password that is not cached, and record the sign-in."""
        found = await self.verify_password(request, basic.user, basic.password)
        if found is not None:
            self._recording.note_sign_in(request, found[0])
        return found

    async def _get_signed_in_user(self, request: Request) -> Actor:
        signed_in_user = await self.find_signed_in_user(request)
        if signed_in_user is None:
            raise SignInNeeded
        return signed_in_user.actor

    async def _check_session(self, request: Request, digest: bytes, presented: bytes) -> Remembered | None:
        """Check a session. Valid sessions are cached until they expire; invalid ones are cheap to check and not
        cached."""
        services, secret = self._house, presented.removeprefix(_SESSION).decode("ascii")
        found = await request.read(find_session, secret, db=services.db, clock=services.clock)
        if found is None:
            return None
        checked = self._make_entry(request, digest, found.actor, None)
        checked = replace(checked, until=min(checked.until, found.expires_at))
        services.remembered.keep(checked)
        return checked

    def _find_log_fields(self, user: str) -> dict[str, str]:
        """Return the attempted user name for the log, if it is an account's name and not a key: any other text may be a
        password."""
        if self.is_key(user):
            return {}
        name = find_account_name(user, db=self._house.db)
        return {} if name is None else {"user": name}

    def _make_entry(self, request: Request, digest: bytes, actor: Actor | None, proof: str | None) -> Remembered:
        until = self._house.clock.now() + REMEMBER
        return Remembered(digest, actor, request.snapshot.access, until, proof)


def _find_session(scope: Scope) -> bytes | None:
    """Return the session secret in the cookie, with its cache prefix, or None if it is missing or malformed."""
    secret = find_cookie(scope, SESSION_COOKIE)
    return _SESSION + secret.encode("ascii") if secret is not None and is_secret(secret) else None


def _name(request: Request, actor: Actor) -> None:
    """Add the caller to the request's log line: the key, and the user who holds it or signed in."""
    if actor.holder is not None:
        request.notes["user"] = actor.holder.name
        if actor.key_id is not None:
            request.notes["key"] = actor.key_id
    else:
        request.notes["key"] = actor.name
