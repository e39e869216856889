"""Where soft tokens start: at words of the template, at words of the vocabulary, or anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np
import torch
from torch import Tensor

from promptsearch.engines.soft.config import Parameterisation, Start
from promptsearch.engines.soft.encoders import RATES, RATES_FROM_WORDS
from promptsearch.plms.local import LocalPLM
from promptsearch.readings import answer_tokens
from promptsearch.template import Field, Mask, Piece, Soft, Template, Text
from promptsearch.verbalizer import Verbalizer

# Vocabularies are in order of merging, or of frequency; Lester et al. 2021 draw from so many frequent tokens.
_FREQUENT = 5000


def scale_of(matrix: Tensor) -> float:
    """Spread of the embeddings (vocabulary, d): mean over components of the standard deviation."""
    return float(matrix.float().std(dim=0).mean())


def start_vectors(
    plm: LocalPLM,
    template: Template,
    verbalizer: Verbalizer,
    matrix: Tensor,
    start: Start,
    seed: Sequence[int],
) -> Tensor:
    """Vectors for the template's soft tokens before training: (m, d) float32, on the device of `matrix`.

    Pieces with words start at the embeddings of their tokens. The others start at tokens drawn from the
    frequent words of the vocabulary; at label words in turn and then such tokens; or at random vectors with
    the mean and spread of the embeddings. The first two are those of Lester et al. 2021, section 3.2.

    Args:
        matrix: (vocabulary, d) input embeddings.
        seed: numbers that decide what is drawn.

    Raises:
        TemplateError: words without a token.
        VerbalizerError: label words that cannot be spelled.
    """
    random = np.random.default_rng(list(seed))
    labels = _label_tokens(plm, template, verbalizer) if start == "labels" else iter(())
    frequent = frequent_tokens(plm) if start != "random" else []
    rows: list[Tensor] = []
    slots = [piece for piece in template.pieces if isinstance(piece, Soft)]
    for piece, ids in zip(slots, plm.encoder.initial_ids(template), strict=True):
        if ids is not None:
            rows.append(matrix[ids].float())
        elif start == "random":
            rows.append(_random(matrix, piece.count or 0, random))
        else:
            first = list(islice(labels, piece.count))
            rest = random.choice(frequent, (piece.count or 0) - len(first))
            rows.append(matrix[[*first, *rest.tolist()]].float())
    return torch.cat(rows)


def _label_tokens(plm: LocalPLM, template: Template, verbalizer: Verbalizer) -> Iterator[int]:
    """First tokens of the label words, the first word of each label first."""
    by_label = [[answer.text for answer in answers] for answers in verbalizer.answers]
    turns = range(max(map(len, by_label)))
    words = [words[turn] for turn in turns for words in by_label if turn < len(words)]
    return (forms[0][0] for forms in answer_tokens(plm, template, words, verbalizer.case))


def frequent_tokens(plm: LocalPLM) -> list[int]:
    """Tokens that are words, the most frequent of the vocabulary."""
    texts = plm.vocabulary("a ")
    words = [i for i, text in enumerate(texts) if text.strip().isalpha() and len(text.strip()) > 1]
    return words[:_FREQUENT]


def _random(matrix: Tensor, count: int, random: np.random.Generator) -> Tensor:
    drawn = torch.from_numpy(random.standard_normal((count, matrix.shape[1]), dtype=np.float32))
    table = matrix.float()
    return table.mean(dim=0) + table.std(dim=0) * drawn.to(matrix.device)


def softened(template: Template) -> Template:
    """The template with soft tokens in place of its words, started from them; signs stay as anchors.

    What has no letter or digit, or has braces, stays as it is.
    """
    pieces: list[Piece] = []
    for piece in template.pieces:
        pieces += _softened(piece.text) if isinstance(piece, Text) else [piece]
    return Template(tuple(pieces))


def _softened(text: str, signs: bool = False) -> list[Piece]:
    """A text with its words soft, with or without the signs behind them; itself where it has none."""
    if "{" in text or "}" in text or not any(char.isalnum() for char in text):
        return [Text(text)]
    first = next(i for i, char in enumerate(text) if char.isalnum())
    last = len(text.rstrip()) if signs else max(i for i, char in enumerate(text) if char.isalnum()) + 1
    return [Text(text[:first]), Soft(init=text[first:last]), Text(text[last:])]


def soft_ending(template: Template) -> Template | None:
    """The template with soft tokens in place of the words right before the answer slot, started from them.

    Until it is trained it says what the template says. On a causal PLM what stands before is computed once.
    None where no words stand there, or some tokens are soft already.
    """
    before = template.pieces[template.slot - 1] if template.slot else None
    if not isinstance(before, Text) or any(isinstance(piece, Soft) for piece in template.pieces):
        return None
    soft = _softened(before.text, signs=True)
    if len(soft) == 1:
        return None
    return Template((*template.pieces[: template.slot - 1], *soft, *template.pieces[template.slot :]))


def starts_from_words(template: Template) -> bool:
    """Whether every soft token of a template starts from a word of it."""
    soft = [piece for piece in template.pieces if isinstance(piece, Soft)]
    return bool(soft) and all(piece.init is not None for piece in soft)


def rate_for(parameterisation: Parameterisation, template: Template | None) -> float:
    """Peak learning rate: lower where soft tokens start from words of the template, near which something is.

    Args:
        template: whose soft tokens are trained; None for vectors that stand elsewhere.
    """
    known = template is not None and starts_from_words(template)
    return (RATES_FROM_WORDS if known else RATES)[parameterisation]


def with_soft(template: Template, count: int) -> Template:
    """The template with soft tokens: as it is where it has some, else so many right before the answer slot.

    There they see all of the input on any PLM, and on a causal one what stands before them is computed once.
    """
    if any(isinstance(piece, Soft) for piece in template.pieces):
        return template
    blank = Text(" ")
    left = list(template.left)
    if left and isinstance(left[-1], Field):
        left.append(blank)
    return Template((*left, Soft(count=count), blank, Mask(), *template.right))
