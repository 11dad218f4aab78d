"""Push: a body may be long on its way; what counts is who its sender is, and what he may, when it has come."""

from dataclasses import replace
from datetime import timedelta

import pytest

from motherlode.domain.accounts import ADMINISTRATOR, PUBLISHER
from motherlode.domain.permissions import PUSH, READ, RequestOrigin
from motherlode.domain.refusals import KeyRefused, NotAllowed
from motherlode.nuget.ids import parse_package_id
from motherlode.store.accounts import permissions_version as access
from motherlode.usecases.accounts.accounts import disable_account, set_password, set_role
from motherlode.usecases.feeds.roles import grant_role, withdraw_role
from motherlode.usecases.keys.api_keys import create_key, revoke_key, rotate_key
from motherlode.usecases.packages.owners import add_owner, remove_owner
from motherlode.usecases.sign_in.identify import BOOTSTRAP, identify_key
from tests.support.builders import nupkg

WIDGETS = parse_package_id("Acme.Widgets")
SENDER = RequestOrigin("192.0.2.1", "NuGet xplat/7.0", "r1")
LATER = timedelta(days=2)


@pytest.fixture
def on_his_way(services):
    """Alice, who publishes Acme.Widgets and is judged now, before the body of her next push has come."""
    for name in ("alice", "bob"):
        services.add_account(name, password="correct horse battery")
        services.do(grant_role, "default", name, PUBLISHER)
    key = services.do(create_key, "ci", owner="alice", rights=(PUSH, READ), lifetime=LATER)
    alice = judged(
        services, identify_key(key.secret.encode(), bootstrap=None, db=services.db, clock=services.clock).actor
    )
    services.push(nupkg(), actor=alice)
    return alice


def judged(services, actor):
    """The actor as the gate hands him on."""
    with services.db.read() as tx:
        return replace(actor.sent_by(SENDER), access=access.number(tx))


def take_widgets(services, alice):
    services.do(add_owner, WIDGETS, "bob", feed="default")
    services.do(remove_owner, WIDGETS, "alice", feed="default")


ENDED = {
    "revoked": lambda services, alice: services.do(revoke_key, alice.key_id),
    "its holder is disabled": lambda services, alice: services.do(disable_account, "alice"),
    "expired": lambda services, alice: services.do(rotate_key, alice.key_id, overlap=timedelta(0)),
}


@pytest.mark.parametrize(("rejection_reason", "end"), ENDED.items(), ids=ENDED)
@pytest.mark.parametrize("package", [nupkg(version="2.0.0"), nupkg("Acme.New")], ids=["a new version", "a new id"])
def test_a_key_that_has_ended_meanwhile_pushes_nothing(services, on_his_way, package, rejection_reason, end):
    end(services, on_his_way)
    with services.refusing(KeyRefused) as refused:
        services.push(package, actor=on_his_way)
    assert refused.value.rejection_reason == rejection_reason
    assert refused.value.subject.startswith("Acme.")
    assert str(refused.value) == str(KeyRefused())


TAKEN = {
    "a role": (lambda services, _: services.do(withdraw_role, "default", "alice"), nupkg("Acme.New"), "is new here"),
    "an id": (take_widgets, nupkg(version="2.0.0"), "does not belong to an owner"),
}


@pytest.mark.parametrize(("take", "package", "sentence"), TAKEN.values(), ids=TAKEN)
def test_what_was_taken_meanwhile_is_refused(services, on_his_way, take, package, sentence):
    take(services, on_his_way)
    with services.refusing(NotAllowed, match=sentence) as refused:
        services.push(package, actor=on_his_way)
    assert refused.value.subject in {"Acme.New 1.0.0", "Acme.Widgets 2.0.0"}


UNCONCERNED = {
    "another's role": lambda services: services.do(withdraw_role, "default", "bob"),
    "another account": lambda services: services.do(disable_account, "bob"),
    "his password": lambda services: services.do(set_password, "alice", "another good one"),
    "more than before": lambda services: services.do(set_role, "alice", ADMINISTRATOR),
    "a setting": lambda services: services.change_feed("default", {"read": "authenticated"}),
}


@pytest.mark.parametrize("change", UNCONCERNED.values(), ids=UNCONCERNED)
def test_what_does_not_concern_the_key_lets_it_push(services, on_his_way, change):
    change(services)
    services.push(nupkg("Acme.New"), actor=on_his_way)
    line = services.last_line()
    assert (line.actor, line.action, line.subject) == ("alice", "push", "Acme.New 1.0.0")
    assert (line.key_id, line.address, line.request_id) == (on_his_way.key_id, "192.0.2.1", "r1")
    assert len(services.rows("owners")) == 2


def test_the_environments_key_is_what_it_was(services, on_his_way):
    bootstrap = judged(services, BOOTSTRAP)
    services.do(disable_account, "bob")
    services.push(nupkg("Acme.New"), actor=bootstrap)
    line = services.last_line()
    assert (line.actor, line.subject, line.key_id) == ("bootstrap", "Acme.New 1.0.0", None)


def test_an_end_that_comes_by_itself_is_no_change_and_binds_the_next_push(services, on_his_way):
    """Time is looked at when a request begins: who began in time may end."""
    services.clock.pass_by(LATER)
    services.push(nupkg("Acme.New"), actor=on_his_way)
    services.do(disable_account, "bob")
    with services.refusing(KeyRefused):
        services.push(nupkg("Acme.Newer"), actor=on_his_way)
