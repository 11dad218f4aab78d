"""`motherlode serve`: check everything first, then serve and print what to do next.

Everything that can fail is checked before anything is printed: settings, the address, the data folder.
"""

import os
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version as version_of
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import urlsplit

import typer

from motherlode.cli.listening import Listening, base_url, hold_port, wait_until_accepting
from motherlode.cli.options import ConfigOption, DataOption, check_owner, lock_folder, read_settings
from motherlode.cli.output import put, tell
from motherlode.cli.panel import Panel, key_argument
from motherlode.config import find_data_folder
from motherlode.settings import ServerSettings, Settings
from motherlode.store.data_folder import first_key_path, run_path

if TYPE_CHECKING:
    from motherlode.cli.tls import ServedCertificate, TlsFiles

_METRICS: Final = "metrics"


def serve(
    *,
    host: Annotated[str | None, typer.Option(help="The address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[
        str | None, typer.Option(help="The port to listen on; 0 picks a free one.", show_default="5555")
    ] = None,
    workers: Annotated[str | None, typer.Option(help="The number of worker processes.", show_default="1")] = None,
    tls_certificate: Annotated[
        str | None, typer.Option(metavar="FILE", help="The certificate for https with its chain (PEM).")
    ] = None,
    tls_key: Annotated[str | None, typer.Option(metavar="FILE", help="The certificate's private key (PEM).")] = None,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Run the server. Creates or upgrades the data folder if needed."""
    from motherlode.cli.supervisor import supervise
    from motherlode.observe.logs import configure_logs, get_logger

    _exit_cleanly_on_signals()
    given = {
        "server.host": host,
        "server.port": port,
        "server.workers": workers,
        "server.tls_certificate": tls_certificate,
        "server.tls_key": tls_key,
    }
    check_owner(find_data_folder(os.environ, data))
    settings = read_settings(data, config, {name: value for name, value in given.items() if value is not None})
    listening = hold_port(settings.server.host, settings.server.port)
    files = _find_tls_files(settings.server, listening)
    configure_logs(style=settings.log.format, level=settings.log.level)
    lock = lock_folder(settings.data)
    _prepare_metrics(settings.data)
    stop = threading.Event()
    had_key = first_key_path(settings.data).is_file()
    announce = partial(_announce, settings, listening, stop, had_key=had_key)
    announcer = threading.Thread(target=announce, daemon=True)
    try:
        with _served_certificate(files, run_path(settings.data)) as certificate:
            supervise(settings, listening, certificate, announcer.start)
        get_logger().info("server_stopped")
    finally:
        _ignore_further_signals()
        stop.set()
        lock.release()


def _exit_cleanly_on_signals() -> None:
    """Exit at once with code 0 on SIGTERM or SIGINT: before workers run, there are no requests to finish."""

    def end(*_: object) -> None:
        _ignore_further_signals()
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)


def _ignore_further_signals() -> None:
    """Ignore further signals. Python drops its handlers before the process ends, so a late signal would look like a
    failure."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _find_tls_files(server: ServerSettings, listening: Listening) -> "TlsFiles | None":
    """Return the certificate and key for https, or None for http. Raises CommandFailed if they cannot be used.

    Prints a warning if clients will reject the certificate. Behind a proxy the host name is not checked, because the
    name that the proxy uses is unknown.
    """
    from motherlode.cli.tls import TlsFiles

    if server.tls_certificate is None or server.tls_key is None:
        return None
    files = TlsFiles(server.tls_certificate, server.tls_key)
    host = urlsplit(server.public_url).hostname if server.public_url else listening.reachable_host
    objection = files.find_objection(None if server.trusted_proxies else host)
    if objection is not None:
        tell(
            f"warning: Clients that connect to {host} will reject this server's certificate ({objection.rstrip('.')}). "
            "Renew the certificate, or set server.public_url to a host name that it contains."
        )
    return files


@contextmanager
def _served_certificate(files: "TlsFiles | None", folder: Path) -> "Iterator[ServedCertificate | None]":
    """Yield the certificate that workers start from, and remove its copies at the end. Raises CommandFailed."""
    from motherlode.cli.tls import ServedCertificate

    if files is None:
        yield None
        return
    certificate = ServedCertificate(files, folder)
    try:
        yield certificate
    finally:
        certificate.remove_copies()


def _prepare_metrics(data: Path) -> None:
    """Create an empty folder in which workers share their counters, and name it before they import the counters."""
    folder = (run_path(data) / _METRICS).absolute()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def _panel(settings: Settings, listening: Listening, *, had_key: bool) -> Panel:
    """Return the panel, once a worker has prepared the data folder.

    It shows a new first key only on a terminal: other output may be stored, such as a service's log.
    """
    first_key = None if had_key else _read_first_key(settings.data)
    is_shown = first_key is not None and sys.stdout.isatty()
    return Panel(
        base_url=_address_of(settings, listening),
        api_key=key_argument(settings, first_key if is_shown else None),
        data=settings.data,
        new_key=None if first_key is None else "shown" if is_shown else "kept",
        program=sys.argv[0],
    )


def _address_of(settings: Settings, listening: Listening) -> str:
    scheme = "http" if settings.server.tls_certificate is None else "https"
    return settings.server.public_url or base_url(scheme, listening.reachable_host, listening.port)


def _read_first_key(data: Path) -> str | None:
    try:
        return first_key_path(data).read_text("ascii").strip()
    except FileNotFoundError:
        return None


def _announce(settings: Settings, listening: Listening, stop: threading.Event, *, had_key: bool) -> None:
    if wait_until_accepting(listening.reachable_host, listening.port, stop):
        for line in _panel(settings, listening, had_key=had_key).render().split("\n"):
            put(line)
        _log_start(settings, listening)


def _log_start(settings: Settings, listening: Listening) -> None:
    from motherlode.observe.logs import get_logger

    get_logger().info(
        "server_started",
        version=version_of("motherlode"),
        address=_address_of(settings, listening),
        data=str(settings.data.absolute()),
        workers=settings.server.workers,
        engine=f"granian {version_of('granian')}",
        database="sqlite",
    )
