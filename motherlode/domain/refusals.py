"""All refusals: one class for each reason, with a stable code and a message that says what to do.

    Refusal
    ├── Invalid                the request or the package is wrong; sending it again does not help
    │   ├── InvalidPackage     the archive or its nuspec is invalid; carries all faults found
    │   ├── InvalidForm        the multipart body of a push, or the form of a page, cannot be read
    │   ├── FormTooLarge       the form of a page is larger than any real one
    │   ├── EncodedBody        the body has a Content-Encoding
    │   ├── FragmentedBody     the body arrives in thousands of tiny chunks
    │   ├── IncompleteBody     the body ends before its announced length
    │   ├── PackageTooLarge    the package is larger than the feed's max_package_size
    │   ├── InvalidRange       the byte range is outside the file
    │   ├── AddressTooLong     the path and query are longer than the server reads
    │   ├── SeveralHosts       the request has more than one Host header
    │   ├── InvalidParameter   a query parameter has an invalid value
    │   ├── InvalidSetting     a setting, or a right of a key, is unknown or not implemented yet
    │   ├── InvalidName        the name is not a valid account name
    │   ├── InvalidPassword    the password is too short, too long or not text
    │   ├── OldProtocol        the client is older than the feed's require_protocol_version
    │   └── ReasonMissing      a hard delete lacks the reason that the feed requires
    ├── SignInNeeded           the request needs a login and has none
    │   └── SignInRefused      the name, password or key is wrong; the message does not say which
    ├── KeyMissing             the request needs an API key and has none
    ├── KeyRefused             the key is unknown, expired or revoked
    ├── FormRefused            the form comes from another site or from an outdated page
    ├── NotAllowed             the caller may not do this
    │   └── IdLocked           an administrator has locked the id
    ├── NotFound
    │   ├── NoSuchVersion      the feed does not have this id and version
    │   │   └── AllUnlisted    the id is on the feed, but all its versions are unlisted
    │   ├── NoSuchId           the feed does not have this id
    │   ├── NoSuchFeed
    │   ├── NoSuchKey
    │   ├── NoSuchAccount      there is no such user, service account or team
    │   ├── NoSuchRole         the account has no role on the feed
    │   │   ├── NotInvited     the account is not invited to own the id
    │   │   ├── NotAMember     the account is not a member of the team
    │   │   └── NotAnOwner     the account is not an owner of the id
    │   ├── NoSuchAddress      nothing is served at this path
    │   └── NoData             the folder does not contain a server's data
    ├── MethodRefused          the address does not accept the method
    ├── AlreadyExists          the id and version are taken
    │   └── WasDeleted         they belong to a soft-deleted version
    ├── FeedExists             there is already a feed of that name
    ├── FeedNotEmpty           deleting a feed that has versions needs --with-packages
    ├── DefaultFeedKept        the default feed cannot be deleted
    ├── AccountExists          the name is taken by a user, service account or team
    ├── LastOwner              the last owner of an id cannot be removed
    ├── SlowBody               the client stopped sending
    ├── OlderData              the server must upgrade the data first
    ├── NewerData              a newer version of the program wrote the data
    ├── DatabaseUnusable       the database is damaged, or cannot be read
    │   └── DatabaseClosed     file permissions do not allow the server to open or write it
    ├── DatabaseExists         rebuild found a sound database
    ├── DatabaseMissing        there are packages but no database that lists them
    ├── DatabaseStale          the database is older than the packages, or is another one
    ├── Busy                   the server cannot write now; nothing was stored
    │   └── SearchUnready      the search index is being built or cannot be updated now
    ├── StorageFull            the disk is full; nothing was stored
    │   └── StorageLow         less disk space is free than the server reserves; nothing was stored
    └── InternalError          a bug or failure of the server

Codes are stable (docs/refusals.md lists them). `motherlode.web` maps each refusal to an HTTP status.
"""

from typing import ClassVar

from motherlode.nuget.faults import MAX_FAULTS, Fault


class Refusal(Exception):
    """A request or command is refused. `str()` is a message of one line: what is wrong, and what to do.

    Commands and the log show that message. Clients get `public` instead if it is set, because it reveals less."""

    code: ClassVar[str] = "refused"
    title: ClassVar[str] = "Refused"
    faults: tuple[Fault, ...] = ()
    public: str | None = None


class Invalid(Refusal):
    """The request or the package is invalid."""

    code = "invalid"
    title = "Invalid request"


