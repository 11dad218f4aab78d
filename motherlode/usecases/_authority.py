"""Who may act for an account: administrators, and whoever it is himself."""

from motherlode.domain.permissions import ADMIN, Actor, check_may_administer


def check_may_act_for(actor: Actor, account_id: int) -> None:
    """Let an administrator pass, and the account itself or a member of the team that it is: signed in with his
    password, or with a key that carries `admin` for all feeds and ids. Raises `NotAllowed` else."""
    is_himself = account_id in actor.account_ids
    if not (is_himself and (actor.key_id is None or (ADMIN in actor.rights and not actor.is_limited))):
        check_may_administer(actor)
