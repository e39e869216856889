"""How many cores a process may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from promptsearch.cores import usable_cores

BOUND = 16


@pytest.fixture(autouse=True)
def bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process is bound to sixteen cores."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(BOUND)), raising=False)


def cores(folder: Path, own: str, **limits: str) -> int:
    """What is found where groups have these files."""
    (folder / "own").write_text(own)
    for name, content in limits.items():
        path = folder / "groups" / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return usable_cores(folder / "groups", folder / "own")


def test_without_groups_all_that_the_process_is_bound_to(tmp_path):
    assert usable_cores(tmp_path / "none", tmp_path / "none") == BOUND


@pytest.mark.parametrize(
    ("limit", "expected"),
    [("max 100000\n", BOUND), ("200000 100000\n", 2), ("150000 100000\n", 2), ("1000 100000\n", 1)],
)
def test_the_time_that_a_group_is_given(tmp_path, limit, expected):
    assert cores(tmp_path, "0::/a\n", a__cpu_dot_max=limit) == expected


def test_the_least_of_the_groups_around_counts(tmp_path):
    limits = {"a__b__cpu_dot_max": "max 100000", "a__cpu_dot_max": "300000 100000"}
    assert cores(tmp_path, "0::/a/b\n", **limits) == 3


def test_a_container_that_sees_its_own_group_at_the_top(tmp_path):
    assert cores(tmp_path, "0::/elsewhere\n", cpu_dot_max="400000 100000") == 4


def test_groups_of_the_first_version(tmp_path):
    own = "5:memory:/a\n4:cpu,cpuacct:/a\n"
    limits = {
        "cpu,cpuacct__a__cpu_dot_cfs_quota_us": "200000",
        "cpu,cpuacct__a__cpu_dot_cfs_period_us": "50000",
    }
    assert cores(tmp_path, own, **limits) == 4
    assert cores(tmp_path, own, **{"cpu,cpuacct__a__cpu_dot_cfs_quota_us": "-1"}) == BOUND
