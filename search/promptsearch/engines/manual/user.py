"""Templates and label words that users write themselves."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from promptsearch.errors import PromptSearchError, TemplateError, VerbalizerError
from promptsearch.template import Template
from promptsearch.verbalizer import Label, Verbalizer, example_words

_ONE_ENTRY = "Put all its words into one entry."
_ESCAPES = {"\\n": "\n", "\\t": "\t", "\\\\": "\\", "\\#": "#"}


def templates_from_file(path: str | Path) -> list[Template]:
    r"""Read templates, one a line.

    `\n`, `\t`, `\\` and `\#` are understood; empty lines and lines that start with `#` are left out;
    blanks at both ends, a byte-order mark and Windows line ends do not matter. A template that stands
    there twice is given once.

    Raises:
        TemplateError: the file is missing, is not text or holds no template, or a line is not a
            template; with file and line.
    """
    path = Path(path)
    found: dict[Template, None] = {}
    # Not splitlines(): U+0085 and U+2028 are text, not line ends.
    for number, line in enumerate(re.split(r"\r\n|\n|\r", _text(path, TemplateError)), start=1):
        source = line.strip()
        if not source or source.startswith("#"):
            continue
        try:
            found[Template.parse(unescape(source))] = None
        except TemplateError as error:
            raise TemplateError(
                error.message, where=f"{path}, line {number}:\n{error.where}", hint=error.hint
            ) from None
    if not found:
        raise TemplateError(
            "the file holds no template",
            where=str(path),
            hint=r"Write one a line, for example: {text}\nSentiment: {mask}",
        )
    return list(found)


def unescape(source: str) -> str:
    r"""Read `\n`, `\t`, `\\` and `\#`; any other backslash stays as it is."""
    return re.sub(r"\\[nt\\#]", lambda match: _ESCAPES[match.group()], source)


def words_from(given: str | Path, labels: Sequence[Label], label_names: Sequence[str] = ()) -> Verbalizer:
    """Read label words from a JSON file, or from text such as `negative=bad,terrible;positive=good,great`.

    Text that has a `=` and names no file is read as words. A JSON file holds what `Verbalizer.of` takes:
    label -> word, list of words, or word -> weight. Labels may be written as they stand in the data or
    by their readable names.

    Raises:
        VerbalizerError: with the place that is wrong.
    """
    path = Path(given)
    inline = "=" in str(given) and not _is_file(path)
    try:
        words = _inline(str(given), labels) if inline else _json(path)
        return Verbalizer.of(_by_label(words, labels, label_names), labels)
    except VerbalizerError as error:
        where = error.where or f"in {str(given)!r}"
        raise VerbalizerError(error.message, where=where, hint=error.hint) from None


def _by_label(words: object, labels: Sequence[Label], label_names: Sequence[str]) -> dict[Label, object]:
    """Words by label, where keys may be labels or their readable names."""
    if not isinstance(words, Mapping):
        raise VerbalizerError(
            f"label words must be given by label, not as {words!r:.60}",
            hint=f"For example {example_words(labels)}.",
        )
    known = {str(label) for label in labels}
    by_name = {str(name).lower(): str(label) for name, label in zip(label_names, labels)}
    keys = [key if key in known else by_name.get(key.lower(), key) for key in words]
    return _no_repeats(list(zip(keys, words.values())))


def _inline(given: str, labels: Sequence[Label]) -> dict[Label, list[str]]:
    entries: list[tuple[str, list[str]]] = []
    for part in given.split(";"):
        if not part.strip():
            continue
        label, equals, words = part.partition("=")
        if not equals:
            raise VerbalizerError(
                f"{part.strip()!r} is not label=words",
                hint=f"Write {labels[0]}=word,word;{labels[1]}=word, or give a JSON file.",
            )
        entries.append((label.strip(), [word.strip() for word in words.split(",") if word.strip()]))
    return _no_repeats(entries)


def _json(path: Path) -> object:
    try:
        return json.loads(_text(path, VerbalizerError), object_pairs_hook=_no_repeats)
    except json.JSONDecodeError as error:
        raise VerbalizerError(
            f"the file is not JSON: {error.msg}",
            where=f"{path}, line {error.lineno}, column {error.colno}",
            hint='For example {"negative": ["bad", "terrible"], "positive": ["good", "great"]}.',
        ) from None


def _no_repeats(pairs: Sequence[tuple[str, Any]]) -> dict[Any, Any]:
    """A dict of the pairs; a key that comes twice is a mistake, of which a plain dict would keep the last."""
    found: dict[Any, Any] = {}
    for key, value in pairs:
        if key in found:
            raise VerbalizerError(f"{key!r} is given twice", hint=_ONE_ENTRY)
        found[key] = value
    return found


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long a name, or one with a null character
        return False


def _text(path: Path, kind: type[PromptSearchError]) -> str:
    """The file's text: UTF-8, or UTF-16 with its mark, as some editors on Windows write."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise kind("there is no such file", where=str(path), hint="Check the path.") from None
    except OSError as error:
        raise kind(f"the file cannot be read: {error.strerror}", where=str(path)) from None
    wide = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return raw.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise kind(
            "the file is not UTF-8 text", where=f"{path}, line {line}", hint="Save it as UTF-8."
        ) from None
