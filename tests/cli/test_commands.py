"""Commands on a server's data: results on standard output, the rest on standard error, exit codes 0, 1 and 2."""

import json

import pytest

from motherlode.app import prepare_house
from motherlode.config import load_settings
from tests.cli.running import assert_refused, run
from tests.support.builders import nupkg


@pytest.fixture
def data(tmp_path):
    """The data folder of a server that ran once."""
    folder = tmp_path / "data"
    prepare_house(load_settings({}, data=folder)).close()
    return folder


@pytest.mark.parametrize(
    "arguments",
    [
        ("key", "create", "--name", "n"),
        ("key", "list"),
        ("key", "revoke", "k"),
        ("feed", "create", "f"),
        ("feed", "set", "default", "max_package_size=1MB"),
        ("feed", "list"),
        ("feed", "show", "default"),
        ("push", __file__),
        ("check", __file__),
        ("unlist", "A", "1.0.0"),
        ("relist", "A", "1.0.0"),
        ("delete", "A", "1.0.0"),
        ("restore-version", "A", "1.0.0"),
        ("lock", "A"),
        ("unlock", "A"),
        ("user", "list"),
        ("team", "create", "t"),
        ("owner", "list", "A"),
        ("audit",),
        ("verify",),
    ],
    ids=" ".join,
)
def test_a_folder_without_data_is_refused_and_none_is_made(tmp_path, arguments):
    assert_refused(run(*arguments, "--data", tmp_path / "none"), "contains no Motherlode data", "--data")
    assert not (tmp_path / "none").exists()
    assert_refused(run(*arguments, "--data", tmp_path), "contains no Motherlode data")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("key", "create"),
        ("key", "create", "--name", "n", "--expires", "soon"),
        ("feed", "create", "f", "novalue"),
        ("feed", "set", "default"),
        ("push",),
        ("check",),
        ("unlist", "A"),
        ("key", "rotate", "k", "--overlap", "never"),
        ("team", "add", "t"),
        ("feed", "grant", "default", "a"),
        ("audit", "--since", "yesterday"),
        ("audit", "--limit", "many"),
        ("verify", "--audit-head", "1:00"),
        ("nonsense",),
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2(data, arguments):
    done = run(*arguments, MOTHERLODE_DATA=str(data))
    assert (done.returncode, done.stdout) == (2, "")


def test_key_create_prints_the_key_and_only_it(data):
    done = run("key", "create", "--name", "ci", "--data", data)
    assert done.returncode == 0
    assert done.stdout.startswith("mlk_")
    assert len(done.stdout.split()) == 1
    assert done.stdout.strip() not in done.stderr


def test_keys_are_listed_without_themselves_and_can_be_revoked(data):
    secret = run("key", "create", "--name", "ci", "--allow", "push", "--expires", "never", "--data", data).stdout
    listed = run("key", "list", "--json", "--data", data).stdout
    assert secret.strip() not in listed
    (key,) = (key for key in json.loads(listed) if key["name"] == "ci")
    assert (key["state"], key["allow"], key["feeds"], key["expires_at"]) == ("active", ["push"], None, None)
    assert run("key", "revoke", key["id"], "--data", data).returncode == 0
    assert key["id"] in run("key", "list", "--data", data).stdout
    (key,) = (key for key in json.loads(run("key", "list", "--json", "--data", data).stdout) if key["name"] == "ci")
    assert key["state"] == "revoked"


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("key", "create", "--name", "n", "--allow", "fly"), "fly"),
        (("key", "create", "--name", "n", "--feed", "none"), "none"),
        (("key", "revoke", "key-none"), "key-none"),
        (("feed", "create", "UPPER"), "UPPER"),
        (("feed", "create", "default"), "already"),
        (("feed", "create", "f", "min_age=7d"), "not implemented yet"),
        (("feed", "set", "none", "delete=unlist"), "none"),
        (("feed", "set", "default", "colour=red"), "colour"),
        (("feed", "show", "none"), "none"),
        (("unlist", "Acme.None", "1.0.0"), "does not exist"),
        (("relist", "Acme.None", "not a version"), "not a version"),
        (("delete", "Acme.None", "1.0.0"), "does not exist"),
        (("restore-version", "Acme.None", "1.0.0"), "does not exist"),
        (("lock", "Acme.None"), "Acme.None"),
        (("unlock", "Acme.None", "--feed", "none"), "none"),
        (("lock", "no id"), "no id"),
        (("push", "/no/such.nupkg"), "/no/such.nupkg"),
        (("check", "/no/such.nupkg"), "/no/such.nupkg"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_refusal_is_its_sentence_and_ends_with_1(data, arguments, word):
    assert_refused(run(*arguments, "--data", data), word)


def test_feeds_are_made_changed_and_shown(data):
    assert run("feed", "create", "team", "max_package_size=1MB", "--data", data).returncode == 0
    assert run("feed", "set", "team", "max_package_size=2MB", "delete=unlist", "--data", data).returncode == 0
    assert run("feed", "list", "--data", data).stdout.split() == ["default", "team"]
    shown = json.loads(run("feed", "show", "team", "--json", "--data", data).stdout)
    assert shown["service_index"] == "/feeds/team/v3/index.json"
    assert shown["settings"]["max_package_size"] == "2MB"
    assert "max_package_size" in run("feed", "show", "default", "--data", data).stdout


def test_a_feed_is_given_a_title_a_text_and_a_logo(data, tmp_path):
    logo = tmp_path / "logo.png"
    logo.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(4_192))
    words = ("title=Build tools", "about=What our pipelines restore.")
    assert run("feed", "create", "team", *words, f"logo=@{logo}", "--data", data).returncode == 0
    shown = json.loads(run("feed", "show", "team", "--json", "--data", data).stdout)["settings"]
    told = ("Build tools", "What our pipelines restore.", "image/png, 4,200 bytes")
    assert (shown["title"], shown["about"], shown["logo"]) == told
    assert "image/png, 4,200 bytes" in run("feed", "show", "team", "--data", data).stdout
    assert run("feed", "set", "team", "logo=", "--data", data).returncode == 0
    assert json.loads(run("feed", "show", "team", "--json", "--data", data).stdout)["settings"]["logo"] == ""


