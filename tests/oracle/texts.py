"""Texts as publishers, tools and attackers write them: addresses, versions, ranges, frameworks, ids, licenses.

Each maker draws one text from a source of chance. Most are put together by the grammar of their kind from sound and odd
pieces; some are then damaged in one place, since readers differ at the edges of what is valid.
"""

from collections.abc import Callable, Sequence
from random import Random
from typing import Final

Maker = Callable[[Random], str]


def _words(text: str, *more: str) -> tuple[str, ...]:
    """The words of the text, and what holds a blank or nothing."""
    return (*text.split(), *more)


_BLANKS: Final = (" ", "\t", "\n", "\u00a0", "\u3000", "\u200b", "\ufeff", "\x1f", "\x85")
_ODD: Final = (
    *_BLANKS,
    "١",
    "１",
    "é",
    "\u0301",
    "\u200d",
    "\u202e",
    "İ",
    "K",
    "\ue000",
    "\uffff",
    "😀",
    "%",
    "&",
)
_MARKS: Final = tuple(".-+,_/\\@:[](){}*#?=;|'\"<>~^$!v0V19aZ")


def make_texts(make: Maker, count: int, seed: int) -> list[str]:
    """That many texts, always the same of one seed; about one in four is damaged."""
    chance = Random(seed)
    made = (make(chance) for _ in range(count))
    return [_damage(text, chance) if chance.random() < 0.25 else text for text in made]


def _damage(text: str, chance: Random) -> str:
    place = chance.randint(0, len(text))
    kind = chance.randrange(4)
    if kind == 0:
        return text[:place] + text[place + 1 :]
    if kind == 1:
        return text[:place] + text[max(0, place - 2) : place] + text[place:]
    if kind == 2:
        return chance.choice(_BLANKS) + text if chance.random() < 0.5 else text + chance.choice(_BLANKS)
    return text[:place] + chance.choice(_ODD if chance.random() < 0.3 else _MARKS) + text[place:]


def _some(chance: Random, pieces: Sequence[str], most: int, joint: str = "") -> str:
    return joint.join(chance.choice(pieces) for _ in range(chance.randint(1, most)))


def _maybe(chance: Random, share: float, text: str) -> str:
    return text if chance.random() < share else ""


_SCHEMES: Final = (*("https",) * 8, "http", "HTTP", "git", "ssh", "ftp", "javascript", "file", "data", "https+git", "")
_AFTER_SCHEME: Final = (*("://",) * 12, ":", ":/", ":///", ":\\\\", "://\\", "//", ":\t//")
_LABELS: Final = (
    *("a", "example", "www", "a-b", "a_b", "x1", "1x", "com", "xn--mller-kva", "xn--e1afmkfd", "müller", "пример"),
    *("例え", "-a", "a-", "_", "xn--", "xn--a", "xn--zzzzz99", "xn--mller-kvaa", "a" * 63, "a" * 64, "é" * 63, "ß", ""),
    *(
        "١٢",
        "a１",
        "１２",
        "०",
        "ｅx",
        "İ",
        "\u200d",
        "a\u0301",
        "א",
        "אa",
        "한글",
        "नी",
        "😀",
        "a·b",
        "a%41",
        "a b",
        "a;b",
    ),
    *("日" + "a" * 58, "e\u0301", "K", "ſ", "a。b", "\u00ad", "é-", "-é", "aé--b", "0x7f", "1", "255", "256", "01"),
)
_IPS: Final = (
    *("127.0.0.1", "1.2.3.4.5", "999.1.1.1", "123", "0x7f.1", "01.02.03.04", "[::1]", "[::ffff:1.2.3.4]", "[v1.a]"),
    *(
        "[::1%25eth0]",
        "[fe80::1%eth0]",
        "[zz]",
        "[]",
        "[::1",
        "::1",
        "a[::1]b",
        "[::1]x",
        "[1:2:3:4:5:6:7:8:9]",
        "[::١]",
    ),
)
_PORTS: Final = (":80", ":0", ":65535", ":65536", ":", ":00080", ":+80", ":-1", ":a", ":８０", ":99999999999", ":80:80")
_USERS: Final = ("me@", "me:secret@", "@", "me@corp.example@", ":@", "a%40b@", "é@", "[@", "me@[::1]@")
_PATHS: Final = (
    *(
        "/",
        "/a",
        "/i.png",
        "/..",
        "/../..",
        "//",
        "/%20",
        "/%",
        "/%zz",
        "/%C3%A9",
        "/%00",
        "/%FF",
        "/é",
        "/日本",
        "/😀",
    ),
    *(
        "/{x}",
        "/a|b",
        "/a b",
        "/\\",
        "/[x]",
        "/a@b",
        "/a:b",
        '/"',
        "/<b>",
        "/^",
        "/`",
        "/\u202e",
        "/\ufeff",
        "/'",
        "/~",
    ),
    *("/e\u0301", "/\u2028", "/x" * 1900, "/(MIT)", "/;p=1", "/\ue000", "/\uffff", "/\x7f", "/$", "/*"),
)
_TAILS: Final = ("?", "?a=b", "?a[]=1", "?x=é", "?a b", "#", "#x", "#a#b", "?#", "#?", "?\\", "?%", "#%zz")


