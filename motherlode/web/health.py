"""Liveness, readiness and metrics for operators. The responses do not name packages.

Everyone may request them at any rate. So the server checks at most once a second, and shares the result between all
waiting requests.
"""

from typing import Any

from starlette.responses import JSONResponse, Response

from motherlode.domain.refusals import Refusal
from motherlode.observe.logs import get_logger
from motherlode.services import Services
from motherlode.web.request import Request
from motherlode.web.responses import NO_STORE

_HEADERS = {"Cache-Control": NO_STORE}


async def get_live(request: Request) -> Response:  # noqa: ARG001 the response itself shows that the process is alive
    """Return 200: the process is alive."""
    return JSONResponse({"status": "live"}, headers=_HEADERS)


async def get_ready(request: Request) -> Response:
    """Return whether the server is ready: the database can be read, the blob store can be written (both are tried), and
    the search index is built. Otherwise return 503 with what failed. Low storage is reported but still 200, because
    reads keep working."""
    checks = await request.look("ready", _check, request.services)
    is_ready = all(result in {"ok", "low"} for result in checks.values())
    document: dict[str, Any] = {"status": "ready" if is_ready else "not ready", "checks": checks}
    return JSONResponse(document, 200 if is_ready else 503, headers=_HEADERS)


async def get_metrics(request: Request) -> Response:
    """Return metrics for Prometheus."""
    request.services.metrics.show_cache(request.services.documents.bytes_kept)
    text = await request.look("metrics", _render_metrics, request.services)
    return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8", headers=_HEADERS)


def _render_metrics(services: Services) -> bytes:
    """Return the counters and, if it can be read, the server's state: counters matter most when it cannot."""
    try:
        state = services.server_state.read()
    except (Refusal, OSError) as error:
        get_logger().error("server_state_not_read", error=str(error))
        state = None
    return services.metrics.render(state)


def _check(services: Services) -> dict[str, str]:
    return {
        "database": _try(services.db.is_current),
        "blobs": _try(services.blobs.check),
        "search": "ok" if services.searching.is_ready() else "building",
        "storage": "low" if services.blobs.is_low() else "ok",
    }


def _try(check: Any) -> str:
    try:
        result = check()
    except (Refusal, OSError) as error:
        get_logger().error("not_ready", error=str(error))
        return "failed"
    except Exception:  # noqa: BLE001 whatever the driver raises means that the server is not ready
        get_logger().exception("not_ready")
        return "failed"
    return "failed" if result is False else "ok"
