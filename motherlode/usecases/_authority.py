"""The permission to act for an account: administrators, the account itself, and members of a team."""

from motherlode.domain.permissions import ADMIN, Actor, check_may_administer


def check_may_act_for(actor: Actor, account_id: int) -> None:
    """Raise `NotAllowed` unless the actor is an administrator, the account itself or a member of that team.

    The account and team members must be signed in with a password, or use a key with `admin` for all feeds and ids.
    """
    is_own_account = account_id in actor.account_ids
    if not (is_own_account and (actor.key_id is None or (ADMIN in actor.rights and not actor.is_limited))):
        check_may_administer(actor)
