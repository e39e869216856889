"""A template of words opened up: its own words become trigger places, with their tokens to start from."""

from __future__ import annotations

from collections.abc import Sequence

from promptsearch.engines.trigger.reading import Filling
from promptsearch.errors import VerbalizerError
from promptsearch.plms.base import PLM
from promptsearch.template import Field, Mask, Piece, Template, Text, Trigger

# A gradient is taken in each place, so that many places take long.
MOST_PLACES = 8


def opened(template: Template, plm: PLM, most: int = MOST_PLACES) -> tuple[Template, Filling] | None:
    """The template with triggers in place of its texts, and their tokens; None where it has no text.

    Texts nearest to the slot are opened first, as long as there are no more than `most` tokens; others stay.
    """
    ids = {i: _ids(template.pieces, i, plm) for i, piece in enumerate(template.pieces) if _is_text(piece)}
    chosen: set[int] = set()
    left = most
    for i in sorted(ids, key=lambda i: abs(i - template.slot)):
        if 0 < len(ids[i]) <= left:
            chosen.add(i)
            left -= len(ids[i])
    if not chosen:
        return None
    pieces: list[Piece] = []
    for i, piece in enumerate(template.pieces):
        pieces += _around(piece, len(ids[i])) if i in chosen and isinstance(piece, Text) else [piece]
    return Template(tuple(pieces)), tuple(token for i in sorted(chosen) for token in ids[i])


def _is_text(piece: Piece) -> bool:
    return isinstance(piece, Text) and bool(piece.text.strip())


def _around(piece: Text, count: int) -> list[Piece]:
    """A trigger with the blanks of the text around it, which say whether words are apart."""
    return [Text(_before(piece)), Trigger(count), Text(piece.text[len(piece.text.rstrip()) :])]


def _before(piece: Text) -> str:
    """Blanks and line breaks that a text begins with."""
    return piece.text[: len(piece.text) - len(piece.text.lstrip())]


def _ids(pieces: Sequence[Piece], index: int, plm: PLM) -> Filling:
    """Ids of a text as it stands among the pieces; none where the tokenizer cannot spell it."""
    piece = pieces[index]
    assert isinstance(piece, Text)
    before: tuple[Piece, ...] = (Field("text"), Text(_before(piece))) if index else ()
    return token_ids(Template((*before, Mask())), piece.text.strip(), plm)


def token_ids(template: Template, text: str, plm: PLM) -> Filling:
    """Ids of a text in the slot of a template; none where the tokenizer cannot spell it."""
    try:
        return tuple(plm.word_ids(template, [text])[0])
    except VerbalizerError:
        return ()