class InvalidPackage(Invalid):
    """The package is invalid; `faults` lists the reasons, at most `MAX_FAULTS` and never empty."""

    code = "package-invalid"
    title = "Invalid package"

    def __init__(self, faults: tuple[Fault, ...] | list[Fault]) -> None:
        self.faults = tuple(faults[:MAX_FAULTS])
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        super().__init__(f"The package is invalid: {faults[0].message}{more}")


class InvalidForm(Invalid):
    """The multipart body of a push, or the form of a page, cannot be read."""

    code = "form-invalid"
    title = "Invalid form"


class FormTooLarge(Invalid):
    """The form of a page is far larger than its fields need."""

    code = "form-too-large"
    title = "Form too large"

    def __init__(self, max_bytes: int) -> None:
        super().__init__(f"The form is larger than {max_bytes} bytes. Enter less text.")


class EncodedBody(Invalid):
    """The request has a Content-Encoding."""

    code = "body-encoded"
    title = "Encoded body"

    def __init__(self) -> None:
        super().__init__("The request body has a Content-Encoding. Send the package as it is, without this header.")


class FragmentedBody(Invalid):
    """The body arrived in far more pieces than any client sends."""

    code = "body-fragmented"
    title = "Fragmented body"

    def __init__(self) -> None:
        super().__init__(
            "The request body arrived in thousands of tiny chunks. Send it in chunks of several kilobytes."
        )


class IncompleteBody(Invalid):
    """The body ended before its announced length."""

    code = "body-incomplete"
    title = "Incomplete body"

    def __init__(self) -> None:
        super().__init__("The request body ended early. Nothing was stored; push the package again.")


class PackageTooLarge(Invalid):
    """The package is larger than the feed's max_package_size."""

    code = "package-too-large"
    title = "Package too large"

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        super().__init__(
            f"The package is larger than this feed allows ({max_bytes} bytes). "
            "Make it smaller, or ask an administrator to raise max_package_size."
        )


class InvalidRange(Invalid):
    """None of the requested bytes exist."""

    code = "range-invalid"
    title = "Range not satisfiable"

    def __init__(self, size: int) -> None:
        self.size = size
        super().__init__(f"The requested range is outside the file, which has {size} bytes.")


class AddressTooLong(Invalid):
    """The path and the query of a request are longer than the server reads."""

    code = "address-too-long"
    title = "Address too long"

    def __init__(self, max_bytes: int) -> None:
        super().__init__(f"The path and query have more than {max_bytes} bytes. Request less at a time.")


class SeveralHosts(Invalid):
    """The request has more than one Host header (RFC 9112, 3.2): servers and proxies would read different ones."""

    code = "hosts-several"
    title = "Several hosts"

    def __init__(self) -> None:
        super().__init__("The request has more than one Host header. Send exactly one.")


class InvalidParameter(Invalid):
    """A query parameter has an invalid value. `wanted` names what it must be: "number", "framework"…"""

    code = "parameter-invalid"
    title = "Invalid parameter"

    def __init__(self, name: str, value: str, wanted: str = "number") -> None:
        super().__init__(f"{value[:100]!r} is not a valid {wanted}. Correct {name}, or leave it out.")


class InvalidSetting(Invalid):
    """A setting, or a right of a key, is unknown, invalid or not implemented yet."""

    code = "setting-invalid"
    title = "Invalid setting"


class InvalidName(Invalid):
    """The text is not a valid account name."""

    code = "name-invalid"
    title = "Invalid name"

    def __init__(self, text: str) -> None:
        super().__init__(
            f"{text[:100]!r} is not a valid user or team name. Use 1 to 64 letters, digits, '.', '-', '_' and '@', "
            "beginning with a letter or digit. 'console', 'bootstrap' and names that begin with 'key-' are reserved."
        )


class InvalidPassword(Invalid):
    """The password is too short, too long or not text."""

    code = "password-invalid"
    title = "Invalid password"


class OldProtocol(Invalid):
    """The client's protocol version is older than the feed requires."""

    code = "protocol-too-old"
    title = "Protocol too old"

    def __init__(self, least: str) -> None:
        super().__init__(
            f"This feed accepts packages only from clients with protocol version {least} or newer "
            f"(X-NuGet-Protocol-Version). Update the client; nuget.exe must be version {least} or newer."
        )


