"""Downloads are counted by the client that asked for them, on the long way and out of memory alike."""

from pathlib import Path

from sqlalchemy import select

from motherlode.store.data_folder import database_path
from motherlode.store.database import schema
from motherlode.store.database.sqlite import open_database
from tests.support.builders import nupkg
from tests.support.servers import start_server

NUPKG = "/v3/flat/acme.widgets/1.0.0/acme.widgets.1.0.0.nupkg"
NUSPEC = "/v3/flat/acme.widgets/1.0.0/acme.widgets.nuspec"


def counts(data: Path) -> dict[str, int]:
    """All downloads that were written down, by client."""
    db = open_database(database_path(data))
    with db.read() as tx:
        rows = tx.execute(select(schema.client_downloads.c.client, schema.client_downloads.c["count"])).all()
    db.close()
    return {row[0]: row[1] for row in rows}


def test_each_download_counts_for_the_program_that_made_it(tmp_path: Path) -> None:
    """A server that stops writes them down."""
    server = start_server(data=tmp_path / "data")
    try:
        assert server.push(nupkg()).status == 201
        for user_agent in ("NuGet xplat/7.9.0 (LINUX)", "Paket (12.0.0)", "NuGet xplat/6.0.0 (WINDOWS)"):
            assert server.get(NUPKG, User_Agent=user_agent).status == 200
        assert server.get(NUPKG).status == 200
        assert server.get(NUPKG, User_Agent="curl/8.5.0", Range="bytes=10-20").status == 206
        assert server.get(NUSPEC, User_Agent="curl/8.5.0").status == 200
    finally:
        assert server.stop() == 0
    assert counts(tmp_path / "data") == {"dotnet / MSBuild": 2, "Paket": 1, "unknown": 1}
