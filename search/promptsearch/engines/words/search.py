"""All that is tried for one template: the chain from label names to chosen words, and methods beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from promptsearch.engines.words.chain import Pool, has_every_label, pool_of, refined
from promptsearch.engines.words.config import WordsConfig
from promptsearch.engines.words.continuous import fit_nearest, fit_prototypes, fit_soft, word_vectors
from promptsearch.engines.words.crossfit import Fit, can_hold_out, label_log_probs, unknown, with_held_out
from promptsearch.engines.words.expansion import LabelName, LabelWords, expand, owners
from promptsearch.engines.words.found import Found, calibrated, verbalizer_of
from promptsearch.engines.words.methods import SCORES, by_likelihood, by_scores, found_words, top_words
from promptsearch.engines.words.reading import Reading
from promptsearch.engines.words.subset import SubsetSearch
from promptsearch.errors import VerbalizerError
from promptsearch.knowledge.base import KnowledgeBase, RelatedWord
from promptsearch.readings import answer_tokens
from promptsearch.scoring.continuous import Readout
from promptsearch.tasks.task import Task

FloatArray = NDArray[np.float64]

_SUBSET_WORDS = 60  # a label; more only add to the noise of the choice


@dataclass(frozen=True)
class Search:
    """One template of a task.

    Attributes:
        names: how each label is said, and its seeds.
        bases: knowledge bases, `neighbours` not among them.
        neighbours: whether the PLM's own neighbours are one of the knowledge bases.
        seed: of folds and starts.
    """

    task: Task
    reading: Reading
    names: Sequence[LabelName]
    bases: Sequence[KnowledgeBase]
    neighbours: bool
    config: WordsConfig
    seed: int

    def run(self) -> Iterator[Found]:
        """Everything that is found, chain first.

        Raises:
            VerbalizerError: the PLM can spell neither a label's name nor any word for it.
        """
        yield from replace(self, names=self._sayable())._run()

    def _sayable(self) -> list[LabelName]:
        """The names, and in place of one that the PLM cannot spell the first word for it that it can."""
        counts = self.reading.tokens([name.word for name in self.names])
        if all(counts):
            return list(self.names)
        words = self._expanded().words
        found: list[LabelName] = []
        for name, count, related in zip(self.names, counts, words):
            others = [each.word for each in related]
            said = next((w for w, n in zip(others, self.reading.tokens(others)) if n), None)
            if count == 0 and said is None:
                raise VerbalizerError(
                    f"neither the label {name.word!r} nor any word for it can be spelled by "
                    f"{self.reading.plm.identity.reference}",
                    hint="Give label words that its tokenizer knows, or take another PLM.",
                )
            note = f"The PLM cannot spell the label {name.word!r}; {said!r} stands for it."
            spoken = LabelName(said or name.word, name.seeds, (*name.notes, note))
            found.append(name if count else spoken)
        return found

    def _run(self) -> Iterator[Found]:
        yield from self._label_names()
        pool = None
        chain: list[Found] = []
        if "expanded" in self.config.methods:
            for found, words in self._chain():
                chain.append(found)
                pool = words
                yield found
        if "neighbours" in self.config.methods and (found := self._nearest_names()):
            yield found
        if has_every_label(self.reading, self._n):
            yield from self._from_labels(pool, chain)

    # Steps ---------------------------------------------------------------------------------------

    def _label_names(self) -> Iterator[Found]:
        """Each label's name alone, as it stands and calibrated."""
        verbalizer = verbalizer_of([[name.word] for name in self.names], self.task.labels)
        log_probs = self.reading.log_probs(verbalizer.words)
        for step, method in enumerate(("none", "batch")):
            name = "names" if method == "none" else "names, calibrated"
            yield Found(name, verbalizer, calibrated(method, log_probs, verbalizer), step)

    def _chain(self) -> Iterator[tuple[Found, Pool]]:
        config, shown = self.config, self.task.label_names
        words = self._expanded()
        pool, dropped, notes = pool_of(self.reading, words, self.task.labels, shown, config.spans)
        dropped, notes = [*words.dropped, *dropped], [*words.notes, *notes]
        yield pool.found("expanded", 2, "none", dropped, notes, self._span_cost(pool)), pool
        yield from refined(pool, config.refine, self.reading, config.frequent, 3, self.seed)

    def _expanded(self) -> LabelWords:
        bases = [*self.bases, self.reading.neighbours] if self.neighbours else list(self.bases)
        lenient = self.config.knowledge is None
        context = [" ".join(text.values.values()) for text in self.reading.texts[:200]]
        return expand(self.names, bases, self.task.label_names, context, self.config.per_base, lenient)

    def _span_cost(self, pool: Pool) -> dict[str, object]:
        """How many words take passes of their own."""
        several = sum(n > 1 for n in self.reading.tokens([related.word for _, related in pool.words]))
        return {"words_of_several_tokens": several} if several else {}

    # Methods beside the chain --------------------------------------------------------------------

    def _nearest_names(self) -> Found | None:
        """Nearest words to each label's name in the PLM's embeddings, weighted by similarity (NPPrompt)."""
        base = self.reading.neighbours
        near = [self._whole(base.expand([name.word]))[: self.config.per_label - 1] for name in self.names]
        words = _owned(
            [[RelatedWord(name.word, "name", 0.0, "label"), *each] for name, each in zip(self.names, near)]
        )
        if not all(words) or 0 in self.reading.tokens([name.word for name in self.names]):
            return None
        weights = [
            [(related.word, float(np.exp(1 - related.distance))) for related in each] for each in words
        ]
        verbalizer = verbalizer_of(weights, self.task.labels)
        fitted = calibrated(self._calibration, self.reading.log_probs(verbalizer.words), verbalizer)
        sources = {related.word: related for each in words for related in each}
        return Found("neighbours", verbalizer, fitted, sources=sources)

    def _whole(self, related: Sequence[RelatedWord]) -> list[RelatedWord]:
        pieces = self.reading.beginnings([each.word for each in related])
        return [each for each in related if each.word not in pieces]

    def _from_labels(self, pool: Pool | None, chain: Sequence[Found]) -> Iterator[Found]:
        config, labels, calibration = self.config, self.task.labels, self._calibration
        fits: dict[str, Fit] = {
            method: partial(
                by_scores,
                labels=labels,
                method=method,
                per_label=config.per_label,
                shared=config.shared,
                calibration=calibration,
            )
            for method in SCORES
        }
        fits["likelihood"] = partial(by_likelihood, labels=labels, seed=self.seed, calibration=calibration)
        fits["subset"] = partial(self._subset, pool=pool)
        for method, fit in fits.items():
            if method in config.methods:
                found = with_held_out(fit(self.reading), fit, self.reading, self.seed)
                yield from _some(found)
        yield from self._continuous(chain)

    def _subset(self, reading: Reading, pool: Pool | None) -> Found | None:
        """Few words out of all sources that do best together."""
        own = (
            [[pool.words[i][1].word for i in pool.columns(label)] for label in range(self._n)]
            if pool
            else None
        )
        more = top_words(reading, SCORES["ratio"](reading, self._n), self.config.per_label)
        lists = [[*(own[i] if own else [])[:_SUBSET_WORDS], *more[i]] for i in range(self._n)]
        words = _owned([[RelatedWord(w, "", float(r), "") for r, w in enumerate(each)] for each in lists])
        if not all(words):
            return None
        flat = [related.word for each in words for related in each]
        label_of = [label for label, each in enumerate(words) for _ in each]
        log_probs = reading.log_probs(flat)[: reading.n_labelled]
        search = SubsetSearch(most=self.config.per_label)
        chosen = search.run(log_probs, reading.gold, label_of, self._n, seed=self.seed)
        picked = [[flat[i] for i in columns] for columns in chosen.columns]
        result = found_words(reading, self.task.labels, "subset", picked, self._calibration)
        sources = {**result.sources, **(pool.sources if pool else {})}
        details = {
            "subsets": chosen.tried,
            "finished": chosen.finished,
            "held_out_log_likelihood": round(chosen.log_likelihood, 4),
        }
        return replace(result, sources=sources, details=details)

    def _continuous(self, chain: Sequence[Found]) -> Iterator[Found]:
        """Readouts that go beyond words, started from or mixed with those of the chain, else the names."""
        reading, config = self.reading, self.config
        # Beside neighbours stand words that no label was looked at for: the others know the texts already.
        plain = [found for found in chain if found.method != "weights"]
        beside = plain[-1] if plain else list(self._label_names())[-1]
        if "soft" in config.methods:
            fit = fit_soft(reading.hidden, reading.gold, self._n, start=self._start(beside), seed=self.seed)
            yield self._judged(_read_by(beside, "soft", fit.readout, fit.held_out))
        if "prototypes" in config.methods:
            fitted = partial(self._prototypes, beside=beside)
            yield from _some(with_held_out(fitted(reading), fitted, reading, self.seed))
        if "nearest" in config.methods and reading.n_labelled > 1:
            nearest = fit_nearest(reading.hidden, reading.gold, label_log_probs(reading, beside))
            yield self._judged(_read_by(beside, "nearest", nearest.readout, nearest.held_out))

    def _judged(self, found: Found) -> Found:
        """The same; with nothing known of train where no text could be held out."""
        if can_hold_out(self.reading):
            return found
        return replace(found, train_log_probs=unknown(self.reading, found))

    def _prototypes(self, reading: Reading, beside: Found) -> Found:
        readout = fit_prototypes(reading.hidden, reading.gold, self._n, seed=self.seed)
        return _read_by(beside, "prototypes", readout)

    def _start(self, found: Found) -> FloatArray | None:
        """The mean output embedding of each label's words; None where a label has none of one token."""
        words = found.verbalizer.words
        tokens = answer_tokens(self.reading.plm, self.reading.template, words, found.verbalizer.case)
        single = [len(forms[0]) == 1 for forms in tokens]
        weights = np.zeros((self._n, len(words)))
        for label, answers in enumerate(found.verbalizer.answers):
            for answer in answers:
                column = words.index(answer.text)
                weights[label, column] = answer.weight * single[column]
        if not (weights.sum(axis=1) > 0).all():
            return None
        ids = [forms[0][0] for forms in tokens]
        return word_vectors(self.reading.plm.output_embeddings(ids)[0], weights)

    @property
    def _n(self) -> int:
        return len(self.task.labels)

    @property
    def _calibration(self) -> str:
        return "prior-batch" if "calibration" in self.config.refine else "none"


def _owned(words: Sequence[Sequence[RelatedWord]]) -> list[list[RelatedWord]]:
    """Each word left to the label where it is nearest."""
    # Of a label's spellings of a word the nearest counts, so the farthest are written first.
    places = [
        {r.word.casefold(): (r.distance, 0.0) for r in sorted(each, key=lambda r: -r.distance)}
        for each in words
    ]
    owner = owners(places)
    kept: list[list[RelatedWord]] = []
    for label, each in enumerate(words):
        mine = {r.word.casefold(): r for r in reversed(each) if owner[r.word.casefold()] == label}
        kept.append(sorted(mine.values(), key=lambda related: related.distance))
    return kept


def _read_by(words: Found, method: str, readout: Readout, held_out: FloatArray | None = None) -> Found:
    return Found(
        method,
        words.verbalizer,
        words.calibration,
        readout=readout,
        sources=words.sources,
        train_log_probs=held_out,
    )


def _some(found: Found | None) -> Iterator[Found]:
    if found is not None:
        yield found