def make_address(chance: Random) -> str:
    """An address, of a web page or of something that looks like one."""
    labels = _LABELS[:12] if chance.random() < 0.6 else _LABELS
    name = _some(chance, labels, 4 if chance.random() < 0.9 else 40, ".") + _maybe(chance, 0.05, ".")
    host = chance.choice(_IPS) if chance.random() < 0.15 else name
    start = chance.choice(_SCHEMES[:9] if chance.random() < 0.8 else _SCHEMES) + (
        "://" if chance.random() < 0.8 else chance.choice(_AFTER_SCHEME)
    )
    port = chance.choice(_PORTS) if chance.random() < 0.15 else ""
    path = _maybe(chance, 0.8, _some(chance, _PATHS if chance.random() < 0.4 else _PATHS[:5], 3))
    tail = chance.choice(_TAILS) if chance.random() < 0.2 else ""
    user = chance.choice(_USERS) if chance.random() < 0.1 else ""
    return start + user + host + port + path + tail


_NUMBERS: Final = (
    *("0", "1", "2", "3", "10", "12", "00", "01", "007", "2147483647", "2147483648", "99999999999", "4294967295"),
    *("0000000000001", "-1", "+1", "1e3", "0x1", "", " 1", "1 ", "١", "１", "*", "a"),
)
_VERSION_LABELS: Final = (
    *("a", "beta", "Beta", "rc", "1", "10", "0", "-", "--", "a-b", "-5", "0a", "x1", "20240101000000", "2147483648"),
    *("01", "00", "-01", "", "é", "a_b", "a b", "*", "١", "\u200b", "a" * 70),
)
_METADATA: Final = ("b", "1", "001", "sha-abc", "-", "", "é", "a_b", "+", "a b")


def make_version(chance: Random) -> str:
    """A version."""
    sound = chance.random() < 0.7
    numbers = _some(chance, _NUMBERS[:9] if sound else _NUMBERS, 4 if sound else 5, ".")
    labels = _VERSION_LABELS[:14] if sound else _VERSION_LABELS
    label = f"-{_some(chance, labels, 3, '.')}" if chance.random() < 0.5 else ""
    metadata = f"+{_some(chance, _METADATA[:5] if sound else _METADATA, 2, '.')}" if chance.random() < 0.25 else ""
    blank = " " if chance.random() < 0.03 else ""
    return numbers + blank + label + metadata


def make_range(chance: Random) -> str:
    """A version range."""
    first, second = (make_version(chance) if chance.random() < 0.3 else _plain_version(chance) for _ in range(2))
    if chance.random() < 0.1:
        second = first
    blank = chance.choice(("", "", " ", "  ", "\t")) if chance.random() < 0.99 else " " * 300
    inner = chance.choice(
        (first, f"{first},{second}", f"{first}, {second}", f"{first},", f",{second}", f"{first} , {second}", ",", blank)
    )
    if chance.random() < 0.05:
        inner += f",{first}"
    opening = chance.choice(("[", "(", "[", "(", "", "{", "[["))
    closing = chance.choice(("]", ")", "]", ")", "", "}", "))"))
    if chance.random() < 0.2:
        return chance.choice((first, f"{first}*", f"{first}.*", "*", f"{first}-*", "*-*"))
    return f"{blank}{opening}{blank}{inner}{blank}{closing}"


def _plain_version(chance: Random) -> str:
    return _some(chance, ("0", "1", "2", "3"), 4, ".") + chance.choice(("", "", "", "-a", "-beta.1", "+m"))


