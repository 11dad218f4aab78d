"""Sign-ins beside the password itself: from where they came before, and whether there is such a user at all."""

from dataclasses import replace

import pytest

from motherlode.domain.accounts import SERVICE
from motherlode.domain.permissions import Actor, Sender
from motherlode.usecases.accounts.accounts import create_account, disable_account
from motherlode.usecases.sign_in.history import recall_sign_ins, record_sign_in
from motherlode.usecases.sign_in.identify import CONSOLE, find_account_name


def sign_in(house, name, address):
    actor = replace(Actor(name, frozenset()), sender=Sender(address))
    record_sign_in(actor, db=house.db, clock=house.clock)


def test_the_latest_sign_ins_are_recalled_oldest_first_and_nothing_else(house):
    for name, address in (("alice", "192.0.2.1"), ("bob", "192.0.2.2"), ("bob", None), ("alice", "192.0.2.3")):
        sign_in(house, name, address)
    create_account("carol", CONSOLE.sent_by(Sender("192.0.2.4")), db=house.db, clock=house.clock)
    assert recall_sign_ins(100, db=house.db) == [
        ("alice", "192.0.2.1"),
        ("bob", "192.0.2.2"),
        ("alice", "192.0.2.3"),
    ]
    assert recall_sign_ins(1, db=house.db) == [("alice", "192.0.2.3")]


def test_an_account_is_found_by_its_name_in_any_casing_whatever_it_may_do(house):
    create_account("Alice", CONSOLE, db=house.db, clock=house.clock)
    create_account("build", CONSOLE, kind=SERVICE, db=house.db, clock=house.clock)
    disable_account("alice", CONSOLE, db=house.db, clock=house.clock)
    assert [find_account_name(text, db=house.db) for text in ("alice", "ALICE", "Build")] == ["Alice", "Alice", "build"]


@pytest.mark.parametrize("text", ["", "nobody", "no such \0 name", "é", "correct horse battery", "a" * 5000])
def test_what_is_no_accounts_name_is_none(house, text):
    assert find_account_name(text, db=house.db) is None
