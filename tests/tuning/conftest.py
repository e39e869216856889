from pathlib import Path

import pytest

from tests.tuning.running import saved_data, saved_plm


@pytest.fixture(scope="session")
def plms(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """References of small models on disk."""
    folder = tmp_path_factory.mktemp("plms")
    return {name: saved_plm(name, folder) for name in ("bert", "gpt2", "llama", "t5-gated", "bart")}


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small task on disk."""
    return saved_data(tmp_path_factory.mktemp("data"))
