"""Real clients and a private feed, over https with a private certificate authority: who signs in restores and pushes,
by each way a client knows; everybody else is told why not, and the client ends.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from motherlode.identity.keys import NewKey
from motherlode.usecases.keys.api_keys import create_key, revoke_key
from tests.clients.client import Outcome, User, assert_refused, done
from tests.clients.test_nuget2 import RELATIONSHIPS
from tests.protocol.feeds import create_feed
from tests.protocol.live_changes import add_key, add_user, change
from tests.support.builders import flawless, nupkg
from tests.support.https import Authority, HttpsServer, start_https_server

FEED = "/feeds/contoso"
VARIABLE = "NuGetPackageSourceCredentials_local"
NOT_COVERED = "This API key does not cover the id Fabrikam.Gears, only Contoso.*. Use one that covers it."
KEY_REFUSED = "The API key is unknown, expired or revoked. Check it"
KEY_NEEDED = "An API key is required. Send it in the X-NuGet-ApiKey header (dotnet nuget: --api-key KEY)."
EXPIRES = "The API key 'of a test' (key-"
UNAUTHORIZED = "Response status code does not indicate success: 401 (Unauthorized)."
NOT_FOUND = "Response status code does not indicate success: 404 (Not Found)."

Login = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Place:
    """A server whose feed `contoso` is private: alice publishes there, mallory has a password and no role. Of the keys
    `reading` may read, `pushing` may push Contoso.*, `both` may do both, and ends in three days."""

    server: HttpsServer
    alice: str
    mallory: str
    reading: str
    pushing: str
    both: str

    def address(self, path: str = "/v3/index.json") -> str:
        """An address of the feed; by name, because mono knows no hosts by number."""
        return f"https://localhost:{self.server.port}{FEED}{path}"

    def stored(self, package_id: str, version: str = "1.0.0") -> bytes | None:
        """The package as the server has it."""
        name = f"{package_id}/{version}/{package_id}.{version}.nupkg".lower()
        answer = self.server.request(
            "GET", f"{FEED}/v3/flat/{name}", headers={"Authorization": f"Bearer {self.reading}"}
        )
        return answer.body if answer.status == 200 else None

    def login(self, who: str) -> Login:
        """Name and password, by what they are: who signs in with a key may call himself as he likes."""
        return {
            "alice": ("alice", self.alice),
            "key": ("whoever", self.reading),
            "wrong password": ("alice", self.mallory),
            "unknown key": ("alice", "mlk_unknown"),
            "no role": ("mallory", self.mallory),
            "key without read": ("alice", self.pushing),
        }[who]


@pytest.fixture(scope="module")
def place(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One server for the module; each test pushes ids of its own."""
    data = tmp_path_factory.mktemp("private") / "data"
    server = start_https_server(authority, data=data, environment=authority.issue("private").settings)
    try:
        create_feed(server, "contoso", "read=authenticated")
        alice, mallory = add_user(server, "alice", contoso="publisher"), add_user(server, "mallory")
        reading = add_key(server, "alice", rights=["read"])
        pushing = add_key(server, "alice", rights=["push"], globs=["Contoso.*"])
        both = add_key(server, "alice", rights=["read", "push"], globs=["Contoso.*"], lifetime=timedelta(days=3))
        assert server.push(nupkg("Contoso.Widgets"), feed=FEED, key=pushing).status == 201
        yield Place(server, alice, mallory, reading, pushing, both)
    finally:
        server.stop()


@pytest.fixture
def person(user: User, authority: Authority) -> User:
    """Someone whose dotnet and Paket trust the authority, and who has two packages."""
    user.put("contoso.nupkg", nupkg("Contoso.Widgets"))
    user.put("fabrikam.nupkg", nupkg("Fabrikam.Gears"))
    return user.having(SSL_CERT_FILE=str(authority.certificate))


@pytest.fixture
def mono(person: User, authority: Authority) -> User:
    """The same, whose mono trusts the authority too."""
    person.does("client-env", "cert-sync", "--user", authority.certificate)
    return person


