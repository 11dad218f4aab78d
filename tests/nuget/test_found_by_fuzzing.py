"""Inputs that a fuzzer once broke a promise with, as small as they get."""

from motherlode.nuget.nuspec.parser import parse_nuspec
from motherlode.nuget.ranges import MAX_RANGE_LENGTH, parse_range
from tests.support.builders import nuspec


def test_what_the_xml_parser_says_is_shown_on_one_line_and_printable():
    """It quotes the document: an address of a namespace came through with code points that nobody can see."""
    (fault,) = parse_nuspec(nuspec(namespace="http://a\u3100\ue000\u202e{}", more="<a>")).faults
    assert fault.code == "nuspec-not-xml"
    assert fault.message.isprintable()


def test_an_exact_range_of_a_long_version_prints_longer_than_a_range_may_be():
    """The printed form names the version twice; it is for documents and never read back."""
    label = "z" * (MAX_RANGE_LENGTH - len("[1.0.0-]"))
    versions = parse_range(f"[1.0.0-{label}]")
    assert versions.normalized == f"[1.0.0-{label}, 1.0.0-{label}]"
