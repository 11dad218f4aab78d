"""Accounts (people, service accounts and teams): their kinds, valid names and roles.

All three kinds share one namespace, so the name of an owner or in a grant is unambiguous.
"""

import re
from typing import Final

from motherlode.domain.refusals import InvalidName

PERSON: Final = "person"
SERVICE: Final = "service"
TEAM: Final = "team"
KINDS: Final = (PERSON, SERVICE, TEAM)

ADMINISTRATOR: Final = "administrator"
"""The only role on the whole server: it allows everything on all feeds."""
READER: Final = "reader"
PUBLISHER: Final = "publisher"
FEED_ROLES: Final = (READER, PUBLISHER)
"""The roles that can be granted on a feed. Owning a package id there also gives rights."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_RESERVED: Final = frozenset({"console", "bootstrap"})
"""Names that the audit log uses for actors without an account."""


def parse_account_name(text: str) -> str:
    """Return `text` if it is a valid account name. Raises `InvalidName`."""
    folded = text.lower()
    if not _NAME.fullmatch(text) or folded in _RESERVED or folded.startswith("key-"):
        raise InvalidName(text)
    return text
