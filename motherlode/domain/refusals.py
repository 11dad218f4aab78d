"""Every way we say no: one class each, named by the fact, with a stable code and a sentence that says what to do.

    Refusal
    ├── Invalid                the request or the package is at fault; sending it again changes nothing
    │   ├── InvalidPackage     the archive or its nuspec; carries every fault found
    │   ├── InvalidForm        the multipart body around the package, or the form of a page
    │   ├── FormTooLarge       the form of a page, far larger than it can be
    │   ├── EncodedBody        a body in a content coding
    │   ├── FragmentedBody     a body in thousands of tiny chunks
    │   ├── IncompleteBody     the body ended before its announced end
    │   ├── PackageTooLarge    over the feed's max_package_size
    │   ├── InvalidRange       a byte range outside of the file
    │   ├── AddressTooLong     a path and query longer than the server reads
    │   ├── SeveralHosts       more than one Host header
    │   ├── InvalidParameter   a parameter in a query string that is not what it must be
    │   ├── InvalidSetting     a setting, or a key's right, that is unknown or not built yet
    │   ├── InvalidName        a name that no account can have
    │   ├── InvalidPassword    a password that is too short, or no text
    │   ├── OldProtocol        a client older than the feed's require_protocol_version
    │   └── ReasonMissing      a hard delete without the reason that the feed demands
    ├── SignInNeeded           nobody has signed in where somebody must
    │   └── SignInRefused      a wrong password, key or name; which of them is not told
    ├── KeyMissing             no API key where one is needed
    ├── KeyRefused             a key that is unknown, expired or revoked
    ├── FormRefused            the form of a page that came from elsewhere, or from an older page
    ├── NotAllowed             a key that may not do this
    │   └── IdLocked           an administrator has locked the id
    ├── NotFound
    │   ├── NoSuchVersion      no such id and version on the feed
    │   │   └── AllUnlisted    the id is on the feed, but all its versions are unlisted
    │   ├── NoSuchId           no such id on the feed
    │   ├── NoSuchFeed
    │   ├── NoSuchKey
    │   ├── NoSuchAccount      no such user, service account or team
    │   ├── NoSuchRole         an account that has no such place: no member, no owner, not invited, without a role
    │   ├── NoSuchAddress      a path that leads nowhere
    │   └── NoData             a folder that holds no server's data
    ├── MethodRefused          the address is there, the method is not
    ├── AlreadyExists          id and version are taken
    │   └── WasDeleted         they are taken by a version that was deleted softly
    ├── FeedExists
    ├── FeedNotEmpty           a feed with versions is deleted only if that is said
    ├── DefaultFeedKept        the feed at the root of the server cannot be deleted
    ├── AccountExists          the name is taken by a user, service account or team
    ├── LastOwner              an id's last owner cannot go
    ├── SlowBody               the client stopped sending
    ├── OlderData              data that the server must bring up to date first
    ├── NewerData              data that a newer version of the program wrote
    ├── DatabaseUnusable       the database is damaged, or cannot be read
    │   └── DatabaseClosed     the rights on its file or folder do not let it be opened or written
    ├── DatabaseExists         a sound database, where another was to be made
    ├── DatabaseMissing        there are packages, and no database that knows them
    ├── DatabaseStale          the database is older than the packages, or belongs to others
    ├── Busy                   the store cannot take a write now; nothing was stored
    │   └── SearchUnready      the search index is being built, or cannot be brought up to date now
    ├── StorageFull            no room on the disk; nothing was stored
    │   └── StorageLow         less room than the server keeps free; nothing was stored
    └── InternalError          a fault of the server's own

Codes are promises (docs/refusals.md lists them all). Which HTTP status a refusal becomes is the business of `web`.
"""

from typing import ClassVar

from motherlode.nuget.faults import MAX_FAULTS, Fault


