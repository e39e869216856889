"""Small changes of a template's wording, under which a robust prompt gives the same answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from promptsearch.pieces import Field, Piece, Text
from promptsearch.template import Template

WORDINGS = 12
"""How many changes a prompt is tried under."""

_MARKS = re.compile(r"[.!?…:;,\u3002\uff01\uff1f\uff1a\uff1b\uff0c]+$")
_SINGLE_SPACE = re.compile(r"(?<!\s) (?!\s)")
_LINE_END = re.compile(r"(?:\r?\n)+")
_COLON = re.compile(r":(?=\s|$)")
_DASH = re.compile(r"\s[-\N{EN DASH}\N{EM DASH}](?=\s|$)")
_LETTER = re.compile(r"[^\W\d_]")
_WORD_START = re.compile(r"(?<![\w'\N{RIGHT SINGLE QUOTATION MARK}])[^\W\d_]")
_OPENING = ('"', "'", "\N{LEFT DOUBLE QUOTATION MARK}", "\N{LEFT SINGLE QUOTATION MARK}", "«")
_CLOSING = ('"', "'", "\N{RIGHT DOUBLE QUOTATION MARK}", "\N{RIGHT SINGLE QUOTATION MARK}", "»")

Pieces = tuple[Piece, ...]


@dataclass(frozen=True)
class Rewording:
    """A template after one small change.

    Attributes:
        change: what was changed, in words.
    """

    change: str
    template: Template


def rewordings(template: Template, label_words: Sequence[str] = ()) -> tuple[Rewording, ...]:
    """Up to 12 small changes of case, punctuation, spacing, quotation marks and order of label words.

    All differ from the template and from each other, name the same fields in the same order, and are read
    from left to right where the template is. The order is fixed: first the changes that any reader would
    think of, then further ones until there are 12. A template without words and fields has fewer: of `{mask}`
    alone only the blank before it can change.

    Args:
        label_words: where the template names two or more of them, one change turns their order round.
    """
    found: dict[Template, Rewording] = {}
    for change, pieces in _changes(template, label_words):
        changed = Template(pieces)
        if changed != template:
            found.setdefault(changed, Rewording(change, changed))
    return tuple(found.values())[:WORDINGS]


def _changes(template: Template, label_words: Sequence[str]) -> Iterator[tuple[str, Pieces]]:
    """Changes by preference, those that change nothing included."""
    pieces, end = template.pieces, _end(template)
    where = "at the end" if template.form == "cloze" else "before the slot"
    yield from _first_letter(pieces)
    yield "all in lower case", _edited(pieces, str.lower)
    yield "words capitalised", _edited(pieces, lambda text: _WORD_START.sub(_upper, text))
    yield f"no punctuation {where}", _marked(pieces, end, "")
    yield _mark_named("!" if template.form == "cloze" else "?", pieces, end, where)
    yield from _colon_or_dash(pieces)
    yield "a space doubled", _once(pieces, _SINGLE_SPACE, "  ")
    yield from _blank_before_slot(pieces, template.slot)
    yield "a line end for a space", _once(pieces, _SINGLE_SPACE, "\n")
    yield "spaces for line ends", _edited(pieces, lambda text: _LINE_END.sub(" ", text))
    yield from _quotation(pieces)
    yield "label words in reverse order", _reversed_words(pieces, label_words)
    yield from _further(template)


def _further(template: Template) -> Iterator[tuple[str, Pieces]]:
    """Changes that stand in where others do not apply."""
    pieces, end, slot = template.pieces, _end(template), template.slot
    where = "at the end" if template.form == "cloze" else "before the slot"
    yield "all in capitals", _edited(pieces, str.upper)
    yield _mark_named(".", pieces, end, where)
    yield "a colon before the slot", _marked(pieces, slot, ":")
    if not _all_quoted(pieces):
        yield "single quotation marks around the field", _wrapped(pieces, "'", "'")
    yield _mark_named("?" if template.form == "cloze" else "!", pieces, end, where)
    yield "a dash before the slot", _marked(pieces, slot, " -")
    yield "a line end doubled", _once(pieces, _LINE_END, "\n\n")
    yield "the field in brackets", _wrapped(pieces, "(", ")")
    yield "a line end before the slot", _blank_at(pieces, slot, "\n")
    yield "a comma before the slot", _marked(pieces, slot, ",")
    yield "a line end at the start", (Text("\n"), *pieces)
    yield "a space at the start", (Text(" "), *pieces)
    yield "two spaces before the slot", _blank_at(pieces, slot, "  ")


def _edited(pieces: Pieces, edit: Callable[[str], str]) -> Pieces:
    return tuple(Text(edit(piece.text)) if isinstance(piece, Text) else piece for piece in pieces)


def _once(pieces: Pieces, pattern: re.Pattern[str], replacement: str) -> Pieces:
    """With the first match of the pattern replaced."""
    for i, piece in enumerate(pieces):
        if isinstance(piece, Text) and (match := pattern.search(piece.text)):
            text = piece.text[: match.start()] + replacement + piece.text[match.end() :]
            return (*pieces[:i], Text(text), *pieces[i + 1 :])
    return pieces


def _upper(match: re.Match[str]) -> str:
    return match[0].upper()


def _first_letter(pieces: Pieces) -> Iterator[tuple[str, Pieces]]:
    texts = (piece.text for piece in pieces if isinstance(piece, Text))
    letter = next((found[0] for text in texts if (found := _LETTER.search(text))), "")
    to = "lower case" if letter.isupper() else "upper case"
    yield f"first letter in {to}", _once(pieces, _LETTER, letter.swapcase())


def _end(template: Template) -> int:
    """Index behind the piece that ends the wording: the last one, or the last before a slot at the end."""
    return len(template.pieces) if template.form == "cloze" else template.slot


def _marked(pieces: Pieces, at: int, mark: str) -> Pieces:
    """With the punctuation before index `at` replaced by `mark`; blanks behind it stay."""
    if not at:
        return pieces
    before = pieces[at - 1]
    if not isinstance(before, Text):
        return (*pieces[:at], Text(mark), *pieces[at:])
    body = before.text.rstrip()
    text = _MARKS.sub("", body).rstrip() + mark + before.text[len(body) :]
    return (*pieces[: at - 1], Text(text), *pieces[at:])


def _mark_named(mark: str, pieces: Pieces, at: int, where: str) -> tuple[str, Pieces]:
    names = {".": "a full stop", "!": "an exclamation mark", "?": "a question mark"}
    return f"{names[mark]} {where}", _marked(pieces, at, mark)


def _colon_or_dash(pieces: Pieces) -> Iterator[tuple[str, Pieces]]:
    texts = [piece.text for piece in pieces if isinstance(piece, Text)]
    if any(map(_COLON.search, texts)):
        yield "a dash for each colon", _edited(pieces, lambda text: _COLON.sub(" -", text))
    elif any(map(_DASH.search, texts)):
        yield "a colon for each dash", _edited(pieces, lambda text: _DASH.sub(":", text))


def _blank_before_slot(pieces: Pieces, slot: int) -> Iterator[tuple[str, Pieces]]:
    before = pieces[slot - 1] if slot else None
    if isinstance(before, Text) and before.text != before.text.rstrip():
        yield "no blank before the slot", _blank_at(pieces, slot, "")
    else:
        yield "a space before the slot", _blank_at(pieces, slot, " ")


def _blank_at(pieces: Pieces, at: int, blank: str) -> Pieces:
    """With the blanks before index `at` replaced."""
    before = pieces[at - 1] if at else None
    if not isinstance(before, Text):
        return (*pieces[:at], Text(blank), *pieces[at:])
    return (*pieces[: at - 1], Text(before.text.rstrip() + blank), *pieces[at:])


def _quotation(pieces: Pieces) -> Iterator[tuple[str, Pieces]]:
    if not _all_quoted(pieces):
        yield "quotation marks around the field", _wrapped(pieces, '"', '"')
        return
    bare = list(pieces)
    for i in _fields(pieces):
        before, after = bare[i - 1], bare[i + 1]
        if isinstance(before, Text) and isinstance(after, Text):
            bare[i - 1], bare[i + 1] = Text(before.text[:-1]), Text(after.text[1:])
    yield "no quotation marks around the field", tuple(bare)


def _wrapped(pieces: Pieces, opening: str, closing: str) -> Pieces:
    fields = set(_fields(pieces))
    return tuple(
        part
        for i, piece in enumerate(pieces)
        for part in ((Text(opening), piece, Text(closing)) if i in fields else (piece,))
    )


def _fields(pieces: Pieces) -> list[int]:
    return [i for i, piece in enumerate(pieces) if isinstance(piece, Field)]


def _all_quoted(pieces: Pieces) -> bool:
    """Whether there are fields, each between quotation marks of its own."""
    places = _fields(pieces)
    return bool(places) and all(_is_quoted(pieces, i) for i in places)


def _is_quoted(pieces: Pieces, i: int) -> bool:
    if not 0 < i < len(pieces) - 1:
        return False
    before, after = pieces[i - 1], pieces[i + 1]
    if not (isinstance(before, Text) and isinstance(after, Text)):
        return False
    return (before.text[-1], after.text[0]) in set(zip(_OPENING, _CLOSING))


def _reversed_words(pieces: Pieces, label_words: Sequence[str]) -> Pieces:
    """With the label words that are named in reverse order, each with a capital where one stood."""
    if not label_words:
        return pieces
    longest_first = sorted(set(label_words), key=lambda word: (-len(word), word))
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)", re.IGNORECASE)
    named = [word for piece in pieces if isinstance(piece, Text) for word in pattern.findall(piece.text)]
    # Taken from the end: the last word named goes where the first stood.
    return _edited(pieces, lambda text: pattern.sub(lambda match: _cased(named.pop(), match[0]), text))


def _cased(word: str, like: str) -> str:
    first = word[0].upper() if like[0].isupper() else word[0].lower()
    return first + word[1:]
