"""Settings: one meaning from the file, the environment and the command line; all faults at once."""

import ipaddress
import pickle
from dataclasses import fields

import pytest

from motherlode.config import load_settings
from motherlode.domain.feed_settings import FEED_SETTINGS
from motherlode.domain.image_hosts import GALLERY_HOSTS
from motherlode.domain.refusals import InvalidSetting
from motherlode.nuget.limits import Limits
from motherlode.settings import SETTINGS


@pytest.fixture
def load(tmp_path):
    """Load settings from a file's text, an environment and a command line."""

    def load(toml="", environ=None, **options):
        (tmp_path / "motherlode.toml").write_text(toml, encoding="utf-8")
        return load_settings(environ or {}, data=tmp_path, **options)

    return load


def fault_texts(refusal):
    return [fault.message for fault in refusal.value.faults]


def origin_of(settings, name):
    (found,) = (each for each in settings.in_force if each.name == name)
    return found.value, found.origin


def test_the_defaults_are_those_of_the_public_face(load):
    settings = load()
    assert (settings.server.host, settings.server.port, settings.server.workers) == ("127.0.0.1", 5555, 1)
    assert settings.server.public_url is None
    assert settings.server.trusted_proxies == ()
    assert settings.feed.max_package_bytes == 262_144_000
    assert settings.packages == Limits()
    assert settings.bootstrap_key is None
    assert {each.origin for each in settings.in_force} == {"default", "--data"}


def test_the_data_folder_is_the_one_named_then_the_environments_then_the_usual(tmp_path):
    environ = {"MOTHERLODE_DATA": str(tmp_path / "a")}
    assert load_settings(environ, data=tmp_path / "b").data == tmp_path / "b"
    assert load_settings(environ).data == tmp_path / "a"
    assert str(load_settings({}).data) == "motherlode-data"


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(load):
    toml, environ = "[server]\nport = 1001\nhost = '::1'\nworkers = 2", {"MOTHERLODE_SERVER_PORT": "1002"}
    settings = load(toml, environ)
    assert (settings.server.port, settings.server.host) == (1002, "::1")
    assert origin_of(settings, "server.port") == ("1002", "MOTHERLODE_SERVER_PORT")
    assert origin_of(settings, "server.host")[1].endswith("motherlode.toml")
    settings = load(toml, environ, overrides={"server.port": "1003"})
    assert settings.server.port == 1003
    assert origin_of(settings, "server.port") == ("1003", "--port")


@pytest.mark.parametrize(("setting"), SETTINGS, ids=lambda setting: setting.full_name)
def test_file_and_environment_say_the_same_things(load, setting):
    from_file = load(f"[{setting.section}]\n{setting.name} = '{setting.default}'")
    from_environment = load(environ={setting.variable: setting.default})
    for section in ("server", "log", "cache", "limits", "packages", "feed"):
        assert getattr(from_file, section) == getattr(from_environment, section) == getattr(load(), section)


def test_values_are_what_they_say(load):
    settings = load(
        environ={
            "MOTHERLODE_SERVER_PUBLIC_URL": "https://example.com:8443/nuget/",
            "MOTHERLODE_SERVER_TRUSTED_PROXIES": "127.0.0.1, 10.1.2.3/8,::1",
            "MOTHERLODE_SERVER_STOP_TIMEOUT": "2m",
            "MOTHERLODE_LOG_FORMAT": "json",
            "MOTHERLODE_CACHE_MAX_BYTES": "1GB",
            "MOTHERLODE_FEED_MAX_PACKAGE_SIZE": "1MB",
            "MOTHERLODE_PACKAGES_MAX_INFLATED_BYTES": "2GB",
            "MOTHERLODE_PACKAGES_MAX_TITLE_LENGTH": "300",
            "MOTHERLODE_PACKAGES_NEWEST_CLIENT": "8.1",
        }
    )
    assert settings.server.public_url == "https://example.com:8443/nuget"
    assert settings.server.trusted_proxies == tuple(map(ipaddress.ip_network, ("127.0.0.1", "10.0.0.0/8", "::1")))
    assert (settings.server.stop_timeout_s, settings.cache.max_bytes) == (120, 1 << 30)
    assert settings.feed.max_package_bytes == 1 << 20
    assert (settings.packages.max_inflated_bytes, settings.packages.max_title_length) == (2 << 30, 300)
    assert settings.packages.newest_client.normalized == "8.1.0"