SHORT_NAMES: Final = _words(
    "net net net netstandard netcoreapp portable dotnet netstandardapp netcore netmf sl wp wpa win winrt uap "
    "tizen aspnet aspnetcore dnx dnxcore native monoandroid monotouch monomac xamarinios xamarinmac xamarintvos "
    "xamarinwatchos xamarinpsthree netnano xamarinpsfour xamarinpsvita xamarinxboxthreesixty xamarinxboxone any "
    "agnostic unsupported"
)
LONG_NAMES: Final = _words(
    ".NETFramework .NETFramework .NETStandard .NETCoreApp .NETPortable .NETPlatform .NETCore .NETStandardApp "
    ".NETMicroFramework .NETnanoFramework ASP.NET ASP.NETCore DNX DNXCore UAP Silverlight Windows WindowsPhone "
    "WindowsPhoneApp WinRT Tizen native MonoAndroid MonoMac MonoTouch Xamarin.iOS Xamarin.Mac Xamarin.TVOS "
    "Xamarin.WatchOS Xamarin.PlayStation3 Xamarin.PlayStation4 Xamarin.PlayStationVita Xamarin.Xbox360 "
    "Xamarin.XboxOne Xamarin.PlayStationThree XamarinPlayStationFour NETFramework .NET NETCore NETPortable"
)
_FOREIGN_NAMES: Final = _words(
    "Unity Any Agnostic Unsupported spork Foo.Bar Foo1 netmicroframework netplatform Version=v1.0"
)
_LONG_NAMES: Final = (*LONG_NAMES, *_FOREIGN_NAMES)
_FRAMEWORK_NUMBERS: Final = _words(
    "0 1 2 4 5 8 10 20 35 40 45 451 472 50 81 100 403 4721 0.0 1.0 1.6 2.0 2.1 3.5 4.0 4.5 4.5.1 4.7.2 5.0 5.1 "
    "5.4 6.0 8.0 8.1 9.0 10.0 10.0.16299 4.10 1.2.3.4 1.2.3.4.5 2021.0 47200 472000 4. 4..5 .5 12345678901 "
    "2147483648.0 1.0.0.0 00 045 0.5 4.05 x ٤",
    "",
)
_PROFILES: Final = _words(
    "client Client full Full cf CompactFramework wp wp71 windowsphone WindowsPhone71 windows windows7.0 "
    "windows10.0.19041.0 Android31.0 ios foo foo7 net45+win8 Profile7 profile259 Profile999 net45+sl5+monotouch "
    "net45+sl5+monotouch-netcore451 net40-client+sl5 a.b net45+winrt45 net45+netcore45 windows8 maccatalyst 1 a_b "
    "a+b - é windows7.x 7.0 win.dows",
    "a b",
    "",
)
_IN_PORTABLE: Final = _words(
    "net45 net4 net40 net403 net451 sl4 sl5 sl50 win8 win win80 win81 wp7 wp71 wp75 wp8 wp80 wp81 wpa81 wpa "
    "netcore45 netcore451 winrt45 winrt wp windows8 windowsphone8 windowsphoneapp81 monoandroid monoandroid10 "
    "monotouch monotouch10 xamarinios10 xamarin.ios10 xamarinmac monomac foo net45-client uap10.0 netstandard1.0 "
    "NET45 WP8 xamarinwatchos xamarintvos xamarinxboxone net5.0 .netframework4.5 portable dnxcore50 aspnet50",
    "",
)
_OLD_FOLDERS: Final = (
    *("4.0", "40", "4", "45", "4.5", "35", "3.5", "2", "2.0", "20", "1.1", "11", "451", "4.5.1", "3", "3.0", "30", "1"),
    *("_._", "any", "ANY", "net%34%35", "net45%2Bwin8", "portable-net45%2Bwin8", "netstandard2%2E0", "net45%20"),
)


def make_framework(chance: Random) -> str:
    """A target framework, as a folder or a nuspec names it."""
    kind = chance.random()
    if kind < 0.06:
        return chance.choice(_OLD_FOLDERS)
    if kind < 0.3:
        version = chance.choice(("", "", "", "45", "0.0", "4.5"))
        return f"{chance.choice(('portable', 'portable', '.NETPortable', 'Portable'))}{version}-" + _some(
            chance, _IN_PORTABLE[:24] if chance.random() < 0.7 else _IN_PORTABLE, 6, "+"
        )
    if kind < 0.6:
        name = chance.choice(_LONG_NAMES if chance.random() < 0.3 else SHORT_NAMES)
        profile = f"-{chance.choice(_PROFILES)}" if chance.random() < 0.3 else ""
        return _recase(f"{name}{chance.choice(_FRAMEWORK_NUMBERS)}{profile}", chance)
    return _recase(_long_framework(chance), chance)


