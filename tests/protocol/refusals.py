"""What every refusal of a push, delete or relist must be, so that each client can show it."""

import json
import re

from tests.support.servers import Answer


def faults_of_refusal(answer: Answer) -> list[str]:
    """What a refusal of a push lacks to be read by every client."""
    lines = answer.all_headers("x-nuget-warning")
    faults = []
    if not lines or not all(line.isascii() and line.isprintable() and line.strip() for line in lines):
        faults.append(f"warnings {lines}")
    if sum(map(len, lines)) > 2048:
        faults.append("warnings of more than 2 KB")
    if not answer.body.startswith(b'{"detail":'):
        faults.append(f"body {answer.body[:80]!r}")
    problem = json.loads(answer.body)
    if not re.fullmatch(r"[a-z]+(-[a-z]+)*", problem["code"]) or problem["status"] != answer.status:
        faults.append(f"problem {problem}")
    return faults
