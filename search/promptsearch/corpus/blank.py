"""A corpus in which nothing is written."""

from __future__ import annotations

from dataclasses import replace

from promptsearch.corpus.corpus import Corpus
from promptsearch.errors import DataError
from promptsearch.showing import count

# Small, since it is read up to the first word only.
_SEGMENT = 64 << 10
_SHOWN = 5


def check_text(corpus: Corpus) -> None:
    """See that there is text; a source is read up to its first word.

    Raises:
        DataError: there is none, and what was read instead; or a source cannot be read.
    """
    lines = characters = skipped = 0
    # A line is a sentence here: where sentences end is not asked.
    plain = replace(corpus, splitting="none")
    for segment in plain.segments(_SEGMENT):
        text = plain.read(segment)
        if text.sentences:
            return
        lines, characters = lines + text.lines, characters + text.characters
        skipped += text.skipped
    if skipped:
        read = f"{count(lines, 'row')}, {skipped:,} of them without a text"
    else:
        read = f"{count(lines, 'line')} and {count(characters, 'character')}, nothing but white space"
    names = [source.name for source in corpus.sources]
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    raise DataError(
        "the corpus is empty" if not lines else f"the corpus holds no text: it has {read}",
        where=", ".join(names[:_SHOWN]) + more,
        hint="Give files that hold text with --corpus, or leave it out for the bundled text.",
    )