class Refusal(Exception):
    """A no. `str()` is one sentence that says what is wrong and what to do.

    It is for whoever runs the command or reads the log; `public` is what clients are told where that is less."""

    code: ClassVar[str] = "refused"
    title: ClassVar[str] = "Refused"
    faults: tuple[Fault, ...] = ()
    public: str | None = None


class Invalid(Refusal):
    """The request or the package is at fault."""

    code = "invalid"
    title = "Invalid request"


class InvalidPackage(Invalid):
    """The package cannot be taken; `faults` lists what was found wrong with it, never empty."""

    code = "package-invalid"
    title = "Invalid package"

    def __init__(self, faults: tuple[Fault, ...] | list[Fault]) -> None:
        self.faults = tuple(faults[:MAX_FAULTS])
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        super().__init__(f"The package is invalid: {faults[0].message}{more}")


class InvalidForm(Invalid):
    """The multipart body cannot be read."""

    code = "form-invalid"
    title = "Invalid form"


class FormTooLarge(Invalid):
    """The form of a page is far larger than anything it asks for."""

    code = "form-too-large"
    title = "Form too large"

    def __init__(self, max_bytes: int) -> None:
        super().__init__(f"The form is larger than {max_bytes} bytes: fill it in with less.")


class EncodedBody(Invalid):
    """The body came with a Content-Encoding."""

    code = "body-encoded"
    title = "Encoded body"

    def __init__(self) -> None:
        super().__init__("The body is in a content coding: send the package as it is, without Content-Encoding.")


class FragmentedBody(Invalid):
    """The body came in far more pieces than a client cuts it into."""

    code = "body-fragmented"
    title = "Fragmented body"

    def __init__(self) -> None:
        super().__init__("The body came in thousands of tiny chunks: send it in chunks of some kilobytes.")


class IncompleteBody(Invalid):
    """The body ended early."""

    code = "body-incomplete"
    title = "Incomplete body"

    def __init__(self) -> None:
        super().__init__("The body ended before its end: nothing was stored, push the package again.")


class PackageTooLarge(Invalid):
    """Over the feed's limit."""

    code = "package-too-large"
    title = "Package too large"

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        super().__init__(
            f"The package is larger than this feed takes ({max_bytes} bytes): "
            "make it smaller, or ask the administrator to raise max_package_size."
        )


class InvalidRange(Invalid):
    """None of the asked bytes exist."""

    code = "range-invalid"
    title = "Range not satisfiable"

    def __init__(self, size: int) -> None:
        self.size = size
        super().__init__(f"The asked range lies outside of the file, which has {size} bytes.")


class AddressTooLong(Invalid):
    """The path and the query of a request are longer than the server reads."""

    code = "address-too-long"
    title = "Address too long"

    def __init__(self, max_bytes: int) -> None:
        super().__init__(f"The address has more than {max_bytes} bytes, query included: ask for less at a time.")


class SeveralHosts(Invalid):
    """The request has more than one Host header (RFC 9112, 3.2): servers and proxies would read different ones."""

    code = "hosts-several"
    title = "Several hosts"

    def __init__(self) -> None:
        super().__init__("The request has several Host headers: send one.")


class InvalidParameter(Invalid):
    """A parameter of the address that must be something, a number say, and is none."""

    code = "parameter-invalid"
    title = "Invalid parameter"

    def __init__(self, name: str, value: str, wanted: str = "number") -> None:
        super().__init__(f"{value[:100]!r} is no {wanted}: give {name} as one, or leave it out.")


class InvalidSetting(Invalid):
    """A setting that cannot be taken."""

    code = "setting-invalid"
    title = "Invalid setting"


class InvalidName(Invalid):
    """No account can be called that."""

    code = "name-invalid"
    title = "Invalid name"

    def __init__(self, text: str) -> None:
        super().__init__(
            f"No user or team can be called {text[:100]!r}: "
            "use 1 to 64 letters, digits, '.', '-', '_' and '@', beginning with a letter or digit."
        )


class InvalidPassword(Invalid):
    """A password that cannot be taken."""

    code = "password-invalid"
    title = "Invalid password"


