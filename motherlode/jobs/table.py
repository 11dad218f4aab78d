"""The table of all kinds of jobs."""

from typing import Final

from motherlode.jobs.gc import GC
from motherlode.jobs.kinds import Kind
from motherlode.jobs.purge_keys import PURGE_KEYS
from motherlode.jobs.purge_sessions import PURGE_SESSIONS

KINDS: Final[tuple[Kind, ...]] = (GC, PURGE_KEYS, PURGE_SESSIONS)