def test_everything_that_packages_are_held_to_can_be_set() -> None:
    """But for how many faults are told."""
    settable = {setting.field for setting in SETTINGS if setting.section == "packages"}
    assert settable == {each.name for each in fields(Limits)} - {"max_faults"}


def test_a_list_in_the_file_is_what_commas_are_in_the_environment(load):
    settings = load("[server]\ntrusted_proxies = ['127.0.0.1', '10.0.0.0/8']")
    assert settings.server.trusted_proxies == tuple(map(ipaddress.ip_network, ("127.0.0.1", "10.0.0.0/8")))


def test_hosts_of_images_are_names_in_any_casing(load):
    assert load().pages.image_hosts == frozenset()
    settings = load("[pages]\nimage_hosts = ['Img.Shields.io', 'a-b.example.com']")
    assert settings.pages.image_hosts == {"img.shields.io", "a-b.example.com"}


def test_gallery_is_the_list_of_hosts_that_the_gallery_trusts(load):
    assert load("[pages]\nimage_hosts = ['gallery']").pages.image_hosts == GALLERY_HOSTS
    assert load(environ={"MOTHERLODE_PAGES_IMAGE_HOSTS": "Gallery"}).pages.image_hosts == GALLERY_HOSTS
    both = load("[pages]\nimage_hosts = ['badges.example.com', 'gallery']").pages.image_hosts
    assert both == GALLERY_HOSTS | {"badges.example.com"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SERVER_HOST", ""),
        ("SERVER_HOST", "a b"),
        ("SERVER_HOST", "http://x"),
        ("SERVER_PORT", "65536"),
        ("SERVER_PORT", "-1"),
        ("SERVER_PORT", "http"),
        ("SERVER_WORKERS", "0"),
        ("SERVER_PUBLIC_URL", "example.com"),
        ("SERVER_PUBLIC_URL", "ftp://example.com"),
        ("SERVER_PUBLIC_URL", "https://example.com/?a=b"),
        ("SERVER_PUBLIC_URL", "https://example.com/#top"),
        ("SERVER_PUBLIC_URL", "https://user:secret@example.com"),
        ("SERVER_PUBLIC_URL", "https://example.com:0"),
        ("SERVER_PUBLIC_URL", "https://example.com//other.example"),
        ("SERVER_PUBLIC_URL", "https://example.com:99999"),
        ("SERVER_PUBLIC_URL", "https://exämple.com"),
        ("SERVER_TRUSTED_PROXIES", "localhost"),
        ("SERVER_TRUSTED_PROXIES", "10.0.0.0/33"),
        ("SERVER_STOP_TIMEOUT", "60"),
        ("LOG_FORMAT", "xml"),
        ("LOG_LEVEL", "loud"),
        ("CACHE_MAX_BYTES", "lots"),
        ("LIMITS_BODY_STALL", "0s"),
        ("PACKAGES_MAX_TITLE_LENGTH", "0"),
        ("PACKAGES_MAX_TITLE_LENGTH", "1KB"),
        ("PACKAGES_MAX_ENTRIES", "65535"),
        ("PACKAGES_MAX_EMBEDDED_BYTES", "2MB"),
        ("PACKAGES_MAX_INFLATED_BYTES", "lots"),
        ("PACKAGES_NEWEST_CLIENT", "latest"),
        ("PAGES_IMAGE_HOSTS", "https://img.shields.io"),
        ("PAGES_IMAGE_HOSTS", "*.example.com"),
        ("PAGES_IMAGE_HOSTS", "a.example.com; script-src *"),
        ("PAGES_IMAGE_HOSTS", "localhost"),
        ("PAGES_IMAGE_HOSTS", "galleries"),
        ("PAGES_IMAGE_HOSTS", "github.com/*/badge.svg"),
    ],
)
def test_a_fault_names_the_setting_the_value_and_what_is_allowed(load, name, value):
    with pytest.raises(InvalidSetting) as refusal:
        load(environ={f"MOTHERLODE_{name}": value})
    (fault,) = fault_texts(refusal)
    assert name.lower().replace("_", ".", 1) in fault
    assert repr(value) in fault
    assert f"MOTHERLODE_{name}" in fault
    assert "allowed:" in fault