class ReasonMissing(Invalid):
    """The feed requires a reason for a hard delete."""

    code = "reason-missing"
    title = "Reason missing"

    def __init__(self) -> None:
        super().__init__(
            "This feed requires a reason to delete a version permanently. Send it in the header X-Motherlode-Reason "
            "(on the command line: --reason)."
        )


class SignInNeeded(Refusal):
    """The request needs a login and has none."""

    code = "sign-in-needed"
    title = "Sign-in needed"

    def __init__(self) -> None:
        super().__init__(
            "Sign in to read packages here. Give the source your user name and password, or any user name with an API "
            "key as the password (dotnet nuget update source NAME --username U --password P "
            "--store-password-in-clear-text)."
        )


class SignInRefused(SignInNeeded):
    """The name, password or key is wrong; the message does not say which.

    `retry_after_s` is how many seconds the client must wait, or None if attempts are not slowed down.
    """

    code = "sign-in-refused"
    title = "Sign-in refused"

    def __init__(self, retry_after_s: int | None = None) -> None:
        self.retry_after_s = retry_after_s
        wait = "" if retry_after_s is None else f" There were too many failed attempts: wait {retry_after_s} seconds."
        said = "The user name, password or API key is wrong, disabled or expired. Check your credentials."
        Refusal.__init__(self, said + wait)


class KeyMissing(Refusal):
    """The request has no API key. `may_sign_in` tells whether a login could provide one."""

    code = "key-missing"
    title = "API key missing"

    def __init__(self, *, may_sign_in: bool = False) -> None:
        self.may_sign_in = may_sign_in
        super().__init__("An API key is required. Send it in the X-NuGet-ApiKey header (dotnet nuget: --api-key KEY).")


class KeyRefused(Refusal):
    """The key is unknown, expired or revoked; the message does not say which.

    `rejection_reason` and `subject` (the package in the body) are only for the audit log. They are set if the key was
    valid when the request began.
    """

    code = "key-refused"
    title = "API key refused"
    subject: str | None = None

    def __init__(self, rejection_reason: str | None = None) -> None:
        self.rejection_reason = rejection_reason
        super().__init__(
            "The API key is unknown, expired or revoked. Check it, or ask this server's administrator for a new one."
        )


class FormRefused(Refusal):
    """The form came from another site or from an outdated page."""

    code = "form-refused"
    title = "Form refused"

    def __init__(self) -> None:
        super().__init__(
            "This form was not sent from a current page of this server. Reload the page and send it again."
        )


class NotAllowed(Refusal):
    """The caller is known but may not do this."""

    code = "not-allowed"
    title = "Not allowed"
    subject: str | None = None
    """The package in the body, if the address does not name it; for the audit log."""
    has_owners: bool = False
    """Whether the reason is that the id has owners and the caller is not one of them."""


class IdLocked(NotAllowed):
    """An administrator has locked the id: no version of it can be pushed, listed, unlisted or deleted."""

    code = "id-locked"
    title = "Id locked"

    def __init__(self, package_id: str) -> None:
        super().__init__(
            f"{package_id} is locked on this feed: no version of it can be pushed, listed, unlisted or deleted. "
            "Ask an administrator to unlock it."
        )


class NotFound(Refusal):
    """The requested thing does not exist."""

    code = "not-found"
    title = "Not found"


class NoSuchVersion(NotFound):
    """The feed does not have this id and version."""

    code = "package-not-found"
    title = "Package not found"

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} does not exist on this feed: check the id and the version.")


class AllUnlisted(NoSuchVersion):
    """The id is on the feed, but all its versions are unlisted, so pages and lists cannot choose one."""

    code = "package-unlisted"
    title = "Package unlisted"

    def __init__(self, package_id: str) -> None:
        Refusal.__init__(
            self,
            f"All versions of {package_id} are unlisted, so lists and searches omit them. You can still install a "
            "version, or open its page, by its exact number.",
        )


class NoSuchFeed(NotFound):
    """The server has no such feed."""

    code = "feed-not-found"
    title = "Feed not found"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no feed called {name!r}: check the address, or create it with 'feed create'.")


class NoSuchKey(NotFound):
    """The server has no key with that id."""

    code = "key-not-found"
    title = "Key not found"

    def __init__(self, key_id: str) -> None:
        super().__init__(f"There is no key with the id {key_id!r}: 'key list' shows the ids.")


