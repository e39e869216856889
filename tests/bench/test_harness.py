from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from importlib.metadata import version

import pytest

from promptsearch.bench import harness
from promptsearch.bench.environments import share_packages
from promptsearch.bench.processes import ContenderError


@pytest.fixture
def absent(monkeypatch, tmp_path):
    """No lm-eval in this environment, and none in the cache."""
    monkeypatch.setenv("PROMPTSEARCH_CACHE", str(tmp_path))
    monkeypatch.setattr(harness, "_installed_here", lambda: False)


@pytest.mark.usefixtures("absent")
def test_offline_it_is_not_installed(tmp_path):
    with pytest.raises(ContenderError, match="not installed"):
        harness.lm_eval_python(offline=True)
    assert not any(tmp_path.iterdir())


@pytest.mark.usefixtures("absent")
def test_a_failed_installation_is_told(monkeypatch):
    environment = replace(harness.ENVIRONMENT, requirement="./no-such-folder-anywhere")
    monkeypatch.setattr(harness, "ENVIRONMENT", environment)
    with pytest.raises(ContenderError, match=r"lm-eval .* cannot be installed") as caught:
        harness.lm_eval_python()
    assert "no-such-folder-anywhere" in str(caught.value.where)
    assert not (environment.folder / "ready").exists()


def test_an_environment_of_its_own_sees_the_packages_of_this_one(tmp_path):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path)], check=True)
    python = tmp_path / "bin" / "python"
    share_packages(python)
    ask = "from importlib.metadata import version; import promptsearch; print(version('numpy'))"
    done = subprocess.run([str(python), "-c", ask], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == version("numpy")