def test_all_faults_are_reported_at_once(load):
    with pytest.raises(InvalidSetting) as refusal:
        load(
            "[server]\nport = 'x'\nprot = 1\n[colours]\nsky = 'blue'\n[feed]\noverwrite = 'sometimes'",
            {"MOTHERLODE_LOG_LEVEL": "loud", "MOTHERLODE_BOOTSTRAP_KEY": "short"},
        )
    faults = fault_texts(refusal)
    assert len(faults) == 6
    assert all(any(name in fault for fault in faults) for name in ("port", "prot", "sky", "overwrite", "level", "KEY"))
    assert all(fault in str(refusal.value) for fault in faults)


@pytest.mark.parametrize(
    "toml", ["port = 1", "[server.port]\nx = 1", "[server]\nport = 1.5", "[server", "[server]\nport=[1]"]
)
def test_a_file_of_another_shape_is_at_fault(load, toml):
    with pytest.raises(InvalidSetting):
        load(toml)


def test_a_file_that_is_named_must_be_there_and_the_usual_one_need_not(tmp_path):
    assert load_settings({}, data=tmp_path).server.port == 5555
    with pytest.raises(InvalidSetting, match="Use a file that exists"):
        load_settings({"MOTHERLODE_CONFIG": str(tmp_path / "missing.toml")}, data=tmp_path)


def test_a_file_that_is_no_text_is_at_fault(tmp_path):
    (tmp_path / "motherlode.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidSetting, match="not a valid TOML file"):
        load_settings({}, data=tmp_path)


def test_unknown_variables_of_ours_are_warned_about(load):
    settings = load(
        environ={
            "MOTHERLODE_SERVER_PROT": "1",
            "MOTHERLODE_PACKAGES": "/x",
            "MOTHERLODE_TEST_ANYTHING": "1",
            "MOTHERLODE_CRASH_AT": "nowhere",
            "PATH": "/bin",
        }
    )
    (warning,) = settings.warnings
    assert "MOTHERLODE_SERVER_PROT" in warning


@pytest.mark.parametrize("key", ["a" * 16, "!~" * 512])
def test_a_bootstrap_key_is_any_visible_ascii(load, key):
    settings = load(environ={"MOTHERLODE_BOOTSTRAP_KEY": key})
    assert settings.bootstrap_key == key
    assert key not in repr(settings)


def test_an_empty_bootstrap_key_is_none(load):
    """Compose files pass an empty variable on for one that is not set."""
    assert load(environ={"MOTHERLODE_BOOTSTRAP_KEY": ""}).bootstrap_key is None


@pytest.mark.parametrize("key", ["a" * 15, "a" * 1025, "a" * 15 + " ", "a" * 15 + "é", "a" * 16 + "\n"])
def test_a_bootstrap_key_of_another_form_is_at_fault_and_not_repeated(load, key):
    with pytest.raises(InvalidSetting) as refusal:
        load(environ={"MOTHERLODE_BOOTSTRAP_KEY": key})
    assert "16 to 1024" in str(refusal.value)
    assert not key or key not in str(refusal.value)


@pytest.mark.parametrize("name", [name for name, setting in FEED_SETTINGS.items() if setting.field is None])
def test_a_feed_default_that_is_not_built_yet_takes_its_default_only(load, name):
    default = FEED_SETTINGS[name].default
    assert origin_of(load(f"[feed]\n{name} = '{default}'"), f"feed.{name}")[0] == default
    with pytest.raises(InvalidSetting, match="is not implemented yet"):
        load(f"[feed]\n{name} = 'soft'")


def test_settings_reach_another_process_whole(load):
    settings = load(environ={"MOTHERLODE_SERVER_TRUSTED_PROXIES": "::1"})
    assert pickle.loads(pickle.dumps(settings)) == settings
