"""From label names to label words: expansion by knowledge bases, and the refinements that take noise out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from promptsearch.engines.words.expansion import Dropped, LabelWords
from promptsearch.engines.words.found import Found, calibrated, verbalizer_of
from promptsearch.engines.words.reading import Reading
from promptsearch.engines.words.refine import Verdict, by_frequency, by_relevance
from promptsearch.engines.words.weights import WordWeights, learn_weights
from promptsearch.knowledge.base import RelatedWord
from promptsearch.knowledge.lists import SOURCE as LISTS
from promptsearch.scoring import Calibration
from promptsearch.verbalizer import Label

FloatArray = NDArray[np.float64]

REFINEMENTS = ("calibration", "frequency", "relevance", "weights")


@dataclass(frozen=True)
class Pool:
    """Words of each label that the PLM can say, with their log-probabilities.

    Attributes:
        words: every word with its label's number, a label's words together, its name first.
        log_probs: (n, W) of every text.
    """

    words: tuple[tuple[int, RelatedWord], ...]
    log_probs: FloatArray
    labels: tuple[Label, ...]
    shown: tuple[str, ...]

    @property
    def label_of(self) -> NDArray[np.int64]:
        """(W,) the label each word stands for."""
        return np.array([label for label, _ in self.words], dtype=np.int64)

    def columns(self, label: int) -> list[int]:
        """Columns of one label's words."""
        return [i for i, (each, _) in enumerate(self.words) if each == label]

    def keep(self, kept: NDArray[np.bool_], reasons: Sequence[str]) -> tuple[Pool, list[Dropped], list[str]]:
        """Leave words out; a label that would lose them all keeps its name.

        Args:
            kept: (W,).
            reasons: why each word would leave.
        """
        stay = kept.copy()
        notes: list[str] = []
        for label, name in enumerate(self.shown):
            own = self.columns(label)
            if not stay[own].any():
                stay[own[0]] = True
                first = self.words[own[0]][1].word
                notes.append(f"All words of {name!r} were taken out; {first!r} stays.")
        dropped = [
            Dropped(self.shown[label], related.word, reasons[i])
            for i, (label, related) in enumerate(self.words)
            if not stay[i]
        ]
        words = tuple(entry for i, entry in enumerate(self.words) if stay[i])
        return replace(self, words=words, log_probs=self.log_probs[:, stay]), dropped, notes

    def found(
        self,
        method: str,
        step: int | None,
        calibration: str,
        dropped: Sequence[Dropped] = (),
        notes: Sequence[str] = (),
        details: Mapping[str, object] = MappingProxyType({}),
    ) -> Found:
        """The words of this pool as a verbalizer."""
        words = [[self.words[i][1].word for i in self.columns(label)] for label in range(len(self.labels))]
        verbalizer = verbalizer_of(words, self.labels)
        fitted = calibrated(calibration, self.log_probs, verbalizer)
        return Found(
            method,
            verbalizer,
            fitted,
            step,
            sources=self.sources,
            dropped=tuple(dropped),
            notes=tuple(notes),
            details=details,
        )

    def anchors(self) -> list[list[int]]:
        """Columns of each label's name and of the words that people listed for it."""
        return [
            [i for i in own if self.words[i][1].relation in ("name", "listed")] or own
            for own in map(self.columns, range(len(self.labels)))
        ]

    @property
    def sources(self) -> dict[str, RelatedWord]:
        """Where each word comes from."""
        return {related.word: related for _, related in self.words}


def pool_of(
    reading: Reading, words: LabelWords, labels: Sequence[Label], shown: Sequence[str], spans: int = 0
) -> tuple[Pool, list[Dropped], list[str]]:
    """The words of each label that can be scored: those of one token, and the nearest `spans` of several.

    A label none of whose words is one token keeps its name, of however many tokens.

    Args:
        words: of each label, its name first.
        spans: words of several tokens that each label may have besides; each needs passes of its own.
    """
    flat = words.flat
    counts = reading.tokens([related.word for _, related in flat])
    # People's lists hold words; the PLM's vocabulary holds pieces of words as well.
    pieces = reading.beginnings([r.word for _, r in flat if r.relation == "neighbour"])
    longer = [0] * len(labels)
    kept: list[tuple[int, RelatedWord]] = []
    dropped: list[Dropped] = []
    notes: list[str] = []
    for (label, related), n_tokens in zip(flat, counts):
        longer[label] += n_tokens > 1
        if related.word in pieces:
            dropped.append(Dropped(shown[label], related.word, "beginning of longer words"))
        elif n_tokens == 1 or (n_tokens > 1 and longer[label] <= spans):
            kept.append((label, related))
        else:
            why = "unknown to the tokenizer" if n_tokens == 0 else f"{n_tokens} tokens"
            dropped.append(Dropped(shown[label], related.word, why))
    for label, name in enumerate(shown):
        if not any(each == label for each, _ in kept):
            own = words.words[label][0]
            kept.append((label, own))
            dropped = [d for d in dropped if (d.label, d.word) != (name, own.word)]
            notes.append(
                f"No word for {name!r} is one token on {reading.plm.identity.reference}; its name stays."
            )
    notes += _cut_notes(dropped, words, shown)
    kept.sort(key=lambda entry: entry[0])
    log_probs = reading.log_probs([related.word for _, related in kept])
    return Pool(tuple(kept), log_probs, tuple(labels), tuple(shown)), dropped, notes


