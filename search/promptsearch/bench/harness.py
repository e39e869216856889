"""lm-evaluation-harness in a virtual environment of its own, which sees this environment's packages."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from promptsearch.bench.processes import ContenderError
from promptsearch.paths import cache_dir

VERSION = "0.4.13"
_REQUIREMENT = f"lm-eval[hf]=={VERSION}"
_INSTALL_SECONDS = 1200


def lm_eval_python(offline: bool = False, progress: Callable[[str], None] | None = None) -> Path:
    """An interpreter that has lm-eval; made with pip on first use, under the cache folder.

    Raises:
        ContenderError: lm-eval is not there and cannot be installed.
    """
    if _installed_here():
        return Path(sys.executable)
    folder = environment_folder()
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    ready = folder / "ready"
    if not ready.exists():
        if offline:
            raise ContenderError(f"lm-eval {VERSION} is not installed, and the network is not to be used")
        if progress is not None:
            progress(f"Installing lm-eval {VERSION} into {folder}")
        shutil.rmtree(folder, ignore_errors=True)
        _run([sys.executable, "-m", "venv", str(folder)])
        _share_packages(python)
        _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", _REQUIREMENT])
        ready.touch()
    return python


def environment_folder() -> Path:
    """Where the environment lies: one for each environment whose packages it shares."""
    shared = hashlib.sha256(_own_packages().encode()).hexdigest()[:8]
    return cache_dir() / "bench" / f"lm-eval-{VERSION}-{shared}"


def _installed_here() -> bool:
    try:
        return version("lm_eval") == VERSION
    except PackageNotFoundError:
        return False


def _own_packages() -> str:
    return sysconfig.get_path("purelib")


def _share_packages(python: Path) -> None:
    """Packages of this environment come after its own, so torch is not installed a second time."""
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    target = Path(_run([str(python), "-c", ask]).strip())
    line = f"import site; site.addsitedir({_own_packages()!r})\n"
    (target / "promptsearch-shared.pth").write_text(line, "utf-8")


def _run(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_INSTALL_SECONDS, check=True)
    except subprocess.TimeoutExpired as error:
        raise ContenderError(f"lm-eval {VERSION} was not installed within {_INSTALL_SECONDS} s") from error
    except (subprocess.CalledProcessError, OSError) as error:
        said = str(getattr(error, "stderr", None) or error).strip().splitlines()[-1:]
        raise ContenderError(f"lm-eval {VERSION} cannot be installed", where="".join(said)[:500]) from error
    return done.stdout
