"""Push: a body may be long on its way; what counts is who its sender is, and what he may, when it has come."""

from dataclasses import replace
from datetime import timedelta

import pytest

from motherlode.domain.accounts import ADMINISTRATOR, PUBLISHER
from motherlode.domain.permissions import PUSH, READ, Sender
from motherlode.domain.refusals import KeyRefused, NotAllowed
from motherlode.nuget.ids import parse_package_id
from motherlode.store.accounts import permissions_version as access
from motherlode.usecases.accounts.accounts import disable_account, set_password, set_role
from motherlode.usecases.feeds.roles import grant_role, withdraw_role
from motherlode.usecases.keys.api_keys import create_key, revoke_key, rotate_key
from motherlode.usecases.packages.owners import add_owner, remove_owner
from motherlode.usecases.sign_in.identify import BOOTSTRAP, identify_key
from tests.builders import nupkg

WIDGETS = parse_package_id("Acme.Widgets")
SENDER = Sender("192.0.2.1", "NuGet xplat/7.0", "r1")
LATER = timedelta(days=2)


@pytest.fixture
def on_his_way(house):
    """Alice, who publishes Acme.Widgets and is judged now, before the body of her next push has come."""
    for name in ("alice", "bob"):
        house.add_account(name, password="correct horse battery")
        house.do(grant_role, "default", name, PUBLISHER)
    key = house.do(create_key, "ci", owner="alice", rights=(PUSH, READ), lifetime=LATER)
    alice = judged(house, identify_key(key.secret.encode(), bootstrap=None, db=house.db, clock=house.clock).actor)
    house.push(nupkg(), actor=alice)
    return alice


def judged(house, actor):
    """The actor as the gate hands him on."""
    with house.db.read() as tx:
        return replace(actor.sent_by(SENDER), access=access.number(tx))


def take_widgets(house, alice):
    house.do(add_owner, WIDGETS, "bob", feed="default")
    house.do(remove_owner, WIDGETS, "alice", feed="default")


ENDED = {
    "revoked": lambda house, alice: house.do(revoke_key, alice.key_id),
    "its holder is disabled": lambda house, alice: house.do(disable_account, "alice"),
    "expired": lambda house, alice: house.do(rotate_key, alice.key_id, overlap=timedelta(0)),
}


@pytest.mark.parametrize(("why_not", "end"), ENDED.items(), ids=ENDED)
@pytest.mark.parametrize("package", [nupkg(version="2.0.0"), nupkg("Acme.New")], ids=["a new version", "a new id"])
def test_a_key_that_has_ended_meanwhile_pushes_nothing(house, on_his_way, package, why_not, end):
    end(house, on_his_way)
    with house.refusing(KeyRefused) as refused:
        house.push(package, actor=on_his_way)
    assert refused.value.why_not == why_not
    assert refused.value.subject.startswith("Acme.")
    assert str(refused.value) == str(KeyRefused())


TAKEN = {
    "a role": (lambda house, _: house.do(withdraw_role, "default", "alice"), nupkg("Acme.New"), "is new here"),
    "an id": (take_widgets, nupkg(version="2.0.0"), "belongs to its owners"),
}


@pytest.mark.parametrize(("take", "package", "sentence"), TAKEN.values(), ids=TAKEN)
def test_what_was_taken_meanwhile_is_refused(house, on_his_way, take, package, sentence):
    take(house, on_his_way)
    with house.refusing(NotAllowed, match=sentence) as refused:
        house.push(package, actor=on_his_way)
    assert refused.value.subject in {"Acme.New 1.0.0", "Acme.Widgets 2.0.0"}


UNCONCERNED = {
    "another's role": lambda house: house.do(withdraw_role, "default", "bob"),
    "another account": lambda house: house.do(disable_account, "bob"),
    "his password": lambda house: house.do(set_password, "alice", "another good one"),
    "more than before": lambda house: house.do(set_role, "alice", ADMINISTRATOR),
    "a setting": lambda house: house.change_feed("default", {"read": "authenticated"}),
}


@pytest.mark.parametrize("change", UNCONCERNED.values(), ids=UNCONCERNED)
def test_what_does_not_concern_the_key_lets_it_push(house, on_his_way, change):
    change(house)
    house.push(nupkg("Acme.New"), actor=on_his_way)
    line = house.last_line()
    assert (line.actor, line.action, line.subject) == ("alice", "push", "Acme.New 1.0.0")
    assert (line.key_id, line.address, line.request_id) == (on_his_way.key_id, "192.0.2.1", "r1")
    assert len(house.rows("owners")) == 2


def test_the_environments_key_is_what_it_was(house, on_his_way):
    bootstrap = judged(house, BOOTSTRAP)
    house.do(disable_account, "bob")
    house.push(nupkg("Acme.New"), actor=bootstrap)
    line = house.last_line()
    assert (line.actor, line.subject, line.key_id) == ("bootstrap", "Acme.New 1.0.0", None)


def test_an_end_that_comes_by_itself_is_no_change_and_binds_the_next_push(house, on_his_way):
    """Time is looked at when a request begins: who began in time may end."""
    house.clock.pass_by(LATER)
    house.push(nupkg("Acme.New"), actor=on_his_way)
    house.do(disable_account, "bob")
    with house.refusing(KeyRefused):
        house.push(nupkg("Acme.Newer"), actor=on_his_way)
