"""Names that steer a terminal or hide what is printed come out written out, whichever command meets them."""

import ast
import json
import subprocess
from pathlib import Path

import pytest

from motherlode.nuget.quoting import printable, printable_json
from tests.cli.running import run
from tests.protocol.wire import exchange, request_bytes
from tests.support.builders import nupkg
from tests.support.servers import start_server

HOSTILE = "\x1b]0;title\x07\x9b31m\u202egpj\u2066\u200f\u2028\x7f\r\n\x08x"
ROOT = Path(__file__).parents[2]


def is_clean(text: str) -> bool:
    """Whether a terminal shows the text as it is: only its line breaks are no printable characters."""
    return text.replace("\n", "").isprintable()


def assert_clean(done: subprocess.CompletedProcess[str], code: int) -> None:
    assert done.returncode == code, done.stderr
    assert is_clean(done.stdout), ascii(done.stdout)
    assert is_clean(done.stderr), ascii(done.stderr)
    assert "Traceback" not in done.stderr


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of a server that was started once, in a folder of a hostile name, and sent hostile requests."""
    folder = tmp_path_factory.mktemp("hostile") / HOSTILE
    folder.mkdir()
    server = start_server(data=folder / "data", arguments=["--data", str(folder / "data")])
    key = f"X-NuGet-ApiKey: {server.key}"
    push = request_bytes("PUT", "/api/v2/package", key, "User-Agent: a\x9b31mb", body=nupkg("Acme.Pushed"))
    assert exchange(server, push).status == 201
    assert server.stop() == 0
    assert is_clean("\n".join(server.panel))
    assert is_clean((folder / "data.log").read_text())
    return folder / "data"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with packages of hostile names and contents."""
    folder = tmp_path_factory.mktemp("files")
    (folder / f"good{HOSTILE}.nupkg").write_bytes(nupkg("Good.One"))
    (folder / f"bad{HOSTILE}.nupkg").write_bytes(b"PK\x03\x04")
    entries = {f"lib/net8.0/{HOSTILE}.dll": b"", f"content/{HOSTILE}": b"", "content/\x9b\u202e": b""}
    (folder / "inside.nupkg").write_bytes(nupkg("Bad.Inside", files=entries))
    (folder / f"empty{HOSTILE}").mkdir()
    return folder


def test_packages(data: Path, files: Path) -> None:
    for command in ("check", "push"):
        for option in ("--json", "--feed=default"):
            done = run(command, *sorted(files.glob("*.nupkg")), option, "--data", data)
            assert_clean(done, 1)
            assert "good" in done.stdout + done.stderr
            if option == "--json":
                assert [Path(each["file"]) for each in json.loads(done.stdout)] == sorted(files.glob("*.nupkg"))


@pytest.mark.parametrize(
    "arguments",
    [
        ["push", f"no{HOSTILE}.nupkg"],
        ["check", f"no{HOSTILE}.nupkg"],
        ["unlist", HOSTILE, "1.0.0"],
        ["delete", "A", HOSTILE],
        ["lock", HOSTILE],
        ["user", "add", HOSTILE, "--service"],
        ["user", "show", HOSTILE],
        ["team", "create", HOSTILE],
        ["feed", "create", HOSTILE],
        ["feed", "show", HOSTILE],
        ["feed", "create", "f", f"title={HOSTILE}"],
        ["feed", "create", "f", f"{HOSTILE}=1"],
        ["key", "create", "--name", HOSTILE],
        ["key", "create", "--name", "a", "--glob", HOSTILE],
        ["key", "create", "--name", "a", "--allow", HOSTILE],
        ["key", "create", "--name", "a", "--owner", HOSTILE],
        ["key", "revoke", HOSTILE],
        ["owner", "list", HOSTILE],
        ["rederive", "--feed", HOSTILE],
        ["gc", "--feed", HOSTILE],
    ],
    ids=lambda arguments: " ".join(argument for argument in arguments if HOSTILE not in argument),
)
def test_arguments(data: Path, arguments: list[str]) -> None:
    done = run(*arguments, "--data", data)
    assert_clean(done, 2 if "gc" in arguments else 1)
    assert done.stderr


@pytest.mark.parametrize("arguments", [[HOSTILE], ["gc", HOSTILE], ["gc", f"--{HOSTILE}"], ["user", HOSTILE]])
def test_wrong_usage(arguments: list[str]) -> None:
    assert_clean(run(*arguments), 2)


def test_folders_and_settings(files: Path, tmp_path: Path) -> None:
    (tmp_path / "hostile.toml").write_text('[server]\nhost = "\\u001b[31m\\u202e"\n"\\u009b" = 1\n')
    (tmp_path / f"{HOSTILE}.toml").write_text("[[")
    assert_clean(run("feed", "list", "--data", files / f"empty{HOSTILE}"), 1)
    assert_clean(run("push", files / f"empty{HOSTILE}", "--data", files), 1)
    for name in ("hostile", HOSTILE, f"none{HOSTILE}"):
        for command in (["serve"], ["config", "show"], ["config", "show", "--json"]):
            assert_clean(run(*command, "--config", tmp_path / f"{name}.toml", "--data", tmp_path / "d"), 1)
    assert_clean(run("serve", "--host", HOSTILE, "--data", tmp_path / "d"), 1)
    assert_clean(run("serve", "--tls-certificate", HOSTILE, "--tls-key", HOSTILE, "--data", tmp_path / "d"), 1)


def test_what_others_did(data: Path) -> None:
    for command in (["audit"], ["audit", "--json"], ["key", "list"], ["config", "show"], ["verify"], ["feed", "list"]):
        done = run(*command, "--data", data)
        assert_clean(done, 0)
        assert done.stdout
    assert "a\ufffd31mb" in run("audit", "--json", "--data", data).stdout


def test_nothing_is_printed_but_by_the_functions_that_clean_it() -> None:
    printing = {"print", "echo", "secho", "write", "writelines"}
    found = []
    for file in sorted((ROOT / "motherlode" / "cli").glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func)
                to_terminal = name.startswith(("print", "typer.echo", "typer.secho", "click.", "sys.std", "os.write"))
                if to_terminal and name.rpartition(".")[2] in printing:
                    found.append(f"{file.name}: {name}")
    assert found == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ü 漢 😀", "plain ü 漢 😀"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\x9b\x7f", "\\x9b\\x7f"),
        ("a\nb\r\t", "a\\nb\\r\\t"),
        ("\u202eab\u2066\u200e\u061c", "\\u202eab\\u2066\\u200e\\u061c"),
        ("\u2028\u2029\u200b\ufeff", "\\u2028\\u2029\\u200b\\ufeff"),
        ("\U000e0041", "\\U000e0041"),
        ("\udc80", "\\udc80"),
    ],
)
def test_what_is_not_printable_is_written_out(text: str, shown: str) -> None:
    assert printable(text) == shown
    value = json.dumps({"a": text}, ensure_ascii=False, indent=1)
    assert json.loads(printable_json(value)) == {"a": text}
    assert is_clean(printable_json(value))
