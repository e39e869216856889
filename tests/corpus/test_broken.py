"""Archives that break off, are damaged, or are of several members."""

from __future__ import annotations

import gzip
import importlib.util
import sys
from pathlib import Path

import pytest

from promptsearch.corpus import Corpus
from promptsearch.errors import DataError
from tests.corpus.writing import COMPRESS, corpus_of, whole, zstd

# Numbers do not repeat, so the archive is about as long as what it holds.
LINES = [f"line {number} {number * 2654435761 % 2**32:x}" for number in range(60_000)]
CONTENT = ("\n".join(LINES) + "\n").encode()

# zstd files carry no checksum of the text as a rule: it takes a spoilt block to notice.
OVERWRITTEN = b"\xff" * 40_000


@pytest.mark.parametrize("suffix", sorted(set(COMPRESS) - {""}))
@pytest.mark.parametrize("damage", ["cut", "overwritten"])
def test_what_can_be_read_of_a_broken_archive_is_read(tmp_path: Path, suffix, damage):
    packed = COMPRESS[suffix](CONTENT)
    half = len(packed) // 2
    path = tmp_path / f"x.txt{suffix}"
    path.write_bytes(
        packed[:half] + (b"" if damage == "cut" else OVERWRITTEN + packed[half + len(OVERWRITTEN) :])
    )
    corpus = Corpus.of([path], sentences="none")
    parts = list(corpus.segments(64 << 10))
    assert [part.trouble for part in parts[:-1]] == [None] * (len(parts) - 1)
    read = parts[-1].end
    text = b"".join(part.payload or b"" for part in parts)
    assert len(text) == read
    # A decompressor may go on over damage for a while; what stands well before it is right.
    intact = len(CONTENT) // 4
    assert text[:intact] == CONTENT[:intact]
    assert parts[-1].trouble is not None
    assert parts[-1].trouble.startswith(
        f"the archive breaks off after line {text.count(10):,} ({read:,} bytes of text): "
    )


def test_a_cut_gzip_file_gives_its_text_to_the_last_byte(tmp_path: Path):
    path = tmp_path / "x.txt.gz"
    path.write_bytes(gzip.compress(b"one\ntwo\nthree\n")[:-8])
    corpus = Corpus.of([path], sentences="none")
    (part,) = corpus.segments()
    assert corpus.read(part).sentences == [(0, "one"), (1, "two"), (2, "three")]
    assert part.trouble == (
        "the archive breaks off after line 3 (14 bytes of text): the gzip file ends too early"
    )


def test_trouble_is_told_where_reading_goes_on(tmp_path: Path):
    path = tmp_path / "x.txt.gz"
    path.write_bytes(gzip.compress(CONTENT)[:-8])
    corpus = Corpus.of([path], sentences="none")
    parts = list(corpus.segments(100_000))
    (last,) = corpus.segments(100_000, after={0: parts[-2].position})
    assert last == parts[-1]
    assert "after line 60,000 " in (last.trouble or "")


@pytest.mark.parametrize("suffix", sorted(set(COMPRESS) - {""}))
def test_every_member_is_read(tmp_path: Path, suffix):
    path = tmp_path / f"x.txt{suffix}"
    pack = COMPRESS[suffix]
    path.write_bytes(pack(b"one\ntw") + pack(b"") + pack(b"o\n"))
    corpus = Corpus.of([path], sentences="none")
    assert whole(corpus).sentences == [(0, "one"), (1, "two")]
    assert [part.trouble for part in corpus.segments()] == [None]


def test_zeros_behind_a_member_are_padding(tmp_path: Path):
    path = tmp_path / "x.txt.gz"
    path.write_bytes(gzip.compress(b"one\n") + bytes(100_000) + gzip.compress(b"two\n") + bytes(512))
    corpus = Corpus.of([path], sentences="none")
    assert whole(corpus).sentences == [(0, "one"), (1, "two")]
    assert [part.trouble for part in corpus.segments()] == [None]


def test_the_progress_ends_at_the_size_of_the_file(tmp_path: Path):
    for suffix in COMPRESS:
        corpus = corpus_of(tmp_path, CONTENT, f"x.txt{suffix}")
        used = [part.consumed for part in corpus.segments(64 << 10)]
        assert used == sorted(used)
        assert used[-1] == corpus.size == (tmp_path / f"x.txt{suffix}").stat().st_size


def test_zstd_is_read_alike_by_every_reader(tmp_path: Path):
    from promptsearch.corpus.zstd import _by_package, _by_pyarrow

    path = tmp_path / "x.zst"
    path.write_bytes(zstd(CONTENT) + zstd(b"more\n"))
    for reader in (_by_package, _by_pyarrow):
        with path.open("rb") as file:
            assert b"".join(reader(file)) == CONTENT + b"more\n"


# A frame that asks for a window of 2 GiB, as `zstd --long=31` writes it, with one raw block.
LONG_WINDOW = b"\x28\xb5\x2f\xfd" + b"\x00\xa8" + b"\x29\x00\x00" + b"text\n"


def test_a_long_window_is_read_or_refused_with_what_reads_it(tmp_path: Path):
    path = tmp_path / "x.zst"
    path.write_bytes(LONG_WINDOW)
    if importlib.util.find_spec("zstandard") or sys.version_info >= (3, 14):
        assert whole(Corpus.of([path], sentences="none")).sentences == [(0, "text")]
    else:
        with pytest.raises(DataError, match=r"long window.*\n.*x\.zst\npip install zstandard"):
            Corpus.of([path])
