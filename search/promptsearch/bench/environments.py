"""Tools in virtual environments of their own, which see this environment's packages."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from promptsearch.bench.processes import ContenderError
from promptsearch.paths import cache_dir

INSTALL_SECONDS = 1200


@dataclass(frozen=True)
class Environment:
    """A tool of another project, installed with pip on first use, under the cache folder.

    Attributes:
        title: what the tool is called.
        requirement: what pip is asked for; packages that it wants older than those of this environment
            are installed beside them, for the tool alone.
    """

    title: str
    version: str
    requirement: str

    def python(self, offline: bool = False, progress: Callable[[str], None] | None = None) -> Path:
        """An interpreter that has the tool.

        Raises:
            ContenderError: the tool is not there and cannot be installed.
        """
        folder = self.folder
        python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        ready = folder / "ready"
        if not ready.exists():
            if offline:
                raise ContenderError(f"{self} is not installed, and the network is not to be used")
            if progress is not None:
                progress(f"Installing {self} into {folder}")
            shutil.rmtree(folder, ignore_errors=True)
            self._run([sys.executable, "-m", "venv", str(folder)])
            share_packages(python)
            pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            self._run([*pip, self.requirement])
            ready.touch()
        return python

    @property
    def folder(self) -> Path:
        """Where it lies: one for each environment whose packages it shares."""
        shared = hashlib.sha256(_own_packages().encode()).hexdigest()[:8]
        return cache_dir() / "bench" / f"{self.title}-{self.version}-{shared}"

    def __str__(self) -> str:
        return f"{self.title} {self.version}"

    def _run(self, command: Sequence[str]) -> None:
        try:
            subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=True)
        except subprocess.TimeoutExpired as error:
            raise ContenderError(f"{self} was not installed within {INSTALL_SECONDS} s") from error
        except (subprocess.CalledProcessError, OSError) as error:
            said = str(getattr(error, "stderr", None) or error).strip().splitlines()[-1:]
            raise ContenderError(f"{self} cannot be installed", where="".join(said)[:500]) from error


def share_packages(python: Path) -> None:
    """Packages of this environment come after that one's own, so torch is not installed a second time."""
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    done = subprocess.run([str(python), "-c", ask], capture_output=True, text=True, check=True)
    line = f"import site; site.addsitedir({_own_packages()!r})\n"
    (Path(done.stdout.strip()) / "promptsearch-shared.pth").write_text(line, "utf-8")


def _own_packages() -> str:
    return sysconfig.get_path("purelib")
