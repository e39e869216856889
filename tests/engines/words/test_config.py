"""Options of the engine that cannot be meant."""

from __future__ import annotations

import pytest

from promptsearch.engines.words import WordsConfig
from promptsearch.errors import OptionError


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"methods": ("rato",)}, "there is no method 'rato'"),
        ({"refine": ("weight",)}, "there is no refinement 'weight'"),
        ({"per_label": 0}, "1 or more"),
        ({"per_base": 0}, "1 or more"),
        ({"spans": -1}, "1 or more"),
        ({"frequent": 0.0}, "not 0.0"),
        ({"frequent": 1.5}, "not 1.5"),
    ],
)
def test_mistaken_options(options, message):
    with pytest.raises(OptionError, match=message):
        WordsConfig(**options)


def test_a_misspelt_name_gets_the_nearest_one():
    with pytest.raises(OptionError) as caught:
        WordsConfig(methods=("rato",))
    assert "Did you mean ratio?" in str(caught.value.hint)
