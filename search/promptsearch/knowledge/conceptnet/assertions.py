"""Assertions of ConceptNet, read one line at a time.

Two forms of file, each plain or gzipped, told apart line by line:

- the published dump, five fields between tabs: URI of the assertion, relation (`/r/IsA`), start node
  (`/c/en/football/n/wn/act`), end node, and JSON that holds the weight;
- a small form of four fields: head, relation, tail and weight, words and relation with or without `/c/en/`
  and `/r/`.

Nodes and relations: https://github.com/commonsense/conceptnet5/wiki; Speer, Chin & Havasi 2017.
"""

from __future__ import annotations

import gzip
import json
import math
import unicodedata
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO

from promptsearch.errors import KnowledgeError

Progress = Callable[[int, int], object]
"""Called with the bytes of the file read so far and the bytes there are."""

DUMP_FIELDS = 5
SMALL_FIELDS = 4
_GZIP_MAGIC = b"\x1f\x8b"
_LONGEST_LINE = 1_000_000
_LINES_A_REPORT = 50_000
_LINES_NAMED = 5
_HEADERS = ("head", "start", "word")


@dataclass(frozen=True, slots=True)
class Assertion:
    """`start` stands in `relation` to `end`: football, IsA, sport. Words with blanks, without their sense."""

    start: str
    relation: str
    end: str
    weight: float


@dataclass
class Tally:
    """What a reading met.

    Attributes:
        lines: lines of the file, blank ones too.
        kept: assertions of the language.
        malformed: lines that are no assertion.
        first_malformed: numbers of the first of them.
        undecodable: lines of the language with bytes that are not UTF-8, each such byte read as U+FFFD.
        dump: whether an assertion was in the form of the published dump.
        languages: languages of the assertions passed over before the first one was kept.
    """

    lines: int = 0
    kept: int = 0
    malformed: int = 0
    first_malformed: list[int] = field(default_factory=list)
    undecodable: int = 0
    dump: bool = False
    languages: set[str] = field(default_factory=set)


def read_assertions(
    path: Path, language: str, tally: Tally, progress: Progress | None = None
) -> Iterator[Assertion]:
    """The assertions of a file whose words are both of the language, in the file's order.

    Args:
        language: as in the nodes: `en`, `de`, `zh`.
        tally: counts while the assertions are taken; malformed lines are counted and passed over.

    Raises:
        KnowledgeError: the file cannot be read, or a gzipped one breaks off or is damaged.
    """
    try:
        total = path.stat().st_size
        with path.open("rb") as raw:
            for line in _lines(raw):
                tally.lines += 1
                if progress and tally.lines % _LINES_A_REPORT == 0:
                    progress(raw.tell(), total)
                if (assertion := _counted(line, language, tally)) is not None:
                    yield assertion
        if progress:
            progress(total, total)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        broken = "breaks off" if isinstance(error, EOFError) else f"is damaged ({error})"
        raise KnowledgeError(
            f"the gzipped file {broken} after line {tally.lines}; no index is made of a part",
            where=str(path),
            hint=f"Fetch it again whole; `gzip -t {path.name}` tells whether it is.",
        ) from error
    except OSError as error:
        raise KnowledgeError(f"cannot be read: {error.strerror or error}", where=str(path)) from error


def parse_assertion(line: bytes, language: str = "en") -> Assertion | None:
    """One line; None where a word is of another language or the end is an address (`/r/ExternalURL`).

    Raises:
        ValueError: the line is no assertion. Weights of assertions passed over are not looked at.
    """
    fields = line.split(b"\t")
    if len(fields) == DUMP_FIELDS:
        _, relation, start, end, _ = fields
        if not (
            relation.startswith(b"/r/") and start.startswith(b"/c/") and end.startswith((b"/c/", b"http"))
        ):
            raise ValueError("no relation between two nodes")
        prefix = f"/c/{language}/".encode()
        if not (start.startswith(prefix) and end.startswith(prefix)):
            return None
        _, relation, start, end, about = line.decode(errors="replace").split("\t")
        return _assertion(start, relation, end, _dump_weight(about))
    if len(fields) != SMALL_FIELDS:
        raise ValueError(f"{len(fields)} fields")
    start, relation, end, weight = line.decode(errors="replace").split("\t")
    nodes = [node for node in (start, end) if node.startswith("/c/")]
    if not all(node.startswith(f"/c/{language}/") for node in nodes):
        return None
    return _assertion(start, relation, end, float(weight))


def surface(node: str) -> str:
    """How people write a node's word: `/c/en/ice_cream/n/wn/food` is `ice cream`."""
    if node.startswith("/c/"):
        node = node.split("/", 4)[3] if node.count("/") >= 3 else ""
    return " ".join(unicodedata.normalize("NFC", node).replace("_", " ").split())


def _assertion(start: str, relation: str, end: str, weight: float) -> Assertion:
    assertion = Assertion(surface(start), relation.strip().removeprefix("/r/"), surface(end), weight)
    if not (assertion.start and assertion.relation and assertion.end):
        raise ValueError("an empty word or relation")
    if not (math.isfinite(weight) and weight >= 0):
        raise ValueError("a weight that is no number from 0 up")
    return assertion


def _dump_weight(about: str) -> float:
    try:
        weight = json.loads(about)["weight"]
        if isinstance(weight, bool) or not isinstance(weight, int | float):
            raise ValueError("the weight is no number")
        return float(weight)
    except (KeyError, TypeError, RecursionError, OverflowError) as error:
        raise ValueError("no weight in the last field") from error


def _counted(line: bytes, language: str, tally: Tally) -> Assertion | None:
    """The line's assertion; what else the line is goes into the tally."""
    line = line.rstrip(b"\r\n")
    if tally.lines == 1:
        line = line.removeprefix(b"\xef\xbb\xbf")
        if _is_header(line):
            return None
    try:
        assertion = parse_assertion(line, language)
    except ValueError:
        if line.strip():
            tally.malformed += 1
            if len(tally.first_malformed) < _LINES_NAMED:
                tally.first_malformed.append(tally.lines)
        return None
    if assertion is None:
        if not tally.kept:
            tally.languages.update(_languages(line))
        return None
    tally.kept += 1
    tally.undecodable += not _is_utf8(line)
    tally.dump = tally.dump or line.count(b"\t") == DUMP_FIELDS - 1
    return assertion


def _lines(raw: BinaryIO) -> Iterator[bytes]:
    """Lines with their ends; what is longer than any assertion is cut, and thus malformed."""
    is_gzip = raw.read(2) == _GZIP_MAGIC
    raw.seek(0)
    source = gzip.GzipFile(fileobj=raw) if is_gzip else raw
    return iter(partial(source.readline, _LONGEST_LINE), b"")


def _is_header(line: bytes) -> bool:
    """Whether the first line names the columns of the small form."""
    fields = line.decode(errors="replace").casefold().split("\t")
    return len(fields) == SMALL_FIELDS and fields[0] in _HEADERS and fields[3] == "weight"


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _languages(line: bytes) -> set[str]:
    nodes = (part for part in line.split(b"\t") if part.startswith(b"/c/"))
    return {node.split(b"/", 3)[2].decode(errors="replace") for node in nodes}
