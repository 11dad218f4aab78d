"""License expressions as NuGet reads them, and which licenses are open."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motherlode.nuget.licenses import InvalidLicense, LicenseExpression, UnknownLicense, is_open, parse_license


@pytest.mark.parametrize(
    ("text", "licenses", "exceptions"),
    [
        ("MIT", ("MIT",), ()),
        (" MIT ", ("MIT",), ()),
        ("((MIT))", ("MIT",), ()),
        ("MIT OR MIT", ("MIT",), ()),
        ("Apache-2.0+", ("Apache-2.0",), ()),
        ("MIT OR (Apache-2.0 AND 0BSD)", ("MIT", "Apache-2.0", "0BSD"), ()),
        ("GPL-2.0-only WITH Classpath-exception-2.0", ("GPL-2.0-only",), ("Classpath-exception-2.0",)),
        (
            "(MIT OR Apache-2.0) AND GPL-2.0-or-later+ WITH GCC-exception-3.1",
            ("MIT", "Apache-2.0", "GPL-2.0-or-later"),
            ("GCC-exception-3.1",),
        ),
        ("UNLICENSED", ("UNLICENSED",), ()),
    ],
)
def test_an_expression_names_licenses_and_exceptions(text, licenses, exceptions):
    assert parse_license(text) == LicenseExpression(licenses, exceptions)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "()",
            "MIT AND",
            "AND",
            "OR MIT",
            "MIT 0BSD",
            "MIT AND OR 0BSD",
            "MIT()",
            "(MIT)(0BSD)",
            "MIT (0BSD)",
            "MIT OR (0BSD) ISC",
            "MIT OR (AND Apache-2.0)",
        ),
        *(
            "(MIT",
            "MIT)",
            ")MIT(",
            "MIT/0BSD",
            "MIT,0BSD",
            "MIT & 0BSD",
            "MIT\tAND 0BSD",
            "MIT\nAND 0BSD",
            "(MIT)AND(0BSD)",
            "MIT OR(0BSD)",
            "(OR MIT",
            "(AND MIT)",
            "MIT | 0BSD",
            "MIT and 0BSD",
            "MIT Or 0BSD",
        ),
        *("(MIT) WITH Classpath-exception-2.0", "MIT WITH", "WITH MIT", "MIT WITH (Classpath-exception-2.0)"),
        *(
            "GPL-2.0-only with Classpath-exception-2.0",
            "A WITH B WITH C",
            "MIT OR UNLICENSED",
            "(UNLICENSED)",
            "UNLICENSED+",
        ),
        *(
            "(OR MIT",
            "(AND MIT)",
            "MIT OR (AND Apache-2.0)",
            "(WITH MIT)",
            "(MIT OR",
            "((",
            "))",
            "() MIT",
            "AND (",
            "OR ()",
        ),
        *("LicenseRef_1", "MIT\0", "МIT", "MIT AND " * 70 + "MIT", "(" * 300 + "MIT" + ")" * 300),
    ],
)
def test_what_nuget_does_not_read_is_no_expression(text):
    with pytest.raises(InvalidLicense) as refused:
        parse_license(text)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    "text",
    [
        *("mit", "Mit", "Acme-1.0", "MIT OR Acme-1.0", "NOT", "GPL-2.0", "GPL-2.0+", "LGPL-2.1 OR MIT", "MIT++"),
        *("Classpath-exception-2.0", "MIT WITH MIT", "MIT WITH Acme-exception", "LicenseRef-1"),
        *("GPL-2.0-only WITH Nokia-Qt-exception-1.1",),
    ],
)
def test_what_is_not_on_the_list_is_unknown(text):
    with pytest.raises(UnknownLicense, match=r"SPDX"):
        parse_license(text)


@pytest.mark.parametrize(
    ("license_id", "expected"),
    [
        ("MIT", True),
        ("Apache-2.0", True),
        ("WTFPL", True),  # by the FSF alone
        ("0BSD", True),  # by the OSI alone
        ("CC-BY-NC-4.0", False),
        ("UNLICENSED", False),
        ("Acme-1.0", False),
    ],
)
def test_open_is_what_the_osi_or_the_fsf_calls_so(license_id, expected):
    assert is_open(license_id) is expected


def test_closed_licenses_are_listed():
    expression = parse_license("MIT OR CC-BY-NC-4.0 OR SSPL-1.0")
    assert expression.closed_licenses == ("CC-BY-NC-4.0", "SSPL-1.0")


@given(st.lists(st.sampled_from(("MIT", "0BSD", "AND", "OR", "WITH", "(", ")", "+", "GCC-exception-3.1")), max_size=12))
def test_any_row_of_words_is_an_expression_or_is_refused(words):
    with suppress(InvalidLicense):
        assert parse_license(" ".join(words)).licenses
