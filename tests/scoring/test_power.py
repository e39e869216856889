from __future__ import annotations

import numpy as np
import pytest

from promptsearch.scoring import mcnemar
from promptsearch.scoring.power import paired_sample_size


def test_a_size_worked_out_by_hand():
    # (1.959964 * sqrt(0.2) + 0.841621 * sqrt(0.19))**2 / 0.01 = (0.876523 + 0.366854)**2 / 0.01 = 154.6
    assert paired_sample_size(0.2, 0.1) == 155
    assert paired_sample_size(0.2, -0.1) == 155


def test_where_all_that_differs_is_on_one_side():
    # (1.959964 * 0.547723 + 0.841621 * 0.458258)**2 / 0.09 = 23.7
    assert paired_sample_size(0.3, 0.3) == 24
    assert paired_sample_size(0.3, 0.1) > paired_sample_size(0.3, 0.2)
    assert paired_sample_size(0.3, 0.2, level=0.99) > paired_sample_size(0.3, 0.2)


def test_so_many_examples_do_show_the_difference_in_four_of_five_tries():
    n, rng = paired_sample_size(0.3, 0.1), np.random.default_rng(0)
    shown = 0
    for _ in range(1000):
        kind = rng.choice(3, n, p=(0.2, 0.1, 0.7))  # only A right, only B right, both alike
        shown += mcnemar(kind != 1, kind != 0) < 0.05
    assert 0.75 < shown / 1000 < 0.85


@pytest.mark.parametrize(("discordant", "difference"), [(0.2, 0.0), (0.1, 0.2), (1.1, 0.5)])
def test_shares_that_cannot_be(discordant, difference):
    with pytest.raises(ValueError, match="of the examples differ"):
        paired_sample_size(discordant, difference)
