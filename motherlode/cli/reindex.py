"""`motherlode reindex`: rebuild the search index, with or without a running server."""

from motherlode.cli.options import ConfigOption, DataOption, opened
from motherlode.cli.output import CommandFailed, put
from motherlode.cli.progress import counting_packages
from motherlode.domain.refusals import SearchUnready


def reindex(data: DataOption = None, config: ConfigOption = None) -> None:
    """Rebuild the search index. A running server uses the old index until the new one is ready."""
    with opened(data, config) as services, counting_packages("indexing") as advance:
        counted = 0

        def count(done: int, total: int) -> None:
            nonlocal counted
            counted = done
            advance(done, total)

        try:
            services.searching.rebuild(count)
        except SearchUnready as refusal:
            raise CommandFailed("The search index is already being built. Wait until it is ready.") from refusal
    put(f"indexed {counted} packages")
