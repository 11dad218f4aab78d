"""What operators ask: is it alive, is it ready, how much did it do. No answer names a package.

Anybody may ask, and as often as he likes: so the server looks once a second at most, and answers all who wait.
"""

from typing import Any

from starlette.responses import JSONResponse, Response

from motherlode.domain.refusals import Refusal
from motherlode.observe.logs import get_logger
from motherlode.services import Services
from motherlode.web.request import Request
from motherlode.web.responses import NO_STORE

_HEADERS = {"Cache-Control": NO_STORE}


async def get_live(request: Request) -> Response:  # noqa: ARG001 the process answers: that is all there is to say
    """Whether the process answers."""
    return JSONResponse({"status": "live"}, headers=_HEADERS)


async def get_ready(request: Request) -> Response:
    """Whether the database can be read and the blob store written, tried just now, and search is there; else 503 and
    what is not. Low storage is told and is no reason to be sent no requests: all reads are answered."""
    checks = await request.look("ready", _check, request.services)
    is_ready = all(result in {"ok", "low"} for result in checks.values())
    document: dict[str, Any] = {"status": "ready" if is_ready else "not ready", "checks": checks}
    return JSONResponse(document, 200 if is_ready else 503, headers=_HEADERS)


async def get_metrics(request: Request) -> Response:
    """Counters for Prometheus."""
    request.services.metrics.show_cache(request.services.documents.bytes_kept)
    text = await request.look("metrics", _render_metrics, request.services)
    return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8", headers=_HEADERS)


def _render_metrics(services: Services) -> bytes:
    """Counters, and the server's state as far as it can be read: counters matter most when it cannot."""
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
    except Exception:  # noqa: BLE001 whatever the driver raises, the answer is that we are not ready
        get_logger().exception("not_ready")
        return "failed"
    return "failed" if result is False else "ok"
