"""Under which address a request reached us, and what of it can be believed."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motherlode.web.base_url import BaseUrls, has_one_host

LOCAL = ("127.0.0.1", 5555)
PROXY = "10.0.0.1"
TRUSTED = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]

FORWARDED = {"x_forwarded_proto": "https", "x_forwarded_host": "nuget.example", "x_forwarded_prefix": "/packages"}

direct = BaseUrls(None, [])
proxied = BaseUrls(None, TRUSTED)


def request(host=None, *, client="192.0.2.7", server=LOCAL, scheme="http", **headers):
    """An ASGI scope; header names with `_` for `-`, several lines as a list."""
    named = {"host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
    pairs = [
        (name.encode(), line.encode("latin-1"))
        for name, value in named.items()
        if value is not None
        for line in ([value] if isinstance(value, str) else value)
    ]
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
            *("a:0", "a:65536", "a..b", ".a", "[:::]", "[1.2.3.4]", "[::1%1]", "localhost:5555\n"),
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
        site = BaseUrls("https://nuget.example/packages/", TRUSTED).of(
            request("evil.example", client=PROXY, x_forwarded_host="evil.example", x_forwarded_prefix="/evil")
        )
        assert (site.root, site.prefix, site.is_checked) == ("https://nuget.example/packages", "/packages", True)

    def test_without_a_path_it_has_no_prefix(self):
        site = BaseUrls("https://nuget.example", []).of(request("evil.example"))
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

    def test_a_slash_at_the_end_of_a_prefix_does_not_count(self):
        assert proxied.of(request("c", client=PROXY, x_forwarded_prefix="/x/y/")).root == "http://c/x/y"

    @pytest.mark.parametrize("lists", [", ", None], ids=["appended to the line", "a line of its own"])
    @pytest.mark.parametrize(
        ("forwarded_for", "expected"),
        [
            ([], "http://good.example/good"),
            (["198.51.100.9"], "http://good.example/good"),
            (["6.6.6.6", "198.51.100.9"], "http://good.example/good"),
            (["198.51.100.9", "10.0.0.2"], "https://evil.example/evil"),
        ],
        ids=["no client", "one proxy", "one proxy, and a stranger's entry", "two proxies"],
    )
    def test_of_several_values_that_of_the_outermost_trusted_proxy_counts(self, lists, forwarded_for, expected):
        """With two proxies of ours the second value from the end is the outer one's."""

        def lines(*values):
            return [lists.join(values)] if lists and values else list(values)

        site = proxied.of(
            request(
                "c",
                client=PROXY,
                x_forwarded_for=lines(*forwarded_for),
                x_forwarded_proto=lines("https", "http"),
                x_forwarded_host=lines("evil.example", "good.example"),
                x_forwarded_prefix=lines("/evil", "/good"),
            )
        )
        assert site.root == expected

    def test_a_proxy_that_replaces_what_others_wrote_is_believed(self):
        headers = {"x_forwarded_for": "198.51.100.9, 10.0.0.2, 10.0.0.3", "x_forwarded_proto": "https"}
        assert proxied.of(request("c", client=PROXY, **headers)).root == "https://c"

    @pytest.mark.parametrize(
        ("host", "port", "root"),
        [
            ("a.example", "8443", "https://a.example:8443"),
            ("a.example", "443", "https://a.example"),
            ("a.example", "80", "https://a.example:80"),
            ("a.example:1234", "8443", "https://a.example:1234"),
            ("[2001:db8::1]", "8443", "https://[2001:db8::1]:8443"),
            ("[2001:db8::1]:81", "8443", "https://[2001:db8::1]:81"),
            ("a.example", "1, 8443", "https://a.example:8443"),
            *(("a.example", port, "https://a.example") for port in ("", "0", "65536", "-1", "8443x", "8 443", "１")),
        ],
    )
    def test_a_port_completes_a_host_that_has_none(self, host, port, root):
        port = port.encode().decode("latin-1")
        headers = {"x_forwarded_proto": "https", "x_forwarded_port": port}
        assert proxied.of(request(host, client=PROXY, **headers)).root == root
        assert proxied.of(request("c", client=PROXY, x_forwarded_host=host, **headers)).root == root

    @pytest.mark.parametrize("lists", [True, False], ids=["one line", "a line each"])
    @pytest.mark.parametrize(
        ("forwarded_for", "client"),
        [
            ([], PROXY),
            ([""], PROXY),
            (["198.51.100.9"], "198.51.100.9"),
            (["1.1.1.1", "198.51.100.9"], "198.51.100.9"),
            (["198.51.100.9", "10.2.2.2"], "198.51.100.9"),
            (["6.6.6.6", "198.51.100.9", "10.2.2.2", "fd00::1"], "198.51.100.9"),
            (["10.3.3.3", "10.2.2.2"], "10.3.3.3"),
            (["6.6.6.6", "198.51.100.9:4711"], "198.51.100.9"),
            (["6.6.6.6", "2001:DB8::1"], "2001:db8::1"),
            (["6.6.6.6", "[2001:db8::1]:443"], "2001:db8::1"),
            (["6.6.6.6", "[2001:db8::1]"], "2001:db8::1"),
            (["6.6.6.6", "::ffff:198.51.100.9"], "198.51.100.9"),
            (["198.51.100.9", "::ffff:10.0.0.1"], "198.51.100.9"),
        ],
        ids=str,
    )
    def test_the_client_is_the_last_address_that_is_no_proxy_of_ours(self, lists, forwarded_for, client):
        """Before it, anybody may have written anything."""
        sent = ", ".join(forwarded_for) if lists else forwarded_for
        assert proxied.of(request("a", client=PROXY, x_forwarded_for=sent)).client == client

    @pytest.mark.parametrize(
        "entry",
        [
            "junk",
            "unknown",
            "x" * 500,
            "1.2.3",
            "1.2.3.4.5",
            "01.2.3.4",
            "1.2.3.4:",
            "fe80::1%eth0",
            "1.2.3.4/8",
            '"1.2.3.4"',
        ],
    )
    def test_what_is_no_address_hides_all_that_stands_before_it(self, entry):
        """The client is then the last proxy that can be believed."""
        for sent, client in ((entry, PROXY), (f"6.6.6.6, {entry}", PROXY), (f"6.6.6.6, {entry}, 10.2.2.2", "10.2.2.2")):
            assert proxied.of(request("a", client=PROXY, x_forwarded_for=sent)).client == client

    def test_a_peer_without_an_address_is_nobody(self):
        assert proxied.of(request("a", client="unix")).client == "unix"
        assert proxied.of(request("a") | {"client": None}).client == ""

    def test_a_proxy_that_comes_in_over_a_socket_of_both_families_is_the_same_proxy(self):
        """Such a socket shows 10.0.0.1 as ::ffff:10.0.0.1."""
        assert proxied.of(request("a", client="::ffff:10.0.0.1", **FORWARDED)).root == "https://nuget.example/packages"


