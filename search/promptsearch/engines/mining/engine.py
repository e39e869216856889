"""The `mining` engine: templates from text, ranked by what a PLM makes of them on train."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from random import Random

from promptsearch.engines.base import Budget, Candidate
from promptsearch.engines.mining.config import MiningConfig
from promptsearch.engines.mining.framing import Frame
from promptsearch.engines.mining.mined import Mined
from promptsearch.engines.mining.mining import Mining, corpus_of, label_words_of, mine
from promptsearch.engines.mining.preference import to_read
from promptsearch.engines.mining.reading import Entry, Read, read
from promptsearch.engines.mining.running import Progress
from promptsearch.plms.base import PLM, SUMMED, AnswerScoring
from promptsearch.tasks.drawing import drawn_by_class
from promptsearch.tasks.task import Example, Task, gold
from promptsearch.template import Template
from promptsearch.verbalizer import Verbalizer


class MiningEngine:
    """Templates found in a text corpus (LPAQA, Jiang et al. 2020), for facts and for classification.

    The text is mined once a task; each PLM then reads what was found.

    Args:
        config: what to mine, and how.
        names: label words that a person would write, for classification, the plainest first.
        scoring: how answers of several tokens are read.
        progress: told how far the text has been read.
    """

    name: str = "mining"

    def __init__(
        self,
        config: MiningConfig | None = None,
        names: Sequence[Verbalizer] = (),
        scoring: AnswerScoring = SUMMED,
        progress: Progress | None = None,
    ) -> None:
        self.config = config or MiningConfig()
        self.names = tuple(names)
        self.scoring = scoring
        self.progress = progress
        self._mined: tuple[str, Mining] | None = None

    def check(self, task: Task) -> None:
        """Look for the corpus, so that one which cannot be had is known before the work begins.

        Raises:
            DataError: it holds nothing that can be read.
            OptionError: a miner needs a package that is not installed.
        """
        corpus_of(task, self.config)
        if task.kind == "fact" and "dependency" in self.config.miners:
            from promptsearch.engines.mining.dependency import SpacyParser

            SpacyParser(self.config.parser).check()

    def mine(self, task: Task) -> Mining:
        """What the text holds for a task; of the same task it is found once.

        Raises:
            PromptSearchError: see `mining.mine`.
        """
        if self._mined is None or self._mined[0] != task.fingerprint:
            self._mined = task.fingerprint, mine(task, self.config, self.names, self.progress)
        return self._mined[1]

    def found(self, task: Task) -> Mining | None:
        """What `mine` has found for a task; None where it was not called."""
        return self._mined[1] if self._mined is not None and self._mined[0] == task.fingerprint else None

    def search(self, task: Task, plm: PLM, budget: Budget, seed: int) -> Iterator[Candidate]:
        """Mined templates, the one that the PLM answers best with on train first (one of one pair: clearly).

        Each comes with the one or two sets of label words that it does best with. `budget.evaluations` is
        the number of templates that the PLM reads. The seed fixes which train examples it reads them on.

        Where train has no labels, those that the text supports most come, with all their sets of label
        words, in the order of the text.

        Raises:
            DataError: the corpus cannot be read, or there is nothing to mine with.
        """
        end = None if budget.seconds is None else time.monotonic() + budget.seconds
        most = self.config.read if budget.evaluations is None else budget.evaluations
        if not gold(task.train):
            for entry in self._entries(task, plm, min(most, self.config.kept)):
                yield Candidate(entry.template, entry.verbalizer, "mining", entry.mined.record())
            return
        found = read(
            plm,
            self._entries(task, plm, most),
            _drawn(task, self.config.most_texts, seed),
            self.scoring,
            self.config.kept,
            lambda: end is not None and time.monotonic() >= end,
        )
        for entry in found:
            yield _candidate(entry)

    def _entries(self, task: Task, plm: PLM, most: int) -> list[Entry]:
        """The first `most` templates that the PLM can read, with the label words to read them with.

        Those that one pair alone supports come last.
        """
        plain = self._plain_verbalizers(task)
        mined_of: dict[Template, Mined | Frame] = {}
        for mined in self.mine(task).templates:
            for template in _templates(mined, plm.identity.reads_right):
                mined_of.setdefault(template, mined)
        support = {template: mined.support for template, mined in mined_of.items()}
        chosen = to_read(list(mined_of), support, most)
        return [
            Entry(mined_of[template], template, verbalizer)
            for template in chosen
            for verbalizer in dict.fromkeys((*plain, *_seen(mined_of[template], task)))
        ]

    def _plain_verbalizers(self, task: Task) -> Sequence[Verbalizer]:
        """Facts answer with the object itself, labels with words that a person would write."""
        if task.kind == "fact":
            return (Verbalizer.of([str(label) for label in task.labels], task.labels),)
        if self.names:
            return self.names
        return (Verbalizer.of([words[0] for words in label_words_of(task, ())], task.labels),)


def _templates(mined: Mined | Frame, reads_right: bool) -> Sequence[Template]:
    """The forms that a PLM can read."""
    if not reads_right:
        return () if mined.prefix is None else (mined.prefix,)
    return mined.cloze if isinstance(mined, Frame) else (mined.cloze,)


def _seen(mined: Mined | Frame, task: Task) -> Sequence[Verbalizer]:
    """The words of each label that stand in a frame most often: one, and three."""
    if not isinstance(mined, Frame) or not all(mined.words_by_label):
        return ()
    return [Verbalizer.of([list(words[:n]) for words in mined.words_by_label], task.labels) for n in (1, 3)]


def _drawn(task: Task, most: int, seed: int) -> list[Example]:
    """Train examples to rank on: of facts any, else every class in turn."""
    train = list(task.train)
    if task.kind != "fact":
        return [train[i] for i in drawn_by_class(train, most, seed)]
    Random(f"{seed} mining").shuffle(train)
    return train[:most]


def _candidate(found: Read) -> Candidate:
    mined, entry = found.entry.mined, found.entry
    provenance = {
        **mined.record(),
        "train_accuracy": round(found.accuracy, 4),
        "train_n": found.n,
    }
    return Candidate(entry.template, entry.verbalizer, "mining", provenance)