class OldProtocol(Invalid):
    """The client speaks an older protocol than the feed wants."""

    code = "protocol-too-old"
    title = "Protocol too old"

    def __init__(self, least: str) -> None:
        super().__init__(
            f"This feed takes packages from clients of protocol version {least} or newer only "
            f"(X-NuGet-Protocol-Version): update the client, for nuget.exe to {least} or newer."
        )


class ReasonMissing(Invalid):
    """The feed demands a reason for a hard delete."""

    code = "reason-missing"
    title = "Reason missing"

    def __init__(self) -> None:
        super().__init__(
            "This feed wants to know why a version is deleted for good: say so in the header X-Motherlode-Reason "
            "(on the command line: --reason)."
        )


class SignInNeeded(Refusal):
    """Nobody has signed in where somebody must."""

    code = "sign-in-needed"
    title = "Sign-in needed"

    def __init__(self) -> None:
        super().__init__(
            "Sign in to read here: give your user name and password, or any user name and an API key as password, "
            "for this source (dotnet nuget update source NAME --username U --password P "
            "--store-password-in-clear-text)."
        )


class SignInRefused(SignInNeeded):
    """A wrong name, password or key; which of them is not told. `retry_after_s` where tries are slowed down."""

    code = "sign-in-refused"
    title = "Sign-in refused"

    def __init__(self, retry_after_s: int | None = None) -> None:
        self.retry_after_s = retry_after_s
        wait = "" if retry_after_s is None else f" There were many wrong ones: wait {retry_after_s} seconds first."
        said = "The user name, password or API key is wrong, disabled or expired: check what you sign in with."
        Refusal.__init__(self, said + wait)


class KeyMissing(Refusal):
    """No key was sent. `may_sign_in` where a login could bring one."""

    code = "key-missing"
    title = "API key missing"

    def __init__(self, *, may_sign_in: bool = False) -> None:
        self.may_sign_in = may_sign_in
        super().__init__("An API key is needed: send one in the X-NuGet-ApiKey header (dotnet nuget: --api-key KEY).")


class KeyRefused(Refusal):
    """The key is unknown, expired or revoked; the message does not say which.

    `rejection_reason` and `subject` (the package in the body) are for the audit log alone, and set where the key was
    valid when the request began."""

    code = "key-refused"
    title = "API key refused"
    subject: str | None = None

    def __init__(self, rejection_reason: str | None = None) -> None:
        self.rejection_reason = rejection_reason
        super().__init__(
            "The API key is unknown, expired or revoked: check it, or ask this server's administrator for a new one."
        )


class FormRefused(Refusal):
    """The form of a page came from another site, or from a page that is out of date."""

    code = "form-refused"
    title = "Form refused"

    def __init__(self) -> None:
        super().__init__(
            "This form was not sent from a page of this server as it is now: load the page anew and send it."
        )


class NotAllowed(Refusal):
    """The key is good, but not for this."""

    code = "not-allowed"
    title = "Not allowed"
    subject: str | None = None
    """What it was that was not allowed, where the request does not say it: the package in a body."""
    has_owners: bool = False
    """Whether it was not allowed because the id has owners, and the caller is not one of them."""


class IdLocked(NotAllowed):
    """An administrator has locked the id: nothing of it is pushed, listed or unlisted."""

    code = "id-locked"
    title = "Id locked"

    def __init__(self, package_id: str) -> None:
        super().__init__(
            f"{package_id} is locked on this feed, nothing of it can be pushed, listed or taken away: "
            "ask an administrator why, and to unlock it."
        )


class NotFound(Refusal):
    """What was asked for is not here."""

    code = "not-found"
    title = "Not found"


class NoSuchVersion(NotFound):
    """The feed has no such id and version."""

    code = "package-not-found"
    title = "Package not found"

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} does not exist on this feed: check the id and the version.")


