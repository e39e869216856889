"""A compact index of assertions: one SQLite file, made once, then only read.

Each assertion stands twice, under its start and under its end, in one table sorted by word, so that a look-up
reads neighbouring pages. The file is made under a temporary name and renamed when it is complete; SQLite
sorts it on disk, so that memory stays flat whatever the size of the source.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from promptsearch.errors import KnowledgeError, StorageError
from promptsearch.knowledge.conceptnet.assertions import Progress, Tally, read_assertions
from promptsearch.paths import atomic_file

FORMAT = 1
_CACHE_KIB = 32_000
_STEPS_BETWEEN_SIGNALS = 200_000
_SCHEMA = """
    CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT);
    CREATE TABLE relation (id INTEGER PRIMARY KEY, name TEXT UNIQUE);
    CREATE TABLE link (
        word TEXT, relation INTEGER, incoming INTEGER, other TEXT, weight REAL,
        PRIMARY KEY (word, relation, incoming, other)
    ) WITHOUT ROWID;
    CREATE TEMP TABLE unsorted (word TEXT, relation INTEGER, incoming INTEGER, other TEXT, weight REAL);
"""
_SIZE = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
# Senses and parts of speech of a word are one word here: the surest of their assertions counts.
_SORT = """
    INSERT INTO link SELECT word, relation, incoming, other, MAX(weight) FROM unsorted
    GROUP BY word, relation, incoming, other ORDER BY word, relation, incoming, other
"""


class DamagedIndexError(Exception):
    """The file is no whole index of this format."""


@dataclass(frozen=True, slots=True)
class Link:
    """What stands in a relation to a word; `incoming` where the assertion ends in the word."""

    relation: str
    incoming: bool
    word: str
    weight: float


class Index:
    """An index opened for reading.

    Attributes:
        path: the index file.
        about: what is known of its source: `source`, `language`, `lines`, `assertions`, `malformed`, …
        relations: names of the relations that occur.

    Raises:
        DamagedIndexError: the file is no whole index of this format; raised by look-ups too.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with _damage(path):
            # No lock is needed: a finished index is never written to, only replaced.
            address = f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1"
            self._connection = sqlite3.connect(address, uri=True, check_same_thread=False)
        try:
            with _damage(path):
                self.about: dict[str, str] = dict(self._connection.execute("SELECT key, value FROM about"))
                self._names: dict[int, str] = dict(self._connection.execute("SELECT id, name FROM relation"))
                (size,) = self._connection.execute(_SIZE).fetchone()
            # SQLite itself does not mind a last page that is cut.
            if self.about.get("format") != str(FORMAT) or size != path.stat().st_size:
                raise DamagedIndexError(str(path))
        except DamagedIndexError:
            self.close()
            raise

    @property
    def relations(self) -> tuple[str, ...]:
        return tuple(sorted(self._names.values()))

    def links(self, word: str) -> tuple[Link, ...]:
        """All links of a word, whatever its case, in alphabetical order within a relation."""
        query = "SELECT relation, incoming, other, weight FROM link WHERE word = ?"
        with _damage(self.path):
            rows = self._connection.execute(query, (word.casefold(),)).fetchall()
            return tuple(Link(self._names[row[0]], bool(row[1]), row[2], row[3]) for row in rows)

    def close(self) -> None:
        self._connection.close()


def build_index(source: Path, target: Path, language: str, progress: Progress | None = None) -> None:
    """Read a file of assertions once and write the index of one language.

    Args:
        progress: called with the bytes of the source read so far and the bytes there are.

    Raises:
        KnowledgeError: the source cannot be read, breaks off, or has no assertion of the language.
        StorageError: the index cannot be written, or the disk is full.
    """
    tally = Tally()
    with (
        atomic_file(target) as temporary,
        _storage(target),
        closing(sqlite3.connect(temporary)) as connection,
    ):
        connection.executescript(
            f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -{_CACHE_KIB};"
            + _SCHEMA
        )
        # The handler does nothing but let Python see Ctrl-C during the sort.
        connection.set_progress_handler(lambda: 0, _STEPS_BETWEEN_SIGNALS)
        relations: dict[str, int] = {}
        rows = _rows(source, language, tally, relations, progress)
        connection.executemany("INSERT INTO unsorted VALUES (?, ?, ?, ?, ?)", rows)
        if not relations:
            raise _nothing(source, language, tally)
        connection.execute(_SORT)
        connection.executemany("INSERT INTO relation VALUES (?, ?)", ((i, r) for r, i in relations.items()))
        connection.executemany("INSERT INTO about VALUES (?, ?)", _about(source, language, tally).items())
        connection.commit()


def _rows(
    source: Path, language: str, tally: Tally, relations: dict[str, int], progress: Progress | None
) -> Iterator[tuple[str, int, int, str, float]]:
    for assertion in read_assertions(source, language, tally, progress):
        start, end = assertion.start.casefold(), assertion.end.casefold()
        if start != end:
            relation = relations.setdefault(assertion.relation, len(relations))
            yield start, relation, 0, assertion.end, assertion.weight
            yield end, relation, 1, assertion.start, assertion.weight


def _about(source: Path, language: str, tally: Tally) -> dict[str, str]:
    return {
        "format": str(FORMAT),
        "source": str(source.absolute()),
        "language": language,
        "form": "dump" if tally.dump else "small",
        "lines": str(tally.lines),
        "assertions": str(tally.kept),
        "malformed": str(tally.malformed),
        "first_malformed": ", ".join(map(str, tally.first_malformed)),
        "undecodable": str(tally.undecodable),
    }


def _nothing(source: Path, language: str, tally: Tally) -> KnowledgeError:
    """Why no assertion was kept: another language, or no file of assertions at all."""
    if tally.languages:
        return KnowledgeError(
            f"no assertion between two words of the language {language!r}",
            where=str(source),
            hint="Languages in it: " + ", ".join(sorted(tally.languages)[:20]) + ".",
        )
    return KnowledgeError(
        f"none of the {tally.lines} lines is an assertion" if tally.lines else "the file is empty",
        where=str(source),
        hint="A line has, between tabs and in UTF-8, head, relation, tail and weight, or the five fields of "
        "ConceptNet's published dump.",
    )


@contextmanager
def _damage(path: Path) -> Generator[None]:
    """What SQLite says about a file that is damaged, or no database."""
    try:
        yield
    except (sqlite3.DatabaseError, KeyError) as error:
        raise DamagedIndexError(f"{path}: {error}") from error


@contextmanager
def _storage(target: Path) -> Generator[None]:
    """What SQLite says about writing, and the Ctrl-C it was interrupted by."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if "interrupted" in str(error):
            raise KeyboardInterrupt from error
        raise StorageError(
            f"cannot write: {error}",
            where=str(target),
            hint="Free some space there and in the system's temporary folder, where it is sorted "
            "(SQLITE_TMPDIR names another), or set PROMPTSEARCH_CACHE to a folder on another disk.",
        ) from error
