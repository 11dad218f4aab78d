"""Refusals: the tree of classes, and the three ways in which one travels."""

import inspect
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motherlode.domain import refusals
from motherlode.domain.refusals import InvalidPackage, NoSuchRole, NotAMember, NotAnOwner, NotInvited, Refusal
from motherlode.nuget.faults import Fault
from motherlode.web.refusal_responses import MAX_WARNING_BYTES, problem_response, status_of, warning_lines

KINDS = [kind for _, kind in inspect.getmembers(refusals, inspect.isclass) if issubclass(kind, Refusal)]
ARGUMENTS = {
    "faults": [Fault("a", "First: mend it."), Fault("b", "Second: mend it too.")],
    "max_bytes": 1000,
    "size": 1000,
    "what": "Acme.Widgets 1.0.0",
    "name": "other",
    "team": "Widgets",
    "value": "ten",
    "key_id": "key-1",
    "folder": "/data",
    "method": "PATCH",
    "allowed": ("GET", "HEAD"),
    "timeout_s": 60.0,
    "text": "no name",
    "package_id": "Acme.Widgets",
    "feed": "default",
    "kind": "user",
    "least": "4.1.0",
    "retry_after_s": 7,
    "may_sign_in": True,
    "rejection_reason": "its holder is disabled",
    "wanted": "number",
    "file": "/data/motherlode.db",
    "reason": "is a folder",
    "versions": 2,
}
STATUSES = {
    "Invalid": 400,
    "InvalidPackage": 400,
    "InvalidForm": 400,
    "EncodedBody": 415,
    "IncompleteBody": 400,
    "OldProtocol": 400,
    "PackageTooLarge": 413,
    "InvalidRange": 416,
    "SignInNeeded": 401,
    "SignInRefused": 401,
    "KeyMissing": 401,
    "KeyRefused": 403,
    "NotAllowed": 403,
    "NotFound": 404,
    "NoSuchVersion": 404,
    "NoSuchFeed": 404,
    "NoSuchId": 404,
    "NoSuchAddress": 404,
    "MethodRefused": 405,
    "AlreadyExists": 409,
    "SlowBody": 408,
    "Busy": 503,
    "StorageFull": 507,
    "InternalError": 500,
}


def example(kind):
    """A refusal of that class, as it is raised."""
    if kind.__init__ is Exception.__init__:
        return kind("This cannot be: do that.")
    names = list(inspect.signature(kind).parameters)
    return kind(**{name: ARGUMENTS[name] for name in names})


def drawn_parents():
    """The tree in the module's docstring: each class with its parent."""
    lines = re.findall(r"^    ((?:[│├└─ ]*))(\w+)", refusals.__doc__, re.MULTILINE)
    path, parents = {}, {}
    for branch, name in lines:
        depth = len(branch) // 4
        path[depth] = name
        parents[name] = path.get(depth - 1)
    return parents


def test_the_tree_in_the_docstring_is_the_tree_of_classes():
    parents = {kind.__name__: kind.__base__.__name__ for kind in KINDS}
    assert drawn_parents() == parents | {"Refusal": None}


def test_codes_are_unique_and_in_kebab_case():
    own = [kind for kind in KINDS if not (issubclass(kind, NoSuchRole) and kind is not NoSuchRole)]
    codes = [kind.code for kind in own]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", code) for code in codes)
    assert all("code" in vars(kind) and "title" in vars(kind) for kind in own)


def test_refusals_about_relations_of_accounts_share_a_code():
    assert {kind.code for kind in (NotInvited, NotAMember, NotAnOwner)} == {NoSuchRole.code}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_refusal_is_one_sentence_in_one_line(kind):
    sentence = str(example(kind))
    assert sentence
    assert sentence == " ".join(sentence.split())


@pytest.mark.parametrize("name", STATUSES)
def test_each_refusal_of_a_request_has_its_status(name):
    assert status_of(example(getattr(refusals, name))) == STATUSES[name]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("is_write", [True, False])
def test_a_refusal_travels_as_status_problem_and_warning(kind, is_write):
    refusal = example(kind)
    said = refusal.public or str(refusal)
    response = problem_response(refusal, request_id="r1", is_write=is_write)
    problem = json.loads(response.body)
    assert response.status_code == problem["status"] == status_of(refusal) >= 400
    assert response.headers["Content-Type"] == "application/problem+json"
    assert next(iter(problem)) == "detail"
    assert (problem["detail"], problem["code"], problem["request_id"]) == (said, kind.code, "r1")
    assert problem["title"] == kind.title
    warnings = response.headers.getlist("X-NuGet-Warning")
    assert warnings == (warning_lines([fault.message for fault in refusal.faults] or [said]) if is_write else [])


