"""Sign-ins beside the password itself: from where they came before, and whether there is such a user at all."""

from dataclasses import replace

import pytest

from motherlode.domain.accounts import SERVICE
from motherlode.domain.permissions import Actor, RequestOrigin
from motherlode.usecases.accounts.accounts import create_account, disable_account
from motherlode.usecases.sign_in.history import recall_sign_ins, record_sign_in
from motherlode.usecases.sign_in.identify import CONSOLE, find_account_name


def sign_in(services, name, address):
    actor = replace(Actor(name, frozenset()), sender=RequestOrigin(address))
    record_sign_in(actor, db=services.db, clock=services.clock)


def test_the_latest_sign_ins_are_recalled_oldest_first_and_nothing_else(services):
    for name, address in (("alice", "192.0.2.1"), ("bob", "192.0.2.2"), ("bob", None), ("alice", "192.0.2.3")):
        sign_in(services, name, address)
    create_account("carol", CONSOLE.sent_by(RequestOrigin("192.0.2.4")), db=services.db, clock=services.clock)
    assert recall_sign_ins(100, db=services.db) == [
        ("alice", "192.0.2.1"),
        ("bob", "192.0.2.2"),
        ("alice", "192.0.2.3"),
    ]
    assert recall_sign_ins(1, db=services.db) == [("alice", "192.0.2.3")]


def test_an_account_is_found_by_its_name_in_any_casing_whatever_it_may_do(services):
    create_account("Alice", CONSOLE, db=services.db, clock=services.clock)
    create_account("build", CONSOLE, kind=SERVICE, db=services.db, clock=services.clock)
    disable_account("alice", CONSOLE, db=services.db, clock=services.clock)
    assert [find_account_name(text, db=services.db) for text in ("alice", "ALICE", "Build")] == [
        "Alice",
        "Alice",
        "build",
    ]


@pytest.mark.parametrize("text", ["", "nobody", "no such \0 name", "é", "correct horse battery", "a" * 5000])
def test_what_is_no_accounts_name_is_none(services, text):
    assert find_account_name(text, db=services.db) is None
