"""Searches that several reports are of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.study.searching import search

if TYPE_CHECKING:
    from promptsearch.study.result import Discovery


@pytest.fixture(scope="session")
def mined_search(tmp_path_factory: pytest.TempPathFactory) -> Discovery:
    """A search of templates for a relation that were mined or written by hand."""
    out = tmp_path_factory.mktemp("mined") / "run"
    return search(
        out,
        "facts:P103",
        templates=(),
        engines=("manual", "mining"),
        calibrations=("none", "batch"),
        ensemble=True,
    )