def signed_in(user: User, place: Place, login: Login | None, *, how: str = "config") -> User:
    """The user with the feed as the source `local`, and a login for it in one of the ways there are."""
    name, password = login or ("", "")
    match how:
        case "environment":
            return user.knows(place.address()).having(**{VARIABLE: f"Username={name};Password={password}"})
        case "variables":
            user.knows(place.address(), login=("%FEED_USER%", "%FEED_PASSWORD%"))
            return user.having(FEED_USER=name, FEED_PASSWORD=password)
        case _:
            return user.knows(place.address(), login=login)


WAYS = [
    pytest.param("alice", "config", id="password-in-config"),
    pytest.param("key", "config", id="key-in-config"),
    pytest.param("alice", "environment", id="password-in-environment"),
    pytest.param("key", "environment", id="key-in-environment"),
    pytest.param("alice", "variables", id="variables-in-config"),
]
STRANGERS = [
    pytest.param("wrong password", UNAUTHORIZED, id="wrong-password"),
    pytest.param("no role", NOT_FOUND, id="without-a-role"),
]


class TestDotnet:
    """dotnet 10."""

    @pytest.mark.parametrize(("who", "how"), WAYS)
    def test_it_pushes_and_restores(self, who: str, how: str, person: User, place: Place) -> None:
        package_id = f"Contoso.{who}.{how}"
        package = flawless(package_id)
        person = signed_in(person, place, place.login(who), how=how)
        person.put("a.nupkg", package)
        assert "warn" not in person.does("dotnet", "nuget", "push", "a.nupkg", "-s", "local", "-k", place.pushing)
        assert place.stored(package_id) == package
        person.does("dotnet", "restore", folder=person.put_project("App", {package_id: "1.0.0"}))
        restored = person.home / ".nuget" / "packages" / package_id.lower() / "1.0.0"
        assert (restored / f"{package_id.lower()}.1.0.0.nupkg").read_bytes() == package

    def test_a_key_as_login_also_pushes(self, person: User, place: Place) -> None:
        """Also the warning of a key that ends soon."""
        person = signed_in(person, place, ("whoever", place.both))
        person.put("a.nupkg", nupkg("Contoso.ByLogin"))
        said = person.does("dotnet", "nuget", "push", "a.nupkg", "-s", "local")
        assert f"warn : {EXPIRES}" in said
        assert place.stored("Contoso.ByLogin")

    def test_a_key_that_ends_soon_says_so_with_a_push(self, person: User, place: Place) -> None:
        person = signed_in(person, place, place.login("alice"))
        person.put("a.nupkg", nupkg("Contoso.Soon"))
        said = person.does("dotnet", "nuget", "push", "a.nupkg", "-s", "local", "-k", place.both)
        assert re.search(re.escape(f"warn : {EXPIRES}") + r"\w+\) expires in \d days?, on \d{4}-", said)

    @pytest.mark.parametrize(("who", "said"), STRANGERS)
    def test_a_stranger_does_not_restore(self, who: str, said: str, person: User, place: Place) -> None:
        person = signed_in(person, place, place.login(who), how="environment")
        app = person.put_project("App", {"Contoso.Widgets": "1.0.0"})
        sentence = f"error NU1301: Unable to load the service index for source {place.address()}."
        assert_refused(person.run("dotnet", "restore", folder=app), sentence, said)

    @pytest.mark.parametrize(
        ("login", "said"),
        [
            pytest.param("no login", UNAUTHORIZED, id="without-a-login"),
            pytest.param("unknown key", UNAUTHORIZED, id="unknown-key"),
            pytest.param("key without read", NOT_FOUND, id="key-without-read"),
        ],
    )
    def test_a_stranger_does_not_push(self, login: str, said: str, person: User, place: Place) -> None:
        """Whatever the key: the source's address is asked for first, and needs a login of its own."""
        person = signed_in(person, place, None if login == "no login" else place.login(login))
        outcome = person.run("dotnet", "nuget", "push", "contoso.nupkg", "-s", "local", "-k", place.pushing)
        assert_refused(outcome, f"error: Unable to load the service index for source {place.address()}.", said)

    @pytest.mark.parametrize("login", ["alice", "key"])
    def test_a_login_that_only_reads_does_not_push(self, login: str, person: User, place: Place) -> None:
        """A password never pushes; a key does what it may."""
        person = signed_in(person, place, place.login(login))
        outcome = person.run("dotnet", "nuget", "push", "contoso.nupkg", "-s", "local")
        if login == "alice":
            assert_refused(outcome, f"warn : {KEY_NEEDED}", UNAUTHORIZED)
        else:
            assert_refused(outcome, "warn : This API key may not push. Use one with the right 'push'.", "403 (Forbid")

    def test_a_key_for_other_ids_is_refused_with_its_globs(self, person: User, place: Place) -> None:
        person = signed_in(person, place, place.login("alice"))
        outcome = person.run("dotnet", "nuget", "push", "fabrikam.nupkg", "-s", "local", "-k", place.pushing)
        assert_refused(outcome, f"warn : {NOT_COVERED}", "403 (Forbidden)")

    def test_a_revoked_key_neither_pushes_nor_reads(self, person: User, place: Place) -> None:
        key = new_key(place, rights=["push", "read"])
        change(place.server, revoke_key, key.id)
        person = signed_in(person, place, place.login("alice"))
        pushed = person.run("dotnet", "nuget", "push", "contoso.nupkg", "-s", "local", "-k", key.secret)
        assert_refused(pushed, f"warn : {KEY_REFUSED}", "403 (Forbidden)")
        person.forgets_packages()
        person = signed_in(person, place, ("whoever", key.secret))
        assert_refused(person.run("dotnet", "nuget", "push", "contoso.nupkg", "-s", "local"), UNAUTHORIZED)