class NoSuchId(NotFound):
    """The feed has no such id."""

    code = "id-not-found"
    title = "Package id not found"

    def __init__(self, package_id: str, feed: str) -> None:
        super().__init__(f"The feed {feed!r} has no package {package_id}: check the id and the feed.")


class NoSuchAccount(NotFound):
    """The server has no account with that name, or none of the required `kind`."""

    code = "account-not-found"
    title = "Account not found"

    def __init__(self, name: str, kind: str = "user or team") -> None:
        super().__init__(f"There is no {kind} called {name[:100]!r}: 'user list' and 'team list' show the names.")


class NoSuchRole(NotFound):
    """The account has no role on the feed; also the base of refusals about other relations of an account."""

    code = "role-not-found"
    title = "Role not found"


class NotInvited(NoSuchRole):
    """The account is not invited to own the id."""

    def __init__(self, name: str, package_id: str, feed: str) -> None:
        super().__init__(
            f"{name} is not invited to own {package_id} on the feed {feed!r}. Ask one of its owners for an invitation."
        )


class NotAMember(NoSuchRole):
    """The account is not a member of the team."""

    def __init__(self, name: str, team: str) -> None:
        super().__init__(f"{name} is not a member of {team}. 'team show' lists the members.")


class NotAnOwner(NoSuchRole):
    """The account is not an owner of the id."""

    def __init__(self, name: str, package_id: str, feed: str) -> None:
        super().__init__(f"{name} does not own {package_id} on the feed {feed!r}. 'owner list' lists the owners.")


class NoSuchAddress(NotFound):
    """Nothing is served at that path."""

    code = "address-not-found"
    title = "Address not found"


class NoData(NotFound):
    """The folder does not contain a server's data."""

    code = "data-not-found"
    title = "No data"

    def __init__(self, folder: str) -> None:
        super().__init__(
            f"The folder {folder} contains no Motherlode data. Name the server's data folder with --data, "
            "or start a server there first with 'serve'."
        )


class MethodRefused(Refusal):
    """The address does not accept that method."""

    code = "method-refused"
    title = "Method not allowed"

    def __init__(self, method: str, allowed: tuple[str, ...]) -> None:
        self.allowed = allowed
        super().__init__(f"This address does not accept {method}. Use {' or '.join(allowed)}.")


class AlreadyExists(Refusal):
    """The feed has that id and version already."""

    code = "package-exists"
    title = "Package exists"

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} already exists on this feed and cannot be replaced: push it under a new version.")


class WasDeleted(AlreadyExists):
    """A soft-deleted version has this id and version, which cannot be used again."""

    code = "package-deleted"
    title = "Package was deleted"

    def __init__(self, what: str) -> None:
        Refusal.__init__(
            self,
            f"{what} was deleted on this feed, and its version number cannot be used again. Push a new version, "
            "or ask an administrator to restore it ('motherlode restore-version').",
        )


class FeedExists(Refusal):
    """The server already has a feed with that name."""

    code = "feed-exists"
    title = "Feed exists"

    def __init__(self, name: str) -> None:
        super().__init__(f"A feed called {name!r} already exists. Choose another name, or change it with 'feed set'.")


class FeedNotEmpty(Refusal):
    """The feed to be deleted has versions, and the command does not say to delete them too."""

    code = "feed-not-empty"
    title = "Feed not empty"

    def __init__(self, name: str, versions: int) -> None:
        super().__init__(
            f"The feed {name!r} still has packages (versions: {versions}). "
            "Use --with-packages to delete them permanently with the feed."
        )


class DefaultFeedKept(Refusal):
    """The default feed cannot be deleted."""

    code = "default-feed-kept"
    title = "Default feed kept"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The feed {name!r} cannot be deleted because it is the default feed, at the server's root address."
        )


class AccountExists(Refusal):
    """The name is or was the name of an account."""

    code = "account-exists"
    title = "Account exists"

    def __init__(self, name: str) -> None:
        super().__init__(f"The name {name!r} is taken by a user or team, or was until it was deleted. Choose another.")


class LastOwner(Refusal):
    """The last owner of an id cannot be removed."""

    code = "last-owner"
    title = "Last owner"

    def __init__(self, name: str, package_id: str) -> None:
        super().__init__(f"{name} is the last owner of {package_id} and cannot be removed. Add another owner first.")