def _long_framework(chance: Random) -> str:
    comma = chance.choice((",", ",", ",", ", ", " ,"))
    name = chance.choice(SHORT_NAMES if chance.random() < 0.15 else _LONG_NAMES)
    v = chance.choice(("v", "v", "v", "v", "", "V", "vv", " v"))
    parts = [name, f"Version={v}{chance.choice(_FRAMEWORK_NUMBERS)}"]
    if chance.random() < 0.3:
        parts.append(f"Profile={chance.choice(_PROFILES)}")
    if chance.random() < 0.08:
        extras = ("Platform=windows", "Profile=", "Version", "Foo=Bar", "", "Version=v4.5", "profile = x", "Profile")
        parts.append(chance.choice(extras))
    if chance.random() < 0.05:
        parts.reverse()
    if chance.random() < 0.05:
        parts.pop()
    return comma.join(parts)


def _recase(text: str, chance: Random) -> str:
    return chance.choice((text, text, text, text.lower(), text.upper()))


_ID_PARTS: Final = (
    *(
        "A",
        "Acme",
        "widgets",
        "x1",
        "1",
        "_",
        "a_b",
        "Größe",
        "例え",
        "пакет",
        "K",
        "İ",
        "ß",
        "ſ",
        "e\u0301",
        "١",
        "１",
    ),
    *(
        "\u200d",
        "\u200c",
        "\u00ad",
        "\u034f",
        "\ufe0f",
        "\u115f",
        "\u3164",
        "\u17b4",
        "\ufeff",
        "\u2060",
        "\u202e",
        "\ud7ff",
    ),
    *("a b", "a+b", "a/b", "..", "", "-", ".", "~", "%41", "😀", "\U00010428", "Ⅷ", "ⓐ", "²", "ª", "_" * 50, "a" * 100),
    *("con", "nul", "\u203f", "\uff3f", "\u0488", "\u0903", "\u0902", "ǅ", "ʰ", "\ufdd0", "\ue000"),
)


def make_id(chance: Random) -> str:
    """A package id."""
    parts = _ID_PARTS[:7] if chance.random() < 0.5 else _ID_PARTS
    text = chance.choice(parts)
    for _ in range(chance.randrange(4)):
        text += chance.choice((".", "-", "", ".", "--", "..")[: 2 if chance.random() < 0.8 else 6]) + chance.choice(
            parts
        )
    return text


_LICENSES: Final = (
    *("MIT", "Apache-2.0", "GPL-2.0-only", "GPL-3.0-or-later", "LGPL-2.1-only", "BSD-3-Clause", "CC-BY-NC-4.0", "ISC"),
    *("MIT+", "GPL-2.0", "GPL-2.0+", "mit", "UNLICENSED", "Acme-1.0", "LicenseRef-Acme", "DocumentRef-a:LicenseRef-b"),
    *("0BSD", "Unlicense", "eCos-2.0", "Nokia", "NONE", "NOASSERTION", "AND", "A.B", "a_b", "MIT++", "+", "", "É"),
)
_EXCEPTIONS: Final = (
    *(
        "Classpath-exception-2.0",
        "LLVM-exception",
        "GCC-exception-3.1",
        "Nokia-Qt-exception-1.1",
        "MIT",
        "Foo-exception",
    ),
    *("classpath-exception-2.0", "GPL-CC-1.0", ""),
)


def make_license(chance: Random) -> str:
    """A license expression."""
    return _some(chance, _LICENSES[:8], 90, " OR ") if chance.random() < 0.02 else _expression(chance, 3)


def _expression(chance: Random, depth: int) -> str:
    kind = chance.random()
    license_id = chance.choice(_LICENSES[:8] if chance.random() < 0.75 else _LICENSES)
    if depth == 0 or kind < 0.35:
        return license_id
    if kind < 0.5:
        operand = license_id if chance.random() < 0.85 else f"({_expression(chance, depth - 1)})"
        exception = chance.choice(_EXCEPTIONS[:4] if chance.random() < 0.7 else _EXCEPTIONS)
        return f"{operand}{chance.choice((' WITH ',) * 9 + (' with ',))}{exception}"
    if kind < 0.65:
        opening, closing = chance.choice(
            (("(", ")"),) * 8 + (("(", ""), ("", ")"), ("( ", " )"), ("((", "))"), ("[", "]"))
        )
        return f"{opening}{_expression(chance, depth - 1)}{closing}"
    operator = chance.choice(
        (" AND ", " OR ", " AND ", " OR ", " AND ", " OR ", " and ", " ", "  OR  ", "AND", "/", " OR\t")
    )
    return f"{_expression(chance, depth - 1)}{operator}{_expression(chance, depth - 1)}"