class TestNugetExe:
    """nuget.exe 5.8 under mono."""

    PUSH = ("push", "-Source", "local", "-NonInteractive")
    INSTALL = ("install", "Contoso.Widgets", "-Source", "local", "-OutputDirectory", "out", "-NonInteractive")

    @pytest.mark.parametrize(("who", "how"), [WAYS[0], WAYS[3]])
    def test_it_pushes_and_installs(self, who: str, how: str, mono: User, place: Place) -> None:
        package_id = f"Contoso.Mono-{who}"
        mono = signed_in(mono, place, place.login(who), how=how)
        mono.put("a.nupkg", nupkg(package_id))
        mono.does("nuget", *self.PUSH, "a.nupkg", "-ApiKey", place.pushing)
        assert place.stored(package_id)
        mono.does("nuget", *self.INSTALL)
        installed = mono.folder / "out" / "Contoso.Widgets.1.0.0" / "Contoso.Widgets.1.0.0.nupkg"
        assert installed.read_bytes() == place.stored("Contoso.Widgets")

    def test_it_installs_with_a_login_that_it_was_told_before(self, mono: User, place: Place) -> None:
        name, password = place.login("alice")
        login = ("-UserName", name, "-Password", password)
        mono.does("nuget", "sources", "add", "-Name", "local", "-Source", place.address(), *login)
        mono.does("nuget", *self.INSTALL)

    def test_a_key_that_ends_soon_says_so_with_a_push(self, mono: User, place: Place) -> None:
        """Also as login, without another key."""
        mono = signed_in(mono, place, ("whoever", place.both))
        mono.put("a.nupkg", nupkg("Contoso.MonoSoon"))
        assert f"WARNING: {EXPIRES}" in mono.does("nuget", *self.PUSH, "a.nupkg")

    @pytest.mark.parametrize(
        ("who", "status"), [("wrong password", "401 (Unauthorized)"), ("no role", "404 (Not Found)")]
    )
    def test_a_stranger_does_not_install(self, who: str, status: str, mono: User, place: Place) -> None:
        mono = signed_in(mono, place, place.login(who))
        sentence = f"Unable to load the service index for source {place.address()}."
        assert_refused(mono.run("nuget", *self.INSTALL), sentence, status)

    def test_without_a_key_it_does_not_push(self, mono: User, place: Place) -> None:
        mono = signed_in(mono, place, place.login("alice"))
        outcome = mono.run("nuget", *self.PUSH, "contoso.nupkg")
        assert_refused(outcome, f"WARNING: {KEY_NEEDED}", "401 (Unauthorized)")

    def test_a_key_for_other_ids_is_refused_with_its_globs(self, mono: User, place: Place) -> None:
        mono = signed_in(mono, place, place.login("alice"))
        outcome = mono.run("nuget", *self.PUSH, "fabrikam.nupkg", "-ApiKey", place.pushing)
        assert_refused(outcome, f"WARNING: {NOT_COVERED}", "403 (Forbidden)")


