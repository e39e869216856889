"""No test reads or fills the user's own cache, data folder or network."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from promptsearch.paths import cache_dir

if TYPE_CHECKING:
    from promptsearch.plms.local import LocalPLM
    from promptsearch.study.result import Discovery

# How long an example takes says more of what else the machine does than of the code.
hypothesis.settings.register_profile("promptsearch", deadline=None)
hypothesis.settings.load_profile("promptsearch")

DATA = os.environ.get("PROMPTSEARCH_DATA")
SMOLLM2 = Path("plms") / "smollm2-135m-0.1.2"


@pytest.fixture(scope="session", autouse=True)
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> Generator[None]:
    """A cache of the session's own, in which the user's SmolLM2 is linked; no network, no data folder.

    For what runs before a test's own fixtures, and for processes that tests start. Those inherit whether
    Ctrl-C is ignored, as it is by what a shell or pytest-xdist starts in the background; here it is not.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    fetched = cache_dir() / SMOLLM2
    cache = tmp_path_factory.mktemp("cache")
    if fetched.is_dir():
        (cache / SMOLLM2).parent.mkdir()
        (cache / SMOLLM2).symlink_to(fetched.resolve(), target_is_directory=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROMPTSEARCH_CACHE", str(cache))
        patch.setenv("HF_HUB_OFFLINE", "1")
        # Threads that wait for each other take longer than a few short texts, where tests share cores.
        patch.setenv("TOKENIZERS_PARALLELISM", "false")
        patch.delenv("COLUMNS", raising=False)
        patch.delenv("PROMPTSEARCH_DATA", raising=False)
        yield


@pytest.fixture(autouse=True)
def data_folder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only tests on real data see the folder that the environment named; no other test or fixture does."""
    if DATA is not None and request.node.get_closest_marker("shared_data") is not None:
        monkeypatch.setenv("PROMPTSEARCH_DATA", DATA)


@pytest.fixture(scope="session")
def minilm() -> LocalPLM:
    """The built-in PLM in float32, without a cache of answer states."""
    from promptsearch.plms import load_plm

    return load_plm("minilm-mlm", device="cpu", dtype="float32", cache=False)


@pytest.fixture(scope="session")
def found(tmp_path_factory: pytest.TempPathFactory) -> Discovery:
    """One small search on the stand-in of SST-2, for all tests that only look at what came out."""
    from promptsearch import discover

    return discover(
        "sst2",
        plms=["minilm-mlm"],
        shots=6,
        max_test=24,
        device="cpu",
        dtype="float32",
        templates=["{text} It was {mask}.", "{mask} review: {text}"],
        out=tmp_path_factory.mktemp("run") / "sst2",
    )


@pytest.fixture(scope="session")
def prompt_file(found: Discovery) -> str:
    """The prompt file of that search."""
    return str(found.folder / "best_prompt.json")


@pytest.fixture(autouse=True)
def untouched_log() -> None:
    """A command that ran in this process has set the package's log up; no test may see that of another."""
    log = logging.getLogger("promptsearch")
    log.handlers, log.propagate = [], True
    log.setLevel(logging.NOTSET)
