"""What a caller may not see does not exist for him: also where a refusal would tell that it does."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from motherlode.domain.feeds import parse_feed_policy
from motherlode.domain.policy import Actor, may_read
from motherlode.domain.refusals import NotAllowed, NotFound


@contextmanager
def hidden(actor: Actor, feed: str, settings: Mapping[str, Any], absent: NotFound) -> Iterator[None]:
    """Whatever is not allowed inside is `absent` to an actor who may not read the feed."""
    try:
        yield
    except NotAllowed:
        if parse_feed_policy(settings).is_private and not may_read(actor, feed):
            raise absent from None
        raise