class AllUnlisted(NoSuchVersion):
    """The id is on the feed, but all its versions are unlisted, so no page or list may choose one of them."""

    code = "package-unlisted"
    title = "Package unlisted"

    def __init__(self, package_id: str) -> None:
        Refusal.__init__(
            self,
            f"All versions of {package_id} are unlisted: lists and searches leave them out. You can still install a "
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
    """The server has no account of that name, or none of that kind."""

    code = "account-not-found"
    title = "Account not found"

    def __init__(self, name: str, kind: str = "user or team") -> None:
        super().__init__(f"There is no {kind} called {name[:100]!r}: 'user list' and 'team list' show the names.")


class NoSuchRole(NotFound):
    """The account has no such place; the sentence says which."""

    code = "role-not-found"
    title = "Role not found"


class NoSuchAddress(NotFound):
    """Nothing answers at that path."""

    code = "address-not-found"
    title = "Address not found"


class NoData(NotFound):
    """The folder holds no server's data."""

    code = "data-not-found"
    title = "No data"

    def __init__(self, folder: str) -> None:
        super().__init__(
            f"The folder {folder} holds no Motherlode data: name the server's data folder with --data, "
            "or start a server there first with 'serve'."
        )


class MethodRefused(Refusal):
    """The address does not take that method."""

    code = "method-refused"
    title = "Method not allowed"

    def __init__(self, method: str, allowed: tuple[str, ...]) -> None:
        self.allowed = allowed
        super().__init__(f"This address does not take {method}: use {' or '.join(allowed)}.")


class AlreadyExists(Refusal):
    """The feed has that id and version already."""

    code = "package-exists"
    title = "Package exists"

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} already exists on this feed and cannot be replaced: push it under a new version.")


class WasDeleted(AlreadyExists):
    """Id and version belong to a version that was deleted softly; the number stays taken."""

    code = "package-deleted"
    title = "Package was deleted"

    def __init__(self, what: str) -> None:
        Refusal.__init__(
            self,
            f"{what} was deleted on this feed, and its number stays taken: push it under a new version, "
            "or ask an administrator to bring it back ('motherlode restore-version').",
        )


class FeedExists(Refusal):
    """The server has a feed of that name already."""

    code = "feed-exists"
    title = "Feed exists"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is a feed called {name!r} already: choose another name, or change it with 'feed set'.")


class FeedNotEmpty(Refusal):
    """A feed with versions is to be deleted, and nobody said that they may go with it."""

    code = "feed-not-empty"
    title = "Feed not empty"

    def __init__(self, name: str, versions: int) -> None:
        super().__init__(
            f"The feed {name!r} still has packages (versions: {versions}): "
            "use --with-packages to remove them for good with it."
        )


class DefaultFeedKept(Refusal):
    """The default feed is to be deleted."""

    code = "default-feed-kept"
    title = "Default feed kept"

    def __init__(self, name: str) -> None:
        super().__init__(f"The feed {name!r} cannot be deleted: it is the one at the server's root address.")


class AccountExists(Refusal):
    """The name is taken, or was once."""

    code = "account-exists"
    title = "Account exists"

    def __init__(self, name: str) -> None:
        super().__init__(f"The name {name!r} belongs to a user or team, or did until it was deleted: choose another.")


class LastOwner(Refusal):
    """An id's last owner cannot go."""

    code = "last-owner"
    title = "Last owner"

    def __init__(self, name: str, package_id: str) -> None:
        super().__init__(f"{name} is the last owner of {package_id}: add another owner first.")


class SlowBody(Refusal):
    """The client stopped sending."""

    code = "body-slow"
    title = "Body too slow"

    def __init__(self, timeout_s: float) -> None:
        super().__init__(f"Too little of the body came within {timeout_s:g} seconds: nothing was stored, push again.")


class OlderData(Refusal):
    """The data are of an older version."""

    code = "data-older"
    title = "Older data"

    def __init__(self, folder: str) -> None:
        super().__init__(
            f"The data in {folder} are of an older version: start the server once to bring them up to date."
        )


