"""Under which address a request reached us, and what of it can be believed."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motherlode.web.site import Sites

LOCAL = ("127.0.0.1", 5555)
PROXY = "10.0.0.1"
TRUSTED = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]

FORWARDED = {"x_forwarded_proto": "https", "x_forwarded_host": "nuget.example", "x_forwarded_prefix": "/packages"}

direct = Sites(None, [])
proxied = Sites(None, TRUSTED)


def request(host=None, *, client="192.0.2.7", server=LOCAL, scheme="http", **headers):
    """An ASGI scope; header names with `_` for `-`."""
    named = {"host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in named.items() if value is not None]
    return {"type": "http", "scheme": scheme, "headers": pairs, "client": (client, 40000), "server": server}


class TestHost:
    """Every absolute address is built from `server.public_url` when set, else from the request."""

    @pytest.mark.parametrize(
        ("host", "root"),
        [
            ("localhost:5555", "http://localhost:5555"),
            ("LocalHost:5555", "http://localhost:5555"),
            ("127.0.0.1:5555", "http://127.0.0.1:5555"),
            ("[::1]:5555", "http://[::1]:5555"),
        ],
    )
    def test_the_connections_own_address_is_checked(self, host, root):
        site = direct.of(request(host))
        assert (site.root, site.prefix, site.is_checked) == (root, "", True)

    @pytest.mark.parametrize(
        "host", ["nuget.example", "nuget.example:8080", "localhost", "localhost:1", "127.0.0.1.evil"]
    )
    def test_any_other_host_is_answered_with_but_not_checked(self, host):
        site = direct.of(request(host))
        assert (site.root, site.is_checked) == (f"http://{host}", False)

    @pytest.mark.parametrize(
        "host",
        [
            *("", " ", "a b", "a/b", "evil.example/path", "user@evil.example", "a?b", "a#b", 'a"b', "<script>", "a\\b"),
            *("a:b", "a:123456", "a:", ":80", "[::1", "[::1]x", "[zz::]", "ä.example", "a,b", "x" * 254, "a%2fb"),
        ],
    )
    def test_a_host_that_is_none_is_replaced_by_the_connections_address(self, host):
        site = direct.of(request(host))
        assert (site.root, site.is_checked) == ("http://127.0.0.1:5555", True)

    def test_a_client_that_sends_no_host_gets_the_connections_address(self):
        assert direct.of(request()).root == "http://127.0.0.1:5555"
        assert direct.of(request(server=("::1", 5555))).root == "http://[::1]:5555"
        assert direct.of(request(server=("127.0.0.1", None))).root == "http://127.0.0.1"
        assert direct.of(request() | {"server": None, "client": None}).root == "http://127.0.0.1:80"

    @given(st.text(st.characters(max_codepoint=255), max_size=60))
    def test_no_host_breaks_out_of_its_place_in_an_address(self, host):
        root = direct.of(request(host)).root
        rest = root.removeprefix("http://")
        assert rest != root
        assert not set(rest) & set("/\\?#@\"'<>& \r\n\t%")

    def test_the_scheme_is_the_connections(self):
        assert direct.of(request("localhost:5555", scheme="https")).root == "https://localhost:5555"


class TestPublicUrl:
    """A base is checked when no stranger can choose it."""

    def test_it_wins_over_everything(self):
        site = Sites("https://nuget.example/packages/", TRUSTED).of(
            request("evil.example", client=PROXY, x_forwarded_host="evil.example", x_forwarded_prefix="/evil")
        )
        assert (site.root, site.prefix, site.is_checked) == ("https://nuget.example/packages", "/packages", True)

    def test_without_a_path_it_has_no_prefix(self):
        site = Sites("https://nuget.example", []).of(request("evil.example"))
        assert (site.root, site.prefix) == ("https://nuget.example", "")


class TestForwarded:
    """Forwarded headers count only from trusted proxies."""

    def test_from_a_trusted_proxy_they_make_the_address(self):
        site = proxied.of(request("backend:5555", client=PROXY, x_forwarded_for="198.51.100.9", **FORWARDED))
        assert (site.root, site.prefix) == ("https://nuget.example/packages", "/packages")
        assert site.client == "198.51.100.9"
        assert not site.is_checked

    @pytest.mark.parametrize("sites", [direct, proxied], ids=["no proxies", "other proxies"])
    def test_from_anybody_else_they_say_nothing(self, sites):
        site = sites.of(request("localhost:5555", x_forwarded_for="198.51.100.9", **FORWARDED))
        assert (site.root, site.prefix, site.client) == ("http://localhost:5555", "", "192.0.2.7")
        assert site.is_checked

    def test_a_proxy_of_ours_that_says_nothing_of_the_host_passes_it_on(self):
        assert proxied.of(request("nuget.example", client=PROXY)).root == "http://nuget.example"

    @pytest.mark.parametrize(
        "headers",
        [
            {"x_forwarded_proto": "javascript"},
            {"x_forwarded_host": "a/b"},
            {"x_forwarded_host": "a b"},
            {"x_forwarded_prefix": "packages"},
            {"x_forwarded_prefix": "//evil.example"},
            {"x_forwarded_prefix": "/a?b"},
            {"x_forwarded_prefix": '/a"b'},
            {"x_forwarded_prefix": "/"},
            {"x_forwarded_prefix": ""},
        ],
        ids=str,
    )
    def test_what_is_no_scheme_host_or_prefix_is_left_out(self, headers):
        site = proxied.of(request("nuget.example", client=PROXY, **headers))
        assert (site.root, site.prefix) == ("http://nuget.example", "")

    def test_of_a_list_the_first_counts_and_a_slash_at_the_end_does_not(self):
        headers = {
            "x_forwarded_proto": "https, http",
            "x_forwarded_host": "a.example, b",
            "x_forwarded_prefix": "/x/y/",
        }
        assert proxied.of(request("c", client=PROXY, **headers)).root == "https://a.example/x/y"

    @pytest.mark.parametrize(
        ("forwarded_for", "client"),
        [
            (None, PROXY),
            ("", PROXY),
            ("198.51.100.9", "198.51.100.9"),
            ("1.1.1.1, 198.51.100.9", "198.51.100.9"),
            ("198.51.100.9, 10.2.2.2", "198.51.100.9"),
            ("6.6.6.6, 198.51.100.9, 10.2.2.2, fd00::1", "198.51.100.9"),
            ("10.3.3.3, 10.2.2.2", "10.3.3.3"),
            ("junk", "junk"),
            ("x" * 500, "x" * 100),
        ],
        ids=str,
    )
    def test_the_client_is_the_last_address_that_is_no_proxy_of_ours(self, forwarded_for, client):
        """Before it, anybody may have written anything."""
        assert proxied.of(request("a", client=PROXY, x_forwarded_for=forwarded_for)).client == client

    def test_a_peer_without_an_address_is_nobody(self):
        assert proxied.of(request("a", client="unix")).client == "unix"
        assert proxied.of(request("a") | {"client": None}).client == ""

    def test_a_proxy_that_comes_in_over_a_socket_of_both_families_is_the_same_proxy(self):
        """Such a socket shows 10.0.0.1 as ::ffff:10.0.0.1."""
        assert proxied.of(request("a", client="::ffff:10.0.0.1", **FORWARDED)).root == "https://nuget.example/packages"