class SlowBody(Refusal):
    """The client stopped sending."""

    code = "body-slow"
    title = "Body too slow"

    def __init__(self, timeout_s: float) -> None:
        super().__init__(
            f"The request body arrived too slowly (limit: {timeout_s:g} seconds). Nothing was stored; push again."
        )


class OlderData(Refusal):
    """An older version of the program wrote the data."""

    code = "data-older"
    title = "Older data"

    def __init__(self, folder: str) -> None:
        super().__init__(
            f"An older version of Motherlode wrote the data in {folder}. Start the server once to upgrade it."
        )


class NewerData(Refusal):
    """A newer version of the program wrote the data."""

    code = "data-newer"
    title = "Newer data"

    def __init__(self) -> None:
        super().__init__("A newer version of Motherlode wrote the data. Use that version or a newer one.")


class DatabaseUnusable(Refusal):
    """The database is damaged, or cannot be read or written."""

    code = "database-unusable"
    title = "Database unusable"
    public = "The server's database cannot be used. Its administrator can find out more in the server's log."

    def __init__(self, file: str, reason: str) -> None:
        """`reason` says what is wrong and completes the sentence "The database FILE …"."""
        super().__init__(
            f"The database {file} {reason}. Stop the server and restore a good copy from a backup. If you have none, "
            "create a new database from the packages with 'motherlode rebuild --feed NAME'."
        )


class DatabaseClosed(DatabaseUnusable):
    """File permissions do not allow the server to open or write the database; it may be sound."""

    code = "database-closed"
    title = "Database closed"

    def __init__(self, file: str, reason: str) -> None:
        Refusal.__init__(
            self,
            f"The database {file} {reason}. Allow the user that runs the server to read and write this file, the "
            "files next to it whose names begin with its name, and the folder.",
        )


class DatabaseExists(Refusal):
    """There is already a sound database that lists packages."""

    code = "database-exists"
    title = "Database exists"

    def __init__(self, file: str) -> None:
        super().__init__(
            f"The database {file} is sound and lists packages, so there is nothing to rebuild. Start the server with "
            "it. If it is older than the packages and you want to keep it, run 'motherlode new-history --yes'. If you "
            "do not want it, move it away first."
        )


class DatabaseMissing(Refusal):
    """There are packages but no database that lists them."""

    code = "database-missing"
    title = "Database missing"
    public = "The server's database is missing. Its administrator can find out more in the server's log."

    def __init__(self, file: str) -> None:
        super().__init__(
            f"The database {file} is missing or empty, but there are packages next to it. Restore the database from a "
            "backup, create a new one from the packages with 'motherlode rebuild --feed NAME', or choose another data "
            "folder with --data. Nothing was changed."
        )


class DatabaseStale(Refusal):
    """The database is older than the packages, or is another server's."""

    code = "database-stale"
    title = "Database older than the packages"
    public = (
        "The server's database is older than its packages. Its administrator can find out more in the server's log."
    )

    def __init__(self, file: str, reason: str) -> None:
        """`reason` says what shows it: a sentence without its full stop."""
        super().__init__(
            f"The database {file} is older than the packages next to it, or is another one: {reason}. Restore the "
            "newer database or, to keep this one, run 'motherlode new-history --yes'. Until then, no files are removed."
        )


class Busy(Refusal):
    """The server cannot write now."""

    code = "busy"
    title = "Busy"

    def __init__(self) -> None:
        super().__init__("The server is busy and stored nothing. Try again in a moment.")


class SearchUnready(Busy):
    """Search cannot answer now."""

    code = "search-unready"
    title = "Search not ready"

    def __init__(self) -> None:
        Refusal.__init__(self, "Search is not ready because its index is being built. Try again in a moment.")


class StorageFull(Refusal):
    """The disk is full."""

    code = "storage-full"
    title = "Storage full"

    def __init__(self) -> None:
        super().__init__("The server's disk is full, so nothing was stored. Ask its administrator to free some space.")


class StorageLow(StorageFull):
    """Less disk space is free than the server reserves."""

    code = "storage-low"
    title = "Storage low"

    def __init__(self) -> None:
        Refusal.__init__(
            self,
            "The server is low on disk space and accepts no packages. Ask its administrator to free some space.",
        )


class InternalError(Refusal):
    """The server failed; the log has the reason, the response does not."""

    code = "internal-error"
    title = "Internal error"

    def __init__(self) -> None:
        super().__init__("The server failed. Try again; if it fails again, tell its administrator the request id.")