class NewerData(Refusal):
    """The data are of a newer version."""

    code = "data-newer"
    title = "Newer data"

    def __init__(self) -> None:
        super().__init__("The data were written by a newer version of Motherlode: use that one, or a newer one still.")


class DatabaseUnusable(Refusal):
    """The database is damaged, or cannot be read or written."""

    code = "database-unusable"
    title = "Database unusable"
    public = "The server's database cannot be used: its administrator finds in the log what to do."

    def __init__(self, file: str, reason: str) -> None:
        """`reason` says what is wrong, in words that follow "The database FILE"."""
        super().__init__(
            f"The database {file} {reason}. Stop the server and put a good copy from a backup back there; or, if there "
            "is none, make a new one from the packages with 'motherlode rebuild --feed NAME'."
        )


class DatabaseClosed(DatabaseUnusable):
    """This user, or nobody, may open or write the database's file: nothing is known to be damaged."""

    code = "database-closed"
    title = "Database closed"

    def __init__(self, file: str, reason: str) -> None:
        Refusal.__init__(
            self,
            f"The database {file} {reason}: give the user that runs the server the right to read and write it, the "
            "files beside it whose names begin like its own, and the folder.",
        )


class DatabaseExists(Refusal):
    """There is a database already, and it is sound."""

    code = "database-exists"
    title = "Database exists"

    def __init__(self, file: str) -> None:
        super().__init__(
            f"The database {file} is sound and knows packages, so there is nothing to rebuild: start the server with "
            "it. If it is older than the packages and is meant, run 'motherlode new-history --yes'; if it is not meant "
            "at all, move it away first."
        )


class DatabaseMissing(Refusal):
    """There are packages, and no database that knows them."""

    code = "database-missing"
    title = "Database missing"
    public = "The server's database is missing: its administrator finds in the log what to do."

    def __init__(self, file: str) -> None:
        super().__init__(
            f"The database {file} is missing or empty, but there are packages beside it. Put the database back from a "
            "backup; or make a new one from the packages with 'motherlode rebuild --feed NAME'; or choose another data "
            "folder with --data. Nothing was changed."
        )


class DatabaseStale(Refusal):
    """The database is older than the packages, or belongs to others."""

    code = "database-stale"
    title = "Database older than the packages"
    public = "The server's database is older than its packages: its administrator finds in the log what to do."

    def __init__(self, file: str, reason: str) -> None:
        """`reason` says how that is known, as a sentence without its full stop."""
        super().__init__(
            f"The database {file} is older than the packages beside it, or is another one: {reason}. Put the newer one "
            "back in its place; or, if this one is meant, run 'motherlode new-history --yes'. Until then nothing is "
            "removed."
        )


class Busy(Refusal):
    """No write can be taken now."""

    code = "busy"
    title = "Busy"

    def __init__(self) -> None:
        super().__init__("The server is busy and stored nothing: try again in a moment.")


class SearchUnready(Busy):
    """Search cannot answer now."""

    code = "search-unready"
    title = "Search not ready"

    def __init__(self) -> None:
        Refusal.__init__(self, "Search is not ready, because its index is being built: try again in a moment.")


class StorageFull(Refusal):
    """No room is left."""

    code = "storage-full"
    title = "Storage full"

    def __init__(self) -> None:
        super().__init__("The server has no room left and stored nothing: ask its administrator to free some.")


class StorageLow(StorageFull):
    """Less room is left than the server keeps free."""

    code = "storage-low"
    title = "Storage low"

    def __init__(self) -> None:
        Refusal.__init__(
            self,
            "The server has too little room left and takes no packages until there is more: ask its administrator to "
            "free some.",
        )


class InternalError(Refusal):
    """A fault of ours; the log says which, the answer does not."""

    code = "internal-error"
    title = "Internal error"

    def __init__(self) -> None:
        super().__init__("The server failed: try again, and tell its administrator the request id if it stays so.")