def test_several_faults_are_several_warnings_and_all_of_them_are_in_the_body():
    faults = [Fault(f"fault-{number}", f"Fault {number}: {'x' * 200}") for number in range(30)]
    response = problem_response(InvalidPackage(faults), request_id="r1", is_write=True)
    assert json.loads(response.body)["faults"] == [{"code": fault.code, "message": fault.message} for fault in faults]
    warnings = response.headers.getlist("X-NuGet-Warning")
    assert warnings[:-1] == [fault.message for fault in faults[: len(warnings) - 1]]
    assert warnings[-1].startswith(f"There are {30 - len(warnings) + 1} more faults")


def test_a_missing_key_asks_for_one_without_a_basic_challenge():
    """Clients without a login answer that by sending the whole package again."""
    challenge = problem_response(refusals.KeyMissing(), request_id="r", is_write=True).headers["WWW-Authenticate"]
    assert challenge.startswith("ApiKey")
    assert "basic" not in challenge.lower()


def test_a_missing_key_asks_for_a_login_where_one_could_bring_it():
    refusal = refusals.KeyMissing(may_sign_in=True)
    challenges = problem_response(refusal, request_id="r", is_write=True).headers.getlist("WWW-Authenticate")
    assert challenges == ['Basic realm="Motherlode", charset="UTF-8"']


@pytest.mark.parametrize("refusal", [refusals.SignInNeeded(), refusals.SignInRefused()])
def test_clients_are_asked_for_a_login_and_browsers_do_not_ask_for_one_by_themselves(refusal):
    def challenges(*, is_browser):
        response = problem_response(refusal, request_id="r", is_write=False, is_browser=is_browser)
        return response.headers.getlist("WWW-Authenticate")

    assert challenges(is_browser=False) == ['Basic realm="Motherlode", charset="UTF-8"']
    assert challenges(is_browser=True) == ['Bearer realm="Motherlode"']


@pytest.mark.parametrize(
    ("refusal", "name", "value"),
    [
        (refusals.MethodRefused("PATCH", ("GET", "HEAD")), "Allow", "GET, HEAD"),
        (refusals.InvalidRange(42), "Content-Range", "bytes */42"),
        (refusals.Busy(), "Retry-After", "3"),
        (refusals.SignInRefused(7), "Retry-After", "7"),
    ],
)
def test_what_a_status_needs_beside_itself_is_there(refusal, name, value):
    assert problem_response(refusal, request_id="r", is_write=True).headers[name] == value


def test_a_text_that_no_encoding_has_still_makes_an_answer():
    response = problem_response(refusals.NoSuchAddress("\ud800 ☃ \x00"), request_id="r", is_write=True)
    assert "☃" in json.loads(response.body)["detail"]
    assert response.headers["X-NuGet-Warning"].isascii()


class TestWarnings:
    """X-NuGet-Warning: "ASCII, one line each, what to do included; several when there are several faults, 2 KB in all,
    the last saying how many more there are"."""

    @given(st.lists(st.text(max_size=700), min_size=1, max_size=40))
    def test_ascii_and_one_line_each_and_2_kb_in_all(self, sentences):
        lines = warning_lines(sentences)
        assert all(re.fullmatch(r"[ -~]*", line) and line == line.strip() for line in lines)
        assert sum(map(len, lines)) <= MAX_WARNING_BYTES == 2048
        assert lines

    @given(st.lists(st.text("abc é\n", max_size=700), min_size=1, max_size=40))
    def test_every_sentence_is_there_or_counted(self, sentences):
        lines = warning_lines(sentences)
        last = re.fullmatch(r"There are (\d+) more faults: the response body lists them all\.", lines[-1])
        assert len(lines) - bool(last) + int(last[1] if last else 0) == len(sentences)

    def test_a_sentence_of_many_lines_becomes_one(self):
        assert warning_lines(["one\r\n two\n\tthree \x7f"]) == ["one two three ?"]

    def test_what_is_not_ascii_is_escaped(self):
        assert warning_lines(["Größe"]) == [r"Gr\xf6\xdfe"]

    def test_a_sentence_that_is_too_long_is_cut_and_says_so(self):
        [line] = warning_lines(["x" * 3000])
        assert line.endswith("x...")
        assert len(line) == 500

    def test_few_short_sentences_are_all_there(self):
        assert warning_lines(["One.", "Two."]) == ["One.", "Two."]
