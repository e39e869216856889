"""Text files in every way they are compressed, and what a corpus reads of them."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from promptsearch.corpus import Corpus, SegmentText


def zstd(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as file:
        file.write(content)
    return sink.getvalue().to_pybytes()


COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    # Nothing of a broken bzip2 block can be read: blocks of 100 kB.
    ".bz2": lambda content: bz2.compress(content, 1),
    ".xz": lzma.compress,
    ".zst": zstd,
}


def corpus_of(folder: Path, content: bytes, name: str = "x.txt", *, sentences="none", piece=None) -> Corpus:
    """A corpus of one file with this content, compressed as its name says."""
    suffix = next((suffix for suffix in COMPRESS if suffix and name.endswith(suffix)), "")
    path = folder / name
    path.write_bytes(COMPRESS[suffix](content))
    corpus = Corpus.of([path], sentences=sentences)
    return replace(corpus, piece=piece) if piece else corpus


def whole(corpus: Corpus, size: int = 4 << 20) -> SegmentText:
    """Everything in a corpus of one source, lines numbered through."""
    return together(corpus.read(segment) for segment in corpus.segments(size))


def together(parts) -> SegmentText:
    sentences, lines, characters, undecodable, skipped = [], 0, 0, 0, 0
    first = None
    for part in parts:
        if first is None and part.first_skipped is not None:
            first = lines + part.first_skipped
        sentences += [(lines + line, sentence) for line, sentence in part.sentences]
        lines, characters = lines + part.lines, characters + part.characters
        undecodable, skipped = undecodable + part.undecodable, skipped + part.skipped
    return SegmentText(sentences, lines, characters, undecodable, skipped, first)
