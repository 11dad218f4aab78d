"""Rules for the icon and the readme, and for the size of all files that pages show."""

from collections.abc import Iterator

from motherlode.nuget.embedded_files import Role, is_image, is_text
from motherlode.nuget.faults import Fault
from motherlode.nuget.quoting import quote
from motherlode.nuget.validation.rule import Rule, Severity, Subject

_EMPTY = "The <{}> element is empty. Name a file in the package, or remove the element."
_IMAGE_NAMES = (".png", ".jpg", ".jpeg")


def check_sizes(subject: Subject) -> Iterator[Fault]:
    """Check the sizes of the icon, the readme and the license file."""
    most = subject.limits.max_embedded_bytes
    for each in subject.embedded:
        if each.role in (Role.ICON, Role.README, Role.LICENSE) and each.entry is not None and each.entry.size > most:
            message = f"The {each.role} {quote(each.name)} is larger than {most} bytes. Make it smaller."
            yield Fault("embedded-too-large", message)


def check_icon(subject: Subject) -> Iterator[Fault]:
    """Check the icon: that it is in the package, its name, its first bytes."""
    icon = subject.find_embedded(Role.ICON)
    if icon is None:
        if subject.find_element("icon") is not None:
            yield Fault("icon-not-packed", _EMPTY.format("icon"))
        elif subject.text_of("iconUrl"):
            yield Fault(
                "icon-address-old", "The <iconUrl> element is deprecated. Pack the image and name it in <icon>."
            )
        return
    if icon.entry is None:
        message = (
            f"The icon {quote(icon.path)} is not in the package (names are case-sensitive). Pack it, or correct <icon>."
        )
        yield Fault("icon-not-packed", message)
        return
    is_named = icon.name.lower().endswith(_IMAGE_NAMES)
    if not is_named:
        message = f"The icon {quote(icon.name)} must be a .png or .jpg file."
        yield Fault("icon-extension", message)
    if icon.content is not None and is_named and not is_image(icon.content):
        message = f"The icon {quote(icon.name)} is not a PNG or JPEG image, although its name says so. Save it as one."
        yield Fault("icon-not-image", message)


def check_readme(subject: Subject) -> Iterator[Fault]:
    """Check the readme: that it is in the package, its name, its text."""
    readme = subject.find_embedded(Role.README)
    if readme is None and subject.find_element("readme") is not None:
        yield Fault("readme-not-packed", _EMPTY.format("readme"))
        return
    if readme is None:
        message = "The package has no readme. Pack a README.md and name it in <readme>."
        yield Fault("readme-missing", message)
        return
    name = quote(readme.name)
    if readme.entry is None:
        message = f"The readme {name} is not in the package. Pack it, or correct <readme>."
        yield Fault("readme-not-packed", message)
        return
    if not readme.name.lower().endswith(".md"):
        yield Fault("readme-extension", f"The readme {name} must be a .md file.")
    if readme.content is None:
        return
    if not readme.content:
        yield Fault("readme-empty", f"The readme {name} is empty. Write it, or remove <readme>.")
    if not is_text(readme.content):
        yield Fault(
            "readme-not-text",
            f"The readme {name} contains control characters, so it is not text. Save it as UTF-8 text.",
        )
    elif not _is_utf8(readme.content):
        message = f"The readme {name} is not UTF-8, so some characters cannot be shown. Save it as UTF-8."
        yield Fault("readme-not-utf8", message)


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


_ICON, _README = "nuget.org, icon", "nuget.org, readme"

RULES = (
    Rule(
        "embedded-too-large",
        Severity.GALLERY,
        "nuget.org, embedded files",
        "The icon, readme or license file is larger than 1 MiB.",
        "an icon of 2 MiB",
        check_sizes,
    ),
    Rule(
        "icon-not-packed",
        Severity.GALLERY,
        _ICON,
        "The icon is not in the package.",
        "<icon>images/icon.png</icon>, packed as icon.png",
        check_icon,
    ),
    Rule(
        "icon-extension",
        Severity.GALLERY,
        _ICON,
        "The icon is not a .png, .jpg or .jpeg file.",
        "<icon>icon.svg</icon>",
        check_icon,
    ),
    Rule(
        "icon-not-image",
        Severity.GALLERY,
        _ICON,
        "The content of the icon is not a PNG or JPEG image.",
        "HTML named icon.png",
        check_icon,
    ),
    Rule(
        "icon-address-old",
        Severity.WARNING,
        "NuGet, nuspec reference (NU5048)",
        "There is an <iconUrl> but no <icon>.",
        "<iconUrl>https://a.example/icon.png</iconUrl>",
        check_icon,
    ),
    Rule("readme-missing", Severity.WARNING, _README, "There is no readme.", "no <readme>", check_readme),
    Rule(
        "readme-not-packed",
        Severity.GALLERY,
        _README,
        "The readme is not in the package.",
        "<readme>docs/README.md</readme>, packed as README.md",
        check_readme,
    ),
    Rule(
        "readme-extension",
        Severity.GALLERY,
        _README,
        "The readme is not a .md file.",
        "<readme>README.txt</readme>",
        check_readme,
    ),
    Rule(
        "readme-empty", Severity.GALLERY, _README, "The readme is empty.", "a README.md without content", check_readme
    ),
    Rule(
        "readme-not-text",
        Severity.GALLERY,
        _README,
        "The readme contains control characters.",
        "a README.md with a NUL",
        check_readme,
    ),
    Rule(
        "readme-not-utf8",
        Severity.WARNING,
        _README,
        "The readme is not UTF-8; invalid bytes are shown as �.",
        "a README.md in Latin-1",
        check_readme,
    ),
)