class TestNuget2:
    """nuget.exe 2.8.7 reads what it was given as source first, so its pushes need a login as well as a key."""

    @pytest.fixture
    def old(self, mono: User, place: Place) -> User:
        """Someone whose source is of V2, with alice's login."""
        return mono.knows(place.address("/api/v2"), login=place.login("alice"))

    def test_it_pushes_with_a_login_and_a_key(self, old: User, place: Place) -> None:
        done(self.push(old, "Contoso.Old", place.pushing))
        assert place.stored("Contoso.Old")

    def test_a_key_for_other_ids_is_refused(self, old: User, place: Place) -> None:
        assert_refused(self.push(old, "Fabrikam.Gears", place.pushing), "(403) Forbidden")

    def test_a_wrong_login_ends(self, old: User, place: Place) -> None:
        old.knows(place.address("/api/v2"), login=place.login("wrong password"))
        outcome = self.push(old, "Contoso.Older", place.pushing)
        assert_refused(outcome, "Please provide credentials for: ", "Cannot prompt for input in non-interactive mode")

    def push(self, user: User, package_id: str, key: str) -> Outcome:
        """Push to the source of nuget.config, which by itself it looks for as NuGet.Config."""
        relationships = RELATIONSHIPS.replace(b"Acme.Widgets", package_id.encode())
        name = f"{package_id}.1.0.0.nupkg"
        user.put(name, nupkg(package_id, files={"_rels/.rels": relationships}))
        source = ("-Source", "local", "-ConfigFile", "nuget.config")
        return user.run("nuget2", "push", name, key, *source, "-NonInteractive")


class TestPaket:
    """Paket 12, which reads no nuget.config."""

    def test_it_pushes_to_the_address_of_the_feed(self, person: User, place: Place) -> None:
        """A push needs no login, only a key, here from the environment."""
        person.put("a.nupkg", nupkg("Contoso.Paket"))
        person.having(NUGET_KEY=place.pushing).does("paket", "push", "a.nupkg", "--url", self.push_address(place))
        assert place.stored("Contoso.Paket")

    def test_a_key_for_other_ids_is_refused_with_its_globs(self, person: User, place: Place) -> None:
        options = ("--url", self.push_address(place), "--api-key", place.pushing)
        outcome = person.run("paket", "push", "fabrikam.nupkg", *options)
        assert_refused(outcome, f'403 Forbidden — {{"detail": "{NOT_COVERED}"')

    @pytest.mark.parametrize("who", ["alice", "key"])
    def test_it_installs_with_a_login_from_the_environment(self, who: str, person: User, place: Place) -> None:
        name, password = place.login(who)
        person = person.having(NUGET_USER=name, NUGET_PASSWORD=password)
        done(self.install(person, place, ' username: "%NUGET_USER%" password: "%NUGET_PASSWORD%"'))
        assert "Contoso.Widgets (1.0.0)" in (person.folder / "paket.lock").read_text()

    def test_it_installs_with_a_login_that_it_was_told_before(self, person: User, place: Place) -> None:
        name, password = place.login("alice")
        login = ("--username", name, "--password", password)
        person.does("paket", "config", "add-credentials", place.address(), *login)
        done(self.install(person, place))

    @pytest.mark.parametrize(
        ("who", "said"),
        [
            ("wrong password", "Could not load resources from '{}': Unauthorized (401)"),
            ("no role", "Could not load resources (404) from '{}'"),
        ],
    )
    def test_a_stranger_does_not_install(self, who: str, said: str, person: User, place: Place) -> None:
        name, password = place.login(who)
        outcome = self.install(person, place, f' username: "{name}" password: "{password}"')
        assert_refused(outcome, said.format(place.address()))

    def push_address(self, place: Place) -> str:
        """Paket takes an address with a path as it is."""
        return place.address("/api/v2/package")

    def install(self, user: User, place: Place, login: str = "") -> Outcome:
        """Install from the feed, with what stands behind its address."""
        source = f"source {place.address()}{login}\nframework: net8.0\nstorage: none\nnuget Contoso.Widgets\n"
        user.put("paket.dependencies", source)
        return user.run("paket", "install")


def new_key(place: Place, **limits: Any) -> NewKey:
    """A new key of alice."""
    made = change(place.server, create_key, "of a test", owner="alice", lifetime=timedelta(days=30), **limits)
    assert isinstance(made, NewKey)
    return made
