"""What is tuned on: how much of dev is looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptsearch.errors import OptionError
from promptsearch.tuning.config import TuneConfig
from promptsearch.tuning.subject import tuning_task


def test_a_large_dev_is_cut_to_some_drawn_by_seed(data: Path) -> None:
    whole = tuning_task(TuneConfig(data=data, kind="sentiment", shots=None))
    config = TuneConfig(data=data, kind="sentiment", shots=None, max_dev=5)
    cut = tuning_task(config)
    places = [whole.dev.index(example) for example in cut.dev]
    assert len(whole.dev) == 12
    assert len(places) == 5
    assert places == sorted(set(places))
    assert "Dev is a random 5 of 12 examples." in cut.notices
    assert (cut.train, cut.test) == (whole.train, whole.test)
    assert cut.fingerprint != whole.fingerprint
    assert tuning_task(config).dev == cut.dev


def test_a_dev_that_is_small_enough_stays(data: Path) -> None:
    whole = tuning_task(TuneConfig(data=data, kind="sentiment", shots=None, max_dev=12))
    assert len(whole.dev) == 12
    assert not any("Dev is a random" in notice for notice in whole.notices)


def test_no_dev_at_all_is_refused() -> None:
    with pytest.raises(OptionError, match="max_dev must be 1 or more"):
        TuneConfig(max_dev=0)
