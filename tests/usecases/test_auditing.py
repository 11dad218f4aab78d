"""The audit lines that no change brings with it: sign-ins and refusals; and that every change brings one."""

from dataclasses import replace

from motherlode.domain.permissions import PUSH, READ, Actor, RequestOrigin
from motherlode.store.audit import log as audit
from motherlode.usecases._audit import record_refusal
from motherlode.usecases.sign_in.history import record_sign_in
from tests.support.builders import nupkg

SENDER = RequestOrigin("192.0.2.1", "NuGet Client V3/6.12", "r-1")


def test_a_sign_in_says_who_from_where_and_with_what(services):
    services.add_account("alice")
    actor = services.actor("alice", READ, key_id=None).sent_by(SENDER)
    services.do(record_sign_in, actor=actor, feed="default")
    line = services.last_line()
    assert (line.actor, line.action, line.subject, line.feed) == ("alice", "sign-in", "alice", "default")
    assert (line.address, line.client, line.request_id) == ("192.0.2.1", "NuGet Client V3/6.12", "r-1")
    assert (line.key_id, line.reason, line.at) == (None, None, services.clock.now())


def test_a_refusal_says_what_was_tried_and_why_not(services):
    actor = Actor("key-1", frozenset({PUSH}), key_id="key-1", sender=SENDER)
    record_refusal(
        actor, "push", feed="default", subject="Acme.Widgets", reason="revoked", db=services.db, clock=services.clock
    )
    line = services.last_line()
    assert (line.actor, line.action, line.key_id) == ("key-1", "refuse-push", "key-1")
    assert (line.feed, line.subject, line.reason) == ("default", "Acme.Widgets", "revoked")


def test_every_line_is_in_the_chain(services):
    actor = replace(Actor("k", frozenset({PUSH})), sender=SENDER)
    services.push(nupkg(), actor=actor)
    services.do(record_sign_in, actor=actor)
    with services.db.read() as tx:
        assert audit.first_fault(tx) is None
        assert audit.tail(tx)[0] == len(services.rows("audit"))
