"""Which program a User-Agent means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motherlode.domain.user_agents import CLIENTS, client_of

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


@pytest.mark.parametrize(
    ("user_agent", "client"),
    [
        ("NuGet xplat/7.9.0 (LINUX)", "dotnet / MSBuild"),
        ("NuGet .NET Core MSBuild Task/7.9.0 (LINUX)", "dotnet / MSBuild"),
        ("NuGet Desktop MSBuild Task/6.12.1 (Microsoft Windows NT 10.0.22631.0)", "dotnet / MSBuild"),
        ("NuGet Client V3/7.9.0 (LINUX)", "NuGet client"),
        ("NuGet Command Line/5.8.0 (Unix 6.1.0.18)", "NuGet.exe"),
        ("NuGet Command Line/2.8.7.0 (Unix 6.1.0.18)", "NuGet.exe"),
        ("NuGet/2.8.7.0 (Unix 6.1.0.18)", "NuGet.exe"),
        ("NuGet VS VSIX/6.11.0 (Microsoft Windows NT 10.0.22631.0, VS Enterprise/17.0)", "Visual Studio"),
        ("Paket (12.0.0+0123456789)", "Paket"),
        ("curl/8.5.0", "curl"),
        ("Wget/1.21.4", "Wget"),
        (FIREFOX, "browser"),
        ("Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.22621.1", "PowerShell"),
        ("Mozilla/5.0 (compatible; ExampleBot/2.1; +http://bots.example)", "robot"),
        ("python-requests/2.32.0", "other"),
        ("  ", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_a_client_goes_by_one_name_whatever_its_version_and_system(user_agent, client):
    assert client_of(user_agent) == client


@given(st.text(max_size=200))
def test_every_text_has_a_name_out_of_a_short_list(user_agent):
    assert client_of(user_agent) in CLIENTS
    assert client_of(user_agent.upper()) in CLIENTS


def test_case_does_not_count_and_what_is_very_long_is_cut():
    assert client_of("NUGET XPLAT/7.9.0") == "dotnet / MSBuild"
    assert client_of("x" * 100_000 + "bot") == "other"
