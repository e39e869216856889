"""The user's own word lists as a knowledge base."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from promptsearch.errors import DataError, near_matches
from promptsearch.knowledge.base import RelatedWord, nearest_first
from promptsearch.knowledge.lexicon import Lexicon, seeds_of
from promptsearch.knowledge.list_files import LINES_HINT, ListedWord, read_listed
from promptsearch.knowledge.roles import normal_name
from promptsearch.verbalizer import Label

SOURCE = "lists"
RANK_STEP = 0.001  # distance from one listed word to the next


@dataclass(frozen=True)
class WordLists:
    """Words that a user listed for each label of a task.

    Attributes:
        label_names: readable names of the labels, in the task's order.
        words: words of each label in the order of the file; none where the file has none for it.
    """

    label_names: tuple[str, ...]
    words: tuple[tuple[RelatedWord, ...], ...]
    name: str = SOURCE

    @classmethod
    def read(cls, path: str | Path, labels: Sequence[Label], label_names: Sequence[str]) -> WordLists:
        """Read a file of words, gzipped or not; its name tells the format.

        - `.csv`, `.tsv`: columns label and word, if need be weight and relation; parted by `,`, `;` or tabs.
        - `.jsonl`: {"label": …, "word": …, "weight": …} or {"label": …, "words": [word, …]} a line; `words`
          may also be {word: weight, …}.
        - `.json`: {label: [word, …]} or {label: {word: weight, …}}, or a list of objects as in `.jsonl`.
        - any other (`.txt`), the format of KPT (Hu et al. 2022): a line for each label in the task's order,
          its words parted by commas, the best first. Empty lines are passed over.

        Words that stand twice for a label count once, with the highest weight.

        Args:
            labels, label_names: the task's labels as they stand in its data, and their readable names; a
                file may use either, and the case does not matter.

        Raises:
            DataError: the file is missing, damaged or not UTF-8, a label is unknown, a word empty, a
                weight no number >= 0, or there are not as many lines as labels; with the place.
        """
        path = Path(path)
        listed = read_listed(path)
        if any(item.label is not None for item in listed):
            by_label = _by_label(listed, labels, label_names)
        else:
            by_label = _by_line(listed, path, label_names)
        words = tuple(_related(items, name) for items, name in zip(by_label, label_names))
        return cls(tuple(label_names), words)

    @classmethod
    def of_file(cls, path: str | Path) -> WordLists:
        """The lists of a file with the labels it names itself; a bare line is called by its first word.

        Raises:
            DataError: as `read`.
        """
        path = Path(path)
        listed = read_listed(path)
        named = [item.label for item in listed if item.label is not None]
        if named:
            names = list(dict.fromkeys(named))
        else:
            first: dict[int, str] = {}
            for item in listed:
                first.setdefault(item.line, item.word)
            names = list(first.values())
        return cls.read(path, names, names)

    def words_of(self, label: int) -> tuple[RelatedWord, ...]:
        """Words of a label by its index in the task, in the order of the file."""
        return self.words[label]

    def expand(self, seeds: Sequence[str], context: Sequence[str] = ()) -> tuple[RelatedWord, ...]:
        """Words of the labels that the seeds name, one by one or together; `context` is not needed."""
        keys = {normal_name(seed) for seed in seeds} | ({normal_name(" ".join(seeds))} if seeds else set())
        lexicon = Lexicon.for_labels(self.label_names)
        found: list[RelatedWord] = []
        for name, words in zip(self.label_names, self.words):
            same_seeds = bool(seeds) and tuple(seeds) in (lexicon.seeds_of(name), seeds_of(name))
            if normal_name(name) in keys or same_seeds:
                found += words
        return nearest_first(found, without=seeds)


def _by_line(listed: Sequence[ListedWord], path: Path, label_names: Sequence[str]) -> list[list[ListedWord]]:
    lines = list(dict.fromkeys(item.line for item in listed))
    if len(lines) != len(label_names):
        raise DataError(
            f"{len(lines)} lines of words for {len(label_names)} labels",
            where=str(path),
            hint=f"{LINES_HINT} Labels in order: {', '.join(label_names)}.",
        )
    return [[item for item in listed if item.line == line] for line in lines]


def _by_label(
    listed: Sequence[ListedWord], labels: Sequence[Label], label_names: Sequence[str]
) -> list[list[ListedWord]]:
    by_label: list[list[ListedWord]] = [[] for _ in labels]
    exact, loose = _spellings(labels, label_names)
    for item in listed:
        text = item.label or ""
        found = exact.get(text, loose.get(text.casefold(), loose.get(normal_name(text))))
        if found is None:
            near = near_matches(text, label_names, most=1)
            known = ", ".join(label_names)
            raise DataError(
                f"there is no label {text!r}",
                where=item.where,
                hint=(f"Did you mean {near[0]!r}? " if near else "") + f"Labels: {known}.",
            )
        by_label[found].append(item)
    return by_label


def _spellings(labels: Sequence[Label], label_names: Sequence[str]) -> tuple[dict[str, int], dict[str, int]]:
    """Spellings of labels -> their index: as they stand in the data or by name; then in any case.

    A spelling of the second kind that would do for two labels is left out.
    """
    exact: dict[str, int] = {}
    for spellings in (map(str, labels), label_names):
        for i, text in enumerate(spellings):
            exact.setdefault(text.strip(), i)
    loose: dict[str, set[int]] = {}
    for text, i in exact.items():
        for spelling in (text.casefold(), normal_name(text)):
            loose.setdefault(spelling, set()).add(i)
    return exact, {spelling: i for spelling, found in loose.items() if len(found) == 1 for i in found}


def _related(items: Iterable[ListedWord], label_name: str) -> tuple[RelatedWord, ...]:
    """Words of one label, each once, with its highest weight and first relation."""
    first: dict[str, ListedWord] = {}
    weights: dict[str, float] = {}
    for item in items:
        first.setdefault(item.word, item)
        weights[item.word] = max(item.weight, weights.get(item.word, 0.0))
    return tuple(
        RelatedWord(word, item.relation, 1 + rank * RANK_STEP, SOURCE, weights[word], label_name)
        for rank, (word, item) in enumerate(first.items())
    )
