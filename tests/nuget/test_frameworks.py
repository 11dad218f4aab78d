"""Target frameworks: every spelling leads to the same canonical and short name."""

import pytest

from motherlode.nuget.frameworks import Framework, find_framework, parse_framework


@pytest.mark.parametrize(
    ("text", "canonical", "short"),
    [
        ("net472", ".NETFramework,Version=v4.7.2", "net472"),
        (".NETFramework4.7.2", ".NETFramework,Version=v4.7.2", "net472"),
        (".netframework,version=v4.7.2", ".NETFramework,Version=v4.7.2", "net472"),
        ("net4", ".NETFramework,Version=v4.0", "net40"),
        ("4.0", ".NETFramework,Version=v4.0", "net40"),
        ("45", ".NETFramework,Version=v4.5", "net45"),
        ("3.5", ".NETFramework,Version=v3.5", "net35"),
        ("2", ".NETFramework,Version=v2.0", "net20"),
        ("net45-full", ".NETFramework,Version=v4.5", "net45"),
        ("net45-%43lient", ".NETFramework,Version=v4.5,Profile=Client", "net45-client"),
        ("dotnet", ".NETPlatform,Version=v5.0", "dotnet"),
        ("dotnet5.1", ".NETPlatform,Version=v5.1", "dotnet51"),
        ("winrt45", "WinRT,Version=v4.5", "winrt45"),
        ("net8.0-windows7", ".NETCoreApp,Version=v8.0,Platform=windows7.0", "net8.0-windows7.0"),
        ("NET40-Client", ".NETFramework,Version=v4.0,Profile=Client", "net40-client"),
        (".NETFramework3.5-Client", ".NETFramework,Version=v3.5,Profile=Client", "net35-client"),
        (".NETFramework,Version=v4.0,Profile=Client", ".NETFramework,Version=v4.0,Profile=Client", "net40-client"),
        ("net20-cf", ".NETFramework,Version=v2.0,Profile=CompactFramework", "net20-cf"),
        ("net4.10", ".NETFramework,Version=v4.10", "net4.10"),
        ("net5", ".NETCoreApp,Version=v5.0", "net5.0"),
        ("net8.0", ".NETCoreApp,Version=v8.0", "net8.0"),
        ("net10.0", ".NETCoreApp,Version=v10.0", "net10.0"),
        (".NETCoreApp,Version=v8.0", ".NETCoreApp,Version=v8.0", "net8.0"),
        ("netcoreapp3.1", ".NETCoreApp,Version=v3.1", "netcoreapp3.1"),
        ("net8.0-ios", ".NETCoreApp,Version=v8.0,Platform=ios", "net8.0-ios"),
        (
            "net8.0-Windows10.0.19041",
            ".NETCoreApp,Version=v8.0,Platform=windows10.0.19041",
            "net8.0-windows10.0.19041",
        ),
        (".NETStandard2.0", ".NETStandard,Version=v2.0", "netstandard2.0"),
        ("netstandard20", ".NETStandard,Version=v2.0", "netstandard2.0"),
        (".NETCore5.0", ".NETCore,Version=v5.0", "netcore50"),
        ("UAP10.0.16299", "UAP,Version=v10.0.16299", "uap10.0.16299"),
        ("Xamarin.iOS1.0", "Xamarin.iOS,Version=v1.0", "xamarinios10"),
        ("MonoAndroid1.0", "MonoAndroid,Version=v1.0", "monoandroid10"),
        ("WindowsPhoneApp8.1", "WindowsPhoneApp,Version=v8.1", "wpa81"),
        ("Windows8.0", "Windows,Version=v8.0", "win8"),
        ("sl4-windowsphone", "Silverlight,Version=v4.0,Profile=WindowsPhone", "sl4-wp"),
        ("netnano1.0", ".NETnanoFramework,Version=v1.0", "netnano1.0"),
        ("native", "native,Version=v0.0", "native"),
    ],
)
def test_a_name_leads_to_both_forms(text, canonical, short):
    framework = parse_framework(text)
    assert (framework.canonical, framework.short, framework.written) == (canonical, short, text)
    assert framework.is_supported
    assert parse_framework(canonical) == parse_framework(short) == framework
    assert str(framework) == short


