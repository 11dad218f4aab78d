"""Accounts: people, service accounts and teams. What they may be called, and what roles there are.

All three share one kind of name, so that whoever is named as owner or in a grant is named alone.
"""

import re
from typing import Final

from motherlode.domain.refusals import InvalidName

PERSON: Final = "person"
SERVICE: Final = "service"
TEAM: Final = "team"
KINDS: Final = (PERSON, SERVICE, TEAM)

ADMINISTRATOR: Final = "administrator"
"""The one role on the whole server: may do everything, everywhere."""
READER: Final = "reader"
PUBLISHER: Final = "publisher"
FEED_ROLES: Final = (READER, PUBLISHER)
"""The roles that a feed grants; the third one, to own an id there, comes with the id."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_RESERVED: Final = frozenset({"console", "bootstrap"})
"""Who the audit log knows without an account."""


def parse_account_name(text: str) -> str:
    """`text` itself when an account may be called that; raises `InvalidName`."""
    folded = text.lower()
    if not _NAME.fullmatch(text) or folded in _RESERVED or folded.startswith("key-"):
        raise InvalidName(text)
    return text
