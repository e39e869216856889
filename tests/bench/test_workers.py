"""The speed-up by workers, from made courses."""

from __future__ import annotations

import pytest

from promptsearch.bench.machine import Machine
from promptsearch.bench.workers import Course, WorkersBench, covered, markdown


def course(workers: int, seconds: float, late: float | None = 3.0) -> Course:
    return Course(workers, 40, seconds, late, 0.875, seconds + 10, 0.5)


def bench(*courses: Course) -> WorkersBench:
    return WorkersBench(courses, Machine.now(), 0.6, "promptsearch bench workers")


def test_speed_up_is_of_medians():
    found = bench(course(1, 40), course(2, 24), course(1, 44), course(2, 22), course(1, 90), course(2, 20))
    assert found.speed_up == 2.0
    assert found.goal.met
    assert not bench(course(1, 30), course(2, 20)).goal.met


def test_what_the_page_says():
    page = markdown(bench(course(1, 40, 0.0), course(2, 32), course(1, 40, 0.0), course(2, 33, None)))
    assert "| 2 | 40 | 32.0 | 3.0 | 88 | 42 | 0.50 |" in page
    assert "| 2 | 40 | 33.0 | never | 88 | 43 | 0.50 |" in page
    assert "| 2 processes: × as fast as one | 1.2 | ≥ 1.6 | no |" in page
    assert "promptsearch bench workers" in page


@pytest.mark.parametrize(
    ("spans", "length"),
    [
        ([], 0),
        ([(1, 3)], 2),
        ([(1, 3), (1, 2), (2, 4)], 3),
        ([(5, 6), (1, 2)], 2),
        ([(1, 9), (2, 3), (8, 10)], 9),
    ],
)
def test_time_that_spans_cover(spans, length):
    assert covered(spans) == length
