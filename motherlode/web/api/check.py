"""`POST /api/v1/check`: returns what a push of the package would return, as JSON, without storing anything.

If the package cannot be checked at all (no key, an unreadable form), the request is refused like any other. Otherwise
the status is 200, and the body says what a push would refuse.
"""

import json
from typing import Any

from starlette.responses import Response

from motherlode.domain.refusals import PackageTooLarge
from motherlode.store.blobs.protocol import Spool
from motherlode.usecases.packages.check import Checked, check
from motherlode.web.refusal_responses import describe_fault, status_of
from motherlode.web.request import Request
from motherlode.web.responses import NO_STORE
from motherlode.web.upload import receive_package


async def post_check(request: Request) -> Response:
    """Return 200 and the result that a push would have."""
    headers = {"Cache-Control": NO_STORE}
    try:
        checked = await receive_package(request, _check)
    except PackageTooLarge as refusal:
        checked = Checked(None, (refusal,))
        if not await request.body.drain():
            headers["Connection"] = "close"
    if checked.identity is not None:
        request.notes["package"] = str(checked.identity)
    body = json.dumps(describe_checked(checked), ensure_ascii=False).encode("utf-8", "backslashreplace")
    return Response(body, headers=headers, media_type="application/json")


def describe_checked(checked: Checked) -> dict[str, Any]:
    """Return the result as JSON for programs; `status` is the status that a push would return."""
    identity = checked.identity
    return {
        "is_valid": checked.is_valid,
        "status": status_of(checked.refusals[0]) if checked.refusals else 201,
        "identity": None if identity is None else {"id": str(identity.id), "version": identity.version.normalized},
        "faults": [describe_fault(fault) for fault in checked.faults],
        "warnings": [describe_fault(warning) for warning in checked.warnings],
    }


def _check(request: Request, spool: Spool) -> Checked:
    services = request.services
    return check(
        spool,
        request.require_actor,
        feed=request.require_feed.name,
        db=services.db,
        clock=services.clock,
        limits=services.limits,
    )
