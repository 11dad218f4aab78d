"""A data folder as an older version of the program left it: packages whose facts are poorer than today's reader's."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path


def age(data: Path, *ids: str) -> None:
    """Let nobody have read the packages; those of these ids had no title, another description, and SemVer 2 in them."""
    with closing(sqlite3.connect(data / "motherlode.db", timeout=30)) as connection, connection:
        connection.execute("DELETE FROM readings")
        for content_id, text in connection.execute("SELECT id, facts FROM contents").fetchall():
            facts = json.loads(text)
            if facts["id"] in ids:
                facts.pop("title", None)
                facts["description"] = "Antiquated."
                update = "UPDATE contents SET facts = ? WHERE id = ?"
                connection.execute(update, (json.dumps(facts), content_id))
                connection.execute("UPDATE entries SET is_semver2 = 1 WHERE content_id = ?", (content_id,))
