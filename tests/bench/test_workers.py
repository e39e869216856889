"""The speed-up by workers, from made courses."""

from __future__ import annotations

import pytest

from promptsearch.bench.workers import Course, WorkersBench


def course(workers: int, seconds: float, both: float | None = None) -> Course:
    return Course(workers, 40, seconds, both, seconds + 10, 0.5)


def test_speed_up_is_of_medians():
    bench = WorkersBench(
        (course(1, 40), course(2, 24, 1.8), course(1, 44), course(2, 22, 1.9), course(1, 90), course(2, 20))
    )
    assert bench.speed_up == 2.0
    assert bench.speed_up_at_work == pytest.approx(1.85 / (40 / 44))


def test_a_worker_that_came_too_late_has_no_rate():
    assert WorkersBench((course(1, 40), course(2, 38))).speed_up_at_work is None