class TestForwardedOfTheRfc:
    """`Forwarded` (RFC 7239): one list over all its lines, each element of it written by one proxy."""

    @pytest.mark.parametrize(
        ("lines", "root", "client"),
        [
            (["for=192.0.2.60;proto=https;by=203.0.113.43"], "https://c", "192.0.2.60"),
            (['For="[2001:db8:cafe::17]:4711"'], "http://c", "2001:db8:cafe::17"),
            (['for="192.0.2.43:47011";host="a.example:8443";proto=HTTPS'], "https://a.example:8443", "192.0.2.43"),
            (['FOR="192.0.2.43:_http";Host=a.example'], "http://a.example", "192.0.2.43"),
            (["for=6.6.6.6;host=evil.example, for=192.0.2.43;host=a.example"], "http://a.example", "192.0.2.43"),
            (["for=6.6.6.6;host=evil.example", "for=192.0.2.43"], "http://c", "192.0.2.43"),
            (["for=192.0.2.43;host=a.example;proto=https, for=10.0.0.2;host=b"], "https://a.example", "192.0.2.43"),
            (["for=192.0.2.43;host=a.example", 'for="[fd00::1]"'], "http://a.example", "192.0.2.43"),
            (["for=unknown;host=a.example"], "http://a.example", PROXY),
            (["for=6.6.6.6, for=_hidden;proto=https"], "https://c", PROXY),
            (["for=192.0.2.43, for=_SEVKISEK, for=10.0.0.2"], "http://c", "10.0.0.2"),
            (['for="192.0.2.\\43";host="a\\.example"'], "http://a.example", "192.0.2.43"),
            (['for=192.0.2.43;ext="a, b; for=6.6.6.6;host=evil.example"'], "http://c", "192.0.2.43"),
            ([" , for=192.0.2.43 ; proto=https ,, "], "https://c", "192.0.2.43"),
            ([";;for=192.0.2.43;;"], "http://c", "192.0.2.43"),
            (['host="";for=192.0.2.43;proto="http"'], "http://c", "192.0.2.43"),
        ],
        ids=str,
    )
    def test_the_element_of_the_outermost_trusted_proxy_counts(self, lines, root, client):
        site = proxied.of(request("c", client=PROXY, forwarded=lines))
        assert (site.root, site.client, site.is_checked) == (root, client, False)

    @pytest.mark.parametrize(
        "line",
        [
            'for="192.0.2.43',
            "for=192.0.2.43;for=6.6.6.6",
            "for=192.0.2.43;FOR=6.6.6.6",
            "for = 192.0.2.43",
            "for",
            "=192.0.2.43",
            "for=",
            "for=[2001:db8::1]",
            "for=192.0.2.43:80",
            'for="192.0.2.43"x',
            "for=192.0.2.43 host=evil.example",
            "for=192.0.2.43/",
            'for="192.0.2.43\\"',
            "for=ä",
        ],
    )
    def test_a_line_that_is_not_valid_says_nothing_and_hides_what_stands_before_it(self, line):
        for lines in ([line], ["for=6.6.6.6;host=evil.example", line], [f"for=6.6.6.6;host=evil.example, {line}"]):
            site = proxied.of(request("c", client=PROXY, forwarded=lines))
            assert (site.root, site.client) == ("http://c", PROXY)

    def test_a_strangers_open_quote_does_not_swallow_the_line_of_a_proxy(self):
        site = proxied.of(request("c", client=PROXY, forwarded=['for=6.6.6.6;x="', 'for=192.0.2.43;host="a.example"']))
        assert (site.root, site.client) == ("http://a.example", "192.0.2.43")

    @pytest.mark.parametrize(
        "node",
        ["192.0.2.043", "192.0.2.256", "[2001:db8::1", "2001:db8::1", "[fe80::1%1]", "_", "a.example", "1.2.3.4:x"],
    )
    def test_a_node_that_is_no_address_names_nobody(self, node):
        site = proxied.of(request("c", client=PROXY, forwarded=f'for=6.6.6.6, for="{node}";proto=https'))
        assert (site.root, site.client) == ("https://c", PROXY)

    @pytest.mark.parametrize("name", ["for", "proto", "host", "port"])
    def test_it_counts_only_without_x_forwarded(self, name):
        """A proxy that writes X-Forwarded-* may pass on the Forwarded of a stranger."""
        told = {"for": "192.0.2.43", "proto": "https", "host": "a.example", "port": "1"}[name]
        headers = {f"x_forwarded_{name}": told, "forwarded": "for=6.6.6.6;host=evil.example"}
        site = proxied.of(request("c", client=PROXY, **headers))
        assert "evil" not in site.root
        assert site.client != "6.6.6.6"

    def test_a_prefix_stands_beside_it(self):
        headers = {"forwarded": "for=192.0.2.43;proto=https", "x_forwarded_prefix": "/evil, /x"}
        assert proxied.of(request("c", client=PROXY, **headers)).root == "https://c/x"

    def test_from_anybody_else_it_says_nothing(self):
        site = proxied.of(request("localhost:5555", forwarded="for=6.6.6.6;host=evil.example;proto=https"))
        assert (site.root, site.client, site.is_checked) == ("http://localhost:5555", "192.0.2.7", True)

    @given(st.lists(st.text(st.sampled_from('for=host;,"\\ 10.2[]:_xé'), max_size=40), max_size=3))
    def test_no_text_breaks_anything_or_out_of_its_place(self, lines):
        site = proxied.of(request("c", client=PROXY, forwarded=lines, x_forwarded_prefix=lines))
        assert not set(site.root.removeprefix("http://")) & set("\\?#@\"'<>& \r\n\t%,;")
        assert site.client


class TestSeveralHosts:
    """A request with two Host headers is of no known site, and is answered by no memory."""

    @pytest.mark.parametrize(
        "sites", [direct, BaseUrls("https://nuget.example", [])], ids=["no address", "public address"]
    )
    def test_it_is_never_known(self, sites):
        twice = request(["localhost:5555", "localhost:5555"])
        assert sites.asked_of(twice) is None
        assert not has_one_host(twice)
        assert has_one_host(request("localhost:5555"))
        assert has_one_host(request())
