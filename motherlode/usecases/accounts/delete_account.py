"""Delete an account: a person, a service account or a team."""

from dataclasses import dataclass
from typing import Final

from motherlode.domain.permissions import Actor, check_may_administer
from motherlode.observe.clock import Clock
from motherlode.store.accounts import accounts, api_keys, owners
from motherlode.store.database.sqlite import Database
from motherlode.usecases._audit import write_audit

MOST_NAMED: Final = 100
"""How many ids without an owner an audit line names."""


@dataclass(frozen=True, slots=True)
class DeletedAccount:
    """What an account leaves: its name as written, the ids of keys that were revoked, and the packages that have no
    owner now, each as the name of a feed and the key of an id."""

    name: str
    revoked_keys: tuple[str, ...]
    unowned: tuple[tuple[str, str], ...]


def delete_account(name: str, actor: Actor, *, kinds: tuple[str, ...], db: Database, clock: Clock) -> DeletedAccount:
    """Delete the account of one of these kinds. Nothing of it is left but its name, which is never given out again.

    Its password, sessions and keys are refused from the next request on; its memberships, roles and invitations are
    gone. Ids that it alone owned belong to the administrators. Administrators may. Raises `NotAllowed`,
    `NoSuchAccount`.
    """
    check_may_administer(actor)
    with db.write() as tx:
        account = accounts.get(tx, name, *kinds)
        now = clock.now()
        unowned = tuple(owners.ids_owned_alone(tx, account.id))
        held = api_keys.of_account(tx, account.id, (api_keys.API, api_keys.VERIFICATION))
        revoked = tuple(key.id for key in held if key.revoked_at is None)
        for key_id in revoked:
            api_keys.revoke(tx, key_id, now)
        accounts.remove(tx, account.id, now)
        details = {
            "kind": account.kind,
            "revoked_keys": list(revoked),
            "unowned": [f"{id_key} ({feed})" for feed, id_key in unowned[:MOST_NAMED]],
        }
        write_audit(tx, actor, "delete-account", feed=None, subject=account.name, at=now, details=details)
    return DeletedAccount(account.name, revoked, unowned)
