"""What the verbs on a key share: the key, and whether it is the actor's to change."""

from motherlode.domain.permissions import Actor, check_may_administer
from motherlode.domain.refusals import NoSuchKey
from motherlode.store.accounts import api_keys
from motherlode.store.accounts.api_keys import KeyRow
from motherlode.store.database.sqlite import Tx
from motherlode.usecases._authority import check_may_act_for


def get_managed_key(tx: Tx, key_id: str, actor: Actor) -> KeyRow:
    """The key with that id, which the actor may change. Raises `NoSuchKey`, `NotAllowed`."""
    key = api_keys.find(tx, key_id)
    if key is None:
        raise NoSuchKey(key_id)
    if key.account_id is None:
        check_may_administer(actor)
    else:
        check_may_act_for(actor, key.account_id)
    return key
