"""What holds for every document and file that is read, whatever it shows."""

import gzip
from email.utils import parsedate_to_datetime

from tests.support.servers import Answer, Server

# These differ between two answers to the same question.
VOLATILE = {"date", "x-request-id"}


def stable_headers(answer: Answer) -> dict[str, str]:
    """The headers that two answers to one question share."""
    return {name.lower(): value for name, value in answer.headers if name.lower() not in VOLATILE}


def faults_of_read(server: Server, path: str, *, is_zipped: bool) -> list[str]:
    """What is wrong with how a path is read; `is_zipped` says that gzip is sent to those who offer it."""
    plain = server.get(path)
    if plain.status != 200:
        return [f"{path}: {plain.status}"]
    checks = {
        "no Content-Length, or a wrong one": plain.header("content-length") == str(len(plain.body)),
        "compressed unasked": plain.header("content-encoding") is None,
        "no strong ETag": _is_strong(plain.header("etag")),
        "no Last-Modified": parsedate_to_datetime(plain.header("last-modified") or "").tzinfo is not None,
        "no Cache-Control": plain.header("cache-control") is not None,
        "no CORS": plain.header("access-control-allow-origin") == "*",
        "no nosniff": plain.header("x-content-type-options") == "nosniff",
        "HEAD has other headers": _is_head_alike(server, path, {}, plain),
        "never compressed deflate or br": _is_plain_for(server, path, "deflate, br, zstd"),
        "compressed though gzip is forbidden": _is_plain_for(server, path, "gzip;q=0, deflate"),
        "an own ETag is not 304": _is_304(server, path, {}, plain),
        "other ETags are 304": server.get(path, If_None_Match='"other"').status == 200,
        "unknown parameters matter": server.get(f"{path}?semVerLevel=2.0.0&x=%00&y").body == plain.body,
        "capitals matter": server.get(path.upper().replace("%5B", "[")).body == plain.body,
        "a slash at the end matters": server.get(f"{path}/").body == plain.body,
        "a feed's own address differs": server.get(f"/feeds/default{path}").status == 200,
        **_zipped_checks(server, path, plain, is_zipped=is_zipped),
        **_method_checks(server, path),
    }
    return [f"{path}: {fault}" for fault, is_right in checks.items() if not is_right]


def _is_strong(etag: str | None) -> bool:
    return etag is not None and len(etag) > 10 and etag[0] == etag[-1] == '"'


def _is_head_alike(server: Server, path: str, headers: dict[str, str], got: Answer) -> bool:
    head = server.request("HEAD", path, headers=headers)
    return head.status == 200 and head.body == b"" and stable_headers(head) == stable_headers(got)


def _is_plain_for(server: Server, path: str, offered: str) -> bool:
    return server.get(path, Accept_Encoding=offered).header("content-encoding") is None


def _is_304(server: Server, path: str, headers: dict[str, str], got: Answer) -> bool:
    etag = got.header("etag") or ""
    tags = (etag, f"W/{etag}", f'"a", {etag}', "*")
    answers = [server.request("GET", path, headers=headers | {"If-None-Match": tag}) for tag in tags]
    return all(answer.status == 304 and answer.body == b"" and answer.header("etag") == etag for answer in answers)


def _zipped_checks(server: Server, path: str, plain: Answer, *, is_zipped: bool) -> dict[str, bool]:
    offered = {"Accept-Encoding": "gzip, deflate"}
    zipped = server.request("GET", path, headers=offered)
    if not is_zipped:
        return {"compressed": zipped.header("content-encoding") is None and zipped.body == plain.body}
    varies = (plain.header("vary"), zipped.header("vary"))
    return {
        "not compressed": zipped.header("content-encoding") == "gzip" and gzip.decompress(zipped.body) == plain.body,
        "no Vary": varies == ("Accept-Encoding", "Accept-Encoding"),
        "one ETag for two forms": _is_strong(zipped.header("etag")) and zipped.header("etag") != plain.header("etag"),
        "a wrong length compressed": zipped.header("content-length") == str(len(zipped.body)),
        "HEAD has other headers compressed": _is_head_alike(server, path, offered, zipped),
        "an own ETag is not 304 compressed": _is_304(server, path, offered, zipped),
        "an ETag of the other form is 304": server.request(
            "GET", path, headers=offered | {"If-None-Match": plain.header("etag") or ""}
        ).status
        == 200,
    }


def _method_checks(server: Server, path: str) -> dict[str, bool]:
    answers = [server.request(method, path, body=b"x") for method in ("POST", "DELETE", "PATCH")]
    is_refused = all(answer.status == 405 and answer.header("allow") == "GET, HEAD" for answer in answers)
    options = server.request("OPTIONS", path, headers={"Origin": "https://example.com"})
    put = server.request("PUT", path, body=b"x")
    is_shown_the_way = put.status == 404 and f"{server.url}/api/v2/package" in (put.header("x-nuget-warning") or "")
    allows = options.status == 204 and options.header("access-control-allow-origin") == "*"
    return {
        "other methods are not 405 with Allow": is_refused,
        "PUT is not told where to push": is_shown_the_way,
        "OPTIONS does not allow any origin": allows,
    }


def faults_of_miss(answer: Answer) -> list[str]:
    """What is wrong with a refused read."""
    checks = {
        f"status {answer.status}": answer.status == 404,
        "no problem": answer.header("content-type") == "application/problem+json",
        "sentence not first": answer.body.startswith(b'{"detail": "'),
        "kept by caches": answer.header("cache-control") == "no-store",
        "hidden from browsers": answer.header("access-control-allow-origin") == "*",
    }
    return [fault for fault, is_right in checks.items() if not is_right]
