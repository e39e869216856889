"""No test reads or fills the user's own cache, data folder or network."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest

from promptsearch.paths import cache_dir

SMOLLM2 = Path("plms") / "smollm2-135m-0.1.2"


@pytest.fixture(scope="session", autouse=True)
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> Generator[None]:
    """A cache of the session's own, in which the user's SmolLM2 is linked; no network.

    For what runs before a test's own fixtures, and for processes that tests start.
    """
    fetched = cache_dir() / SMOLLM2
    cache = tmp_path_factory.mktemp("cache")
    if fetched.is_dir():
        (cache / SMOLLM2).parent.mkdir()
        (cache / SMOLLM2).symlink_to(fetched.resolve(), target_is_directory=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROMPTSEARCH_CACHE", str(cache))
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.delenv("COLUMNS", raising=False)
        yield


@pytest.fixture(autouse=True)
def no_data_folder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only tests on real data see the folder that the environment names."""
    if "PROMPTSEARCH_DATA" in os.environ and request.node.get_closest_marker("shared_data") is None:
        monkeypatch.delenv("PROMPTSEARCH_DATA")