def test_what_is_no_picture_is_no_logo(data, tmp_path):
    text = tmp_path / "logo.svg"
    text.write_text("<svg/>")
    assert_refused(run("feed", "set", "default", f"logo=@{text}", "--data", data), "is not a PNG or JPEG")
    assert_refused(run("feed", "set", "default", f"logo=@{tmp_path / 'none.png'}", "--data", data), "cannot be read")


def test_new_feeds_begin_with_the_servers_defaults(data):
    environment = {"MOTHERLODE_FEED_MAX_PACKAGE_SIZE": "3MB"}
    assert run("feed", "create", "team", "--data", data, **environment).returncode == 0
    assert (
        json.loads(run("feed", "show", "team", "--json", "--data", data).stdout)["settings"]["max_package_size"]
        == "3MB"
    )


def test_packages_are_pushed_unlisted_and_relisted(data, tmp_path):
    folder = tmp_path / "built" / "deep"
    folder.mkdir(parents=True)
    (folder / "b.nupkg").write_bytes(nupkg("Acme.B", "1.0"))
    (folder / "a.NUPKG").write_bytes(nupkg("Acme.A", "2.0.0-beta"))
    (folder / "readme.txt").write_text("no package")
    done = run("push", tmp_path / "built", "--data", data)
    assert (done.returncode, done.stdout) == (0, "pushed Acme.A 2.0.0-beta\npushed Acme.B 1.0.0\n")
    done = run("unlist", "acme.b", "1.0.0.0", "--data", data)
    assert (done.returncode, done.stdout) == (0, "unlisted acme.b 1.0.0\n")
    assert run("relist", "Acme.B", "1", "--data", data).returncode == 0


def test_each_package_is_pushed_or_refused_for_itself(data, tmp_path):
    good, bad = tmp_path / "good.nupkg", tmp_path / "bad.nupkg"
    good.write_bytes(nupkg("Acme.A", "1.0.0"))
    bad.write_bytes(b"no zip")
    done = run("push", bad, good, "--data", data)
    assert (done.returncode, done.stdout) == (1, "pushed Acme.A 1.0.0\n")
    assert str(bad) in done.stderr
    done = run("push", good, bad, "--json", "--data", data)
    assert done.returncode == 1
    again, broken = json.loads(done.stdout)
    assert (again["code"], broken["code"]) == ("package-exists", "package-invalid")
    assert broken["faults"]


def test_a_push_tells_what_is_to_be_mended(data, tmp_path):
    package = tmp_path / "a.nupkg"
    package.write_bytes(nupkg("Acme.A"))
    done = run("push", package, "--data", data)
    assert (done.returncode, done.stdout) == (0, "pushed Acme.A 1.0.0\n")
    assert f"{package}: warning: The package has no readme. Pack a README.md" in done.stderr


def test_packages_are_checked_and_none_is_stored(data, tmp_path):
    good, bad = tmp_path / "good.nupkg", tmp_path / "bad.nupkg"
    good.write_bytes(nupkg("Acme.A"))
    bad.write_bytes(nupkg("Acme.B", description="", title="t" * 300))
    done = run("check", good, bad, "--data", data)
    first, second = done.stdout.split(f"{bad}: ")
    assert (done.returncode, done.stderr) == (1, "")
    assert first.startswith(f"{good}: Acme.A 1.0.0 would be accepted\n  warning: ")
    assert second.startswith("would be refused\n  fault: ")
    faults, warnings = second.count("  fault: "), second.count("  warning: ")
    assert faults == 2
    assert warnings > 0
    assert second.rindex("  fault: ") < second.index("  warning: ")
    assert "(description-missing)" in second
    assert run("check", good, "--data", data).returncode == 0
    assert run("push", good, "--data", data).returncode == 0
    assert (
        f"{good}: Acme.A 1.0.0 would be refused\n  fault: Acme.A 1.0.0 already"
        in run("check", good, "--data", data).stdout
    )


