"""`motherlode serve`: what it says, what it refuses, how it ends."""

import json
import os
import pty
import signal
import socket
import stat
import subprocess
from importlib.metadata import version as version_of

import pytest

from tests.cli.running import assert_refused, is_listening, run, wait_for, workers_of
from tests.support.builders import nupkg
from tests.support.servers import MOTHERLODE, clean_environment, form, free_port


def log_of(server):
    return (server.data.parent / f"{server.data.name}.log").read_text()


def serve_on_a_terminal(data):
    """What a server shows on a terminal until its web address, and that address."""
    terminal, program_side = pty.openpty()
    command = [str(MOTHERLODE), "serve", "--data", str(data), "--port", str(free_port())]
    process = subprocess.Popen(command, stdout=program_side, stderr=subprocess.DEVNULL, env=clean_environment())
    os.close(program_side)
    shown = b""
    try:
        while b"key create" not in shown:
            shown += os.read(terminal, 4096)
    finally:
        process.terminate()
        process.wait(30)
        os.close(terminal)
    return shown.decode()


def test_a_terminal_shows_the_first_key_once(tmp_path):
    data = tmp_path / "d"
    first = serve_on_a_terminal(data)
    key = (data / "first-key.txt").read_text().strip()
    assert f'dotnet nuget push "*.nupkg" --source motherlode --api-key {key}' in first
    assert key not in serve_on_a_terminal(data)


def test_what_is_kept_of_the_output_names_the_keys_file_and_not_the_key(serve, tmp_path):
    first = serve(data=tmp_path / "d")
    assert first.key not in "\n".join(first.panel) + log_of(first)
    add = f"dotnet nuget add source {first.url}/v3/index.json --name motherlode --allow-insecure-connections"
    assert add in first.panel
    (push,) = (line for line in first.panel if line.startswith("dotnet nuget push"))
    argument = push.partition("--api-key ")[2]
    assert subprocess.check_output(["sh", "-c", f"printf %s {argument}"], text=True) == first.key
    key_file = tmp_path / "d" / "first-key.txt"
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(key_file.parent.stat().st_mode) == 0o700
    assert first.stop() == 0
    later = serve(data=tmp_path / "d")
    assert first.key not in "\n".join(later.panel)
    (push,) = (line for line in later.panel if line.startswith("dotnet nuget push"))
    argument = push.partition("--api-key ")[2]
    assert subprocess.check_output(["sh", "-c", f"printf %s {argument}"], text=True) == first.key


def test_a_bootstrap_key_is_not_shown_and_no_first_key_is_made(serve):
    key = "given-from-outside-1"
    server = serve(environment={"MOTHERLODE_BOOTSTRAP_KEY": key})
    assert key not in "\n".join(server.panel)
    assert any(line.endswith('--api-key "$MOTHERLODE_BOOTSTRAP_KEY"') for line in server.panel)
    assert not (server.data / "first-key.txt").exists()
    assert server.push(nupkg()).status == 201


def test_a_taken_port_is_refused_before_anything_is_made(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert_refused(run("serve", "--port", port, "--data", tmp_path / "d"), "already in use", str(port), "--port")
    assert not (tmp_path / "d").exists()


def test_a_port_of_another_server_of_ours_is_taken_too(server, tmp_path):
    assert_refused(run("serve", "--port", server.port, "--data", tmp_path / "other"), "already in use", "--port")


def test_a_folder_has_one_server_at_a_time(server):
    assert_refused(run("serve", "--port", 0, "--data", server.data), "Another server", "--data")


def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").touch()
    assert_refused(run("serve", "--port", 0, "--data", tmp_path / "file" / "d"), "cannot be written", "--data")


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid"])
def test_a_host_that_is_not_here_is_refused(tmp_path, host):
    assert_refused(run("serve", "--port", 0, "--host", host, "--data", tmp_path / "d"), host, "--host")


def test_wrong_settings_are_all_told(tmp_path):
    done = run("serve", "--port", "x", "--workers", "0", "--data", tmp_path / "d", MOTHERLODE_LOG_LEVEL="loud")
    assert_refused(done, "server.port", "server.workers", "log.level")
    assert not (tmp_path / "d").exists()


def test_it_finishes_what_is_in_flight_and_ends_well(serve):
    """SIGTERM: requests in flight are finished, no new ones are taken, and the exit code is 0."""
    server = serve(workers=2)
    body, content_type = form(nupkg())
    with server.connect() as connection:
        head = (
            f"PUT /api/v2/package HTTP/1.1\r\nHost: x\r\nX-NuGet-ApiKey: {server.key}\r\nContent-Type: {content_type}"
        )
        connection.sendall(f"{head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body[:100])
        server.get("/v3/index.json")
        server.process.terminate()
        wait_for(lambda: not is_listening(server.port))
        connection.sendall(body[100:])
        assert connection.recv(100).startswith(b"HTTP/1.1 201")
    assert server.process.wait(30) == 0
    assert "Unexpected" not in log_of(server)


def test_a_terminal_that_interrupts_everybody_ends_it_well(serve):
    """Ctrl+C reaches the workers too: that is no accident, and no worker is replaced."""
    server = serve(workers=2)
    for pid in (server.process.pid, *workers_of(server.process.pid)):
        os.kill(pid, signal.SIGINT)
    assert server.process.wait(30) == 0
    assert "Unexpected" not in log_of(server)
    assert "panic" not in log_of(server)


def test_workers_end_with_a_killed_parent_and_the_next_start_works(serve, tmp_path):
    server = serve(data=tmp_path / "d", workers=2)
    assert len(workers_of(server.process.pid)) == 2
    server.kill()
    wait_for(lambda: not is_listening(server.port))
    again = serve(data=tmp_path / "d", port=server.port)
    assert again.get("/v3/index.json").status == 200


def test_a_worker_that_dies_is_replaced(server):
    (worker,) = workers_of(server.process.pid)
    os.kill(worker, signal.SIGKILL)
    wait_for(lambda: workers_of(server.process.pid) not in ([], [worker]) and is_listening(server.port))
    assert server.get("/v3/index.json").status == 200


def test_what_workers_of_the_last_run_counted_is_gone(serve, tmp_path):
    first = serve(data=tmp_path / "d")
    assert first.get("/v3/index.json").status == 200
    first.kill()
    left = {path.name for path in (tmp_path / "d" / "run" / "metrics").iterdir()}
    assert left
    again = serve(data=tmp_path / "d")
    assert not left & {path.name for path in (tmp_path / "d" / "run" / "metrics").iterdir()}
    assert again.get("/metrics").status == 200


def test_a_start_and_a_stop_are_a_log_line_each(serve, tmp_path):
    server = serve(data=tmp_path / "d", workers=2)
    wait_for(lambda: "server_started" in log_of(server))
    assert server.stop() == 0
    lines = [json.loads(line) for line in log_of(server).splitlines() if line.startswith("{")]
    started, stopped = (line for line in lines if line["event"] in {"server_started", "server_stopped"})
    assert (started["event"], stopped["event"]) == ("server_started", "server_stopped")
    assert started["version"] == version_of("motherlode")
    assert started["engine"] == f"granian {version_of('granian')}"
    assert (started["address"], started["workers"], started["database"]) == (server.url, 2, "sqlite")
    assert started["data"] == str(tmp_path / "d")
