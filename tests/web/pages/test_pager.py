"""The links between the pages of a long list."""

import pytest

from motherlode.web.pages.pager import count_pages, make_pager, parse_page_number


def shown(page: int, last: int) -> list[int | None]:
    pager = make_pager(page, last, lambda number: f"?page={number}")
    assert all(each is None or each.address == f"?page={each.number}" for each in pager.links)
    return [None if each is None else each.number for each in pager.links]


@pytest.mark.parametrize(
    ("page", "last", "numbers"),
    [
        (1, 1, [1]),
        (1, 3, [1, 2, 3]),
        (1, 5, [1, 2, 3, 4, 5]),
        (1, 9, [1, 2, 3, None, 9]),
        (4, 9, [1, 2, 3, 4, 5, 6, None, 9]),
        (5, 9, [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        (5, 10, [1, 2, 3, 4, 5, 6, 7, None, 10]),
        (75, 151, [1, None, 73, 74, 75, 76, 77, None, 151]),
        (151, 151, [1, None, 149, 150, 151]),
        (99, 5, [1, 2, 3, 4, 5]),
    ],
)
def test_the_ends_and_the_neighbours_are_shown(page: int, last: int, numbers: list[int | None]) -> None:
    assert shown(page, last) == numbers


@pytest.mark.parametrize(
    ("page", "last", "previous", "following"),
    [(1, 1, None, None), (1, 3, None, 2), (2, 3, 1, 3), (3, 3, 2, None), (4, 3, 3, None), (99, 3, 3, None)],
)
def test_the_pages_before_and_after(page: int, last: int, previous: int | None, following: int | None) -> None:
    pager = make_pager(page, last, str)
    assert (pager.previous and pager.previous.number) == previous
    assert (pager.next and pager.next.number) == following
    assert pager.is_beyond == (page > last)


@pytest.mark.parametrize(("items", "pages"), [(0, 1), (1, 1), (20, 1), (21, 2), (3_020, 151)])
def test_an_empty_list_has_one_page(items: int, pages: int) -> None:
    assert count_pages(items, 20) == pages


@pytest.mark.parametrize(
    ("text", "page"),
    [
        *[("3", 3), ("", 1), ("0", 1), ("000", 1), ("x", 1), ("1e3", 1), ("-1", 1), ("\u0663", 1), ("0002", 2)],
        *[("999999", 999_999), ("1" + "0" * 20, 1_000_000), ("9" * 7, 1_000_000), ("0" * 5_000 + "7", 7)],
    ],
)
def test_what_is_not_a_number_is_the_first_page(text: str, page: int) -> None:
    assert parse_page_number(text) == page