@pytest.mark.parametrize(
    ("text", "canonical", "short"),
    [
        ("portable-net45+win8", ".NETPortable,Version=v0.0,Profile=Profile7", "portable-net45+win8"),
        ("portable-net45+winrt45", ".NETPortable,Version=v0.0,Profile=Profile7", "portable-net45+win8"),
        ("portable-net45+netcore", ".NETPortable,Version=v0.0,Profile=Profile7", "portable-net45+win8"),
        ("portable-net45+win8+xamarinmac", ".NETPortable,Version=v0.0,Profile=Profile7", "portable-net45+win8"),
        (
            "portable-net40+sl4+monotouch",
            ".NETPortable,Version=v0.0,Profile=monotouch+net40+sl4",
            "portable-monotouch+net40+sl4",
        ),
        ("portable-win8+net45", ".NETPortable,Version=v0.0,Profile=Profile7", "portable-net45+win8"),
        (
            "portable-net45+netcore45+wp80+MonoAndroid10+MonoTouch10+xamarinios10",
            ".NETPortable,Version=v0.0,Profile=Profile78",
            "portable-net45+win8+wp8",
        ),
        (
            ".NETPortable0.0-Profile259",
            ".NETPortable,Version=v0.0,Profile=Profile259",
            "portable-net45+win8+wp8+wpa81",
        ),
        (
            ".NETPortable4.5-profile259",
            ".NETPortable,Version=v4.5,Profile=Profile259",
            "portable-net45+win8+wp8+wpa81",
        ),
        ("portable-net45+dnxcore50", ".NETPortable,Version=v0.0,Profile=dnxcore50+net45", "portable-dnxcore50+net45"),
    ],
)
def test_a_portable_name_leads_to_its_profile_and_back(text, canonical, short):
    framework = parse_framework(text)
    assert (framework.canonical, framework.short) == (canonical, short)
    assert parse_framework(canonical) == framework
    assert parse_framework(short).short == short


@pytest.mark.parametrize(
    "text",
    [
        *(
            "spork7.0",
            "",
            "8.0",
            "net123456",
            "net4.5.6.7.8",
            "net8.0-",
            "net8.0-1",
            "net8.0-win!",
            "portable",
            "portable-",
        ),
        *(
            "portable-",
            "portable-spork",
            "portable-portable-net45",
            "portable-net40-client",
            ".NETFramework,Version=vX",
        ),
        *(".NETFramework,Color=red", "net45-a b", "net99999999999.0", ".NETPortable,Version=v0.0,Platform=ios", "<b>"),
        *(
            " net45",
            "net45 ",
            "451",
            "1.1",
            "any",
            "Unity",
            "Unity,Color=red",
            "portable-net45+win8-x",
            "net45-a\u0131",
        ),
        *(".NETFramework,Version=v4.5,Platform=ios", "portable-" * 9999, "net" * 9999),
    ],
)
def test_an_unknown_name_keeps_its_text(text):
    framework = parse_framework(text)
    assert not framework.is_supported
    assert framework.written == framework.canonical == framework.short == text


@pytest.mark.parametrize(
    ("text", "canonical", "short"),
    [
        ("Unity,Version=v2021.0", "Unity,Version=v2021.0", "unity2021.0"),
        ("Foo.Bar,Version=v1.0,Profile=A", "Foo.Bar,Version=v1.0,Profile=A", "foobar10-a"),
        (".NETFramework,Version=v4.0,Profile=Full", ".NETFramework,Version=v4.0,Profile=Full", "net40-full"),
    ],
)
def test_a_long_name_that_no_table_has_is_kept(text, canonical, short):
    framework = parse_framework(text)
    assert framework.is_supported
    assert (framework.canonical, framework.short) == (canonical, short)


@pytest.mark.parametrize(
    ("text", "is_readable"),
    [
        *((text, True) for text in ("spork7.0", "", " net45", "V4.5", ".NETFramework,Color=red", "portable-spork")),
        *((f".NETFramework,Version={version}", False) for version in ("V4.5", "vX", "v", "", "v1.2.3.4.5", "v-1")),
        *((text, False) for text in ("portable-net45+sl5+monotouch-netcore451", "portable-net40-client", ",", "!,x")),
        *((text, False) for text in ("portable-profile999", ".NETPortable,Version=v4.5", "a," + "b" * 300)),
    ],
)
def test_clients_stop_on_some_names_and_pass_over_others(text, is_readable):
    framework = parse_framework(text)
    assert not framework.is_supported
    assert framework.is_readable is is_readable


@pytest.mark.parametrize("text", [None, "", "any", "ANY", "any,Version=v1.0", ", any ,x"])
def test_a_group_without_a_framework_is_for_any(text):
    assert find_framework(text) is None


@pytest.mark.parametrize("text", [" ", " any", "any ", "anything", "agnostic", "net8.0"])
def test_a_group_with_a_framework_is_for_that(text):
    assert find_framework(text) == parse_framework(text)


def test_equality_is_by_canonical_name_and_ignores_case():
    assert parse_framework("net45") == parse_framework(".NETFramework,Version=v4.5")
    assert parse_framework("Spork7") == parse_framework("spork7")
    assert len({parse_framework("net8.0"), parse_framework("NET8.0"), parse_framework("net9.0")}) == 2
    assert Framework("x", "X", "x") == Framework("y", "x", "y")


def test_folder_version_one_digit_for_old_phone_and_store_frameworks():
    assert [parse_framework(text).short for text in ("wp80", "wp8", "sl50", "win81", "wp")] == [
        *("wp8", "wp8", "sl5", "win81", "wp"),
    ]
