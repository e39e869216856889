"""Dates are left out with the words that belong to them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptsearch.engines.mining.dates import without_dates, without_month

DATES = [
    "on 12 May 1815",
    "on 12 May 1815,",
    "on 12th May",
    "on the 12th of May, 1815,",
    "on May 12, 1815,",
    "on May the 12th",
    "on Monday, 12 May 1815,",
    "May 12th,",
    "in May 1815",
    "in May of 1815",
    "in early May 1815",
    "in the mid-1815",
    "since Sept. 1815",
    "on Mar. 3, 1815",
    "on 1815-05-12",
    "12.5.1815",
    "1815 May 12",
    "in 1815,",
    "in the 1810s",
    "in the late 18th century",
    "until 3 March",
    "from 1815 to 1820",
    "from 12 to 15 May 1815",
    "between May 1815 and 12 June 1816",
    "on 12–14 May 1815",
    "in May and June 1815",
]
KEPT = [
    " may 12 people ",
    " met in May in ",
    " in the Mayor 12 of ",
    " won by 2000 votes in ",
    ", the 3rd of ",
    " route 66 to ",
    " the May family of ",
    " Marchand 1815 ",
    "",
]


@pytest.mark.parametrize("date", DATES)
def test_what_a_date_stands_in_reads_as_before_it(date):
    assert without_dates(f" was born {date} in ") == " was born in "


@pytest.mark.parametrize("date", DATES)
def test_at_the_end_nothing_of_it_is_left(date):
    assert without_dates(f" died {date}") == " died "


@pytest.mark.parametrize("text", KEPT)
def test_what_is_no_date_stays(text):
    assert without_dates(text) == text


def test_what_a_date_tells_of_stays():
    assert without_dates(" won the revolution of 12 May 1815 in ") == " won the revolution in "
    assert without_dates(" edits the May 1815 issue of ") == " edits the issue of "


@given(st.text(st.sampled_from("on the May 125-,.of"), max_size=60))
def test_nothing_is_added(text):
    left = iter(text)
    assert all(character in left for character in without_dates(text))


def test_a_month_behind_its_day():
    assert without_month(" May the poet ") == "the poet "
    assert without_month("May ") == ""
    assert without_month(" Mayors of ") == " Mayors of "
    assert without_month(" the poet ") == " the poet "