def _cut_notes(dropped: Sequence[Dropped], words: LabelWords, shown: Sequence[str]) -> list[str]:
    """Names and listed words of several tokens, which a person would miss."""
    cut = {(d.label, d.word) for d in dropped if d.reason.endswith(" tokens")}
    notes = []
    for name, related in zip(shown, words.words):
        said = related[0].word
        if (name, said) in cut:
            notes.append(f"The label's name {said!r} is several tokens and was left out; --spans 1 keeps it.")
        own = [r.word for r in related if r.source == LISTS and (name, r.word) in cut]
        if own:
            listed = ", ".join(own[:4]) + (", …" if len(own) > 4 else "")
            notes.append(f"Of your list for {name!r}, {listed} are several tokens; --spans keeps such words.")
    return notes


def refined(
    pool: Pool, refine: Sequence[str], reading: Reading, frequent: float, first_step: int, seed: int
) -> Iterator[tuple[Found, Pool]]:
    """The pool after each refinement asked for, in KPT's order; `calibration` goes into all that follow.

    Args:
        refine: names in `REFINEMENTS`.
        frequent: share of the words that `frequency` keeps.
        first_step: number of the first step.
        seed: of the folds that `weights` are learned on.
    """
    step = first_step
    method = "prior-batch" if "calibration" in refine else "none"
    if "calibration" in refine:
        yield pool.found("calibrated", step, method), pool
        step += 1
    if "frequency" in refine:
        verdict = by_frequency(pool.log_probs, frequent)
        pool, dropped, notes = pool.keep(verdict.keep, _rare(verdict))
        yield pool.found("frequency", step, method, dropped, notes), pool
        step += 1
    if "relevance" in refine:
        verdict = by_relevance(pool.log_probs, pool.label_of, pool.anchors())
        pool, dropped, notes = pool.keep(verdict.keep, _irrelevant(verdict))
        yield pool.found("relevance", step, method, dropped, notes), pool
        step += 1
    if "weights" in refine and has_every_label(reading, len(pool.labels)):
        yield weighted(pool, reading, step, seed), pool


def weighted(pool: Pool, reading: Reading, step: int | None, seed: int, method: str = "weights") -> Found:
    """The pool's words with learned weights; what got none is dropped."""
    n = reading.n_labelled
    learned = learn_weights(
        pool.log_probs[:n], reading.gold, pool.label_of, len(pool.labels), pool.log_probs, seed=seed
    )
    words, dropped, importance = _weighted_words(pool, learned)
    nothing = np.full((n, len(pool.labels)), np.nan)
    return Found(
        method,
        verbalizer_of(words, pool.labels, "sum-log"),
        Calibration("learned", label_offsets=tuple(learned.offsets.tolist())),
        step,
        sources=pool.sources,
        dropped=tuple(dropped),
        details={
            "penalties": {str(p): round(share, 4) for p, share in learned.penalties.items()},
            "importance": importance,
        },
        train_log_probs=nothing if learned.held_out is None else learned.held_out,
    )


def _weighted_words(
    pool: Pool, learned: WordWeights
) -> tuple[list[list[tuple[str, float]]], list[Dropped], dict[str, float]]:
    """Words of each label with their weights, the most important first, what got none, and shares."""
    theta = learned.importance
    words: list[list[tuple[str, float]]] = []
    importance: dict[str, float] = {}
    for label in range(len(pool.labels)):
        own = sorted((i for i in pool.columns(label) if learned.weights[i] > 0), key=lambda i: -theta[i])
        total = sum(theta[i] for i in own)
        words.append([(pool.words[i][1].word, float(learned.weights[i])) for i in own])
        importance |= {pool.words[i][1].word: round(float(theta[i] / total), 4) for i in own}
    dropped = [
        Dropped(pool.shown[label], related.word, "weight 0")
        for (label, related), weight in zip(pool.words, learned.weights)
        if weight <= 0
    ]
    return words, dropped, importance


def has_every_label(reading: Reading, n_labels: int) -> bool:
    """Whether every label has a labelled text."""
    return len(np.unique(reading.gold)) == n_labels


def _rare(verdict: Verdict) -> list[str]:
    return [f"prior {np.exp(value):.1e}, below {np.exp(verdict.threshold):.1e}" for value in verdict.value]


def _irrelevant(verdict: Verdict) -> list[str]:
    return [
        f"relevance {value:.2f}, below {verdict.threshold:g}" if value > 0 else "falls where its label rises"
        for value in verdict.value
    ]