def test_a_check_answers_a_machine_as_the_server_does(data, tmp_path):
    run("feed", "create", "attic", "strictness=lenient", "--data", data)
    package = tmp_path / "a.nupkg"
    package.write_bytes(nupkg("Acme.A", description=""))
    (strict,) = json.loads(run("check", package, "--json", "--data", data).stdout)
    (lenient,) = json.loads(run("check", tmp_path, "--feed", "attic", "--json", "--data", data).stdout)
    assert (strict["file"], strict["is_valid"], strict["status"]) == (str(package), False, 400)
    assert [fault["code"] for fault in strict["faults"]] == ["description-missing"]
    assert (lenient["is_valid"], lenient["identity"]) == (True, {"id": "Acme.A", "version": "1.0.0"})
    assert "description-missing" in [warning["code"] for warning in lenient["warnings"]]


def test_a_symbols_package_is_told_that_none_is_taken_yet(data, tmp_path):
    symbols = tmp_path / "a.snupkg"
    symbols.write_bytes(nupkg(more='<packageTypes><packageType name="SymbolsPackage" /></packageTypes>'))
    done = run("check", symbols, "--data", data)
    assert done.returncode == 1
    assert "does not support symbols packages" in done.stdout


def test_a_check_for_a_feed_that_is_not_there_is_refused(data, tmp_path):
    (tmp_path / "a.nupkg").write_bytes(nupkg())
    assert_refused(run("check", tmp_path, "--feed", "none", "--data", data), "none")


def test_what_packages_are_held_to_can_be_set(data, tmp_path):
    package = tmp_path / "a.nupkg"
    package.write_bytes(nupkg("Acme.A", title="A title of eleven"))
    (data / "motherlode.toml").write_text("[packages]\nmax_title_length = 10\n")
    assert "at most 10 are allowed" in run("check", package, "--data", data).stdout
    assert run("check", package, "--data", data, MOTHERLODE_PACKAGES_MAX_TITLE_LENGTH="17").returncode == 0


def test_a_folder_without_packages_is_refused(data, tmp_path):
    (tmp_path / "empty").mkdir()
    assert_refused(run("push", tmp_path / "empty", "--data", data), "does not contain a .nupkg")


def test_settings_are_shown_with_where_they_came_from(tmp_path):
    (tmp_path / "motherlode.toml").write_text("[server]\nport = 1234\n")
    environment = {"MOTHERLODE_SERVER_WORKERS": "3", "MOTHERLODE_BOOTSTRAP_KEY": "secret-secret-secret"}
    done = run("config", "show", "--json", "--data", tmp_path, **environment)
    assert "secret-secret" not in done.stdout
    origins = {each["name"]: (each["value"], each["origin"]) for each in json.loads(done.stdout)}
    assert origins["server.port"] == ("1234", str(tmp_path / "motherlode.toml"))
    assert origins["server.workers"] == ("3", "MOTHERLODE_SERVER_WORKERS")
    assert origins["server.host"] == ("127.0.0.1", "default")
    assert origins["bootstrap_key"][1] == "MOTHERLODE_BOOTSTRAP_KEY"
    assert "server.port" in run("config", "show", "--data", tmp_path).stdout


def test_an_unknown_variable_is_warned_about_on_standard_error(tmp_path):
    done = run("config", "show", "--data", tmp_path, MOTHERLODE_SERVER_PROT="1")
    assert done.returncode == 0
    assert "MOTHERLODE_SERVER_PROT" in done.stderr


def test_commands_bind_the_next_request_of_a_running_server(serve):
    server = serve(workers=2)
    key = run("key", "create", "--name", "ci", "--data", server.data).stdout.strip()
    assert server.push(nupkg("Acme.A", "1.0.0"), key=key).status == 201
    assert run("feed", "set", "default", "max_package_size=10B", "--data", server.data).returncode == 0
    assert server.push(nupkg("Acme.A", "1.0.1"), key=key).status == 413
    assert run("feed", "set", "default", "max_package_size=1MB", "--data", server.data).returncode == 0
    assert run("feed", "create", "team", "--data", server.data).returncode == 0
    assert server.push(nupkg("Acme.A", "1.0.0"), feed="/feeds/team", key=key).status == 201
    (key_id,) = (
        each["id"]
        for each in json.loads(run("key", "list", "--json", "--data", server.data).stdout)
        if each["name"] == "ci"
    )
    assert run("key", "revoke", key_id, "--data", server.data).returncode == 0
    assert {server.push(nupkg("Acme.A", "2.0.0"), key=key).status for _ in range(6)} == {403}
