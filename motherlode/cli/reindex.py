"""`motherlode reindex`: build the search index anew, beside a running server or without one."""

from motherlode.cli.options import ConfigOption, DataOption, opened
from motherlode.cli.output import CommandFailed, put
from motherlode.cli.progress import counting_packages
from motherlode.domain.refusals import SearchUnready


def reindex(data: DataOption = None, config: ConfigOption = None) -> None:
    """Build a new search index, which then takes the place of the old one; a running server goes on searching."""
    with opened(data, config) as services, counting_packages("indexing") as advance:
        counted = 0

        def count(done: int, total: int) -> None:
            nonlocal counted
            counted = done
            advance(done, total)

        try:
            services.searching.rebuild(count)
        except SearchUnready as refusal:
            raise CommandFailed("The search index is being built already: wait until that is done.") from refusal
    put(f"indexed {counted} packages")
