"""What a report says of the label words that the engine `words` found."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from promptsearch.engines.base import Candidate
from promptsearch.scoring import Evaluation
from promptsearch.study.result import Discovery
from promptsearch.study.trial import Trial
from promptsearch.verbalizer import Answer

SHOWN = 40
"""Words of a label that a report lists."""
_DROPPED_SHOWN = 15
_SEEDS_SHOWN = 3

# Reasons with figures or labels in them -> their kind, and what differs from word to word.
_REASONS = (
    (re.compile(r"nearer to (.+)", re.DOTALL), "nearer to another label", r"\1"),
    (re.compile(r"\d+ tokens"), "several tokens", ""),
    (re.compile(r"(prior|relevance) \S+, (below \S+)"), r"\1 \2", ""),
)

_MEANINGS = {
    "names": "the labels' names, as the PLM scores them",
    "names, calibrated": "the same, with batch calibration",
    "expanded": "words of the knowledge bases, as the PLM scores them",
    "calibrated": "each word divided by its prior, then batch calibration",
    "frequency": "without the words that the PLM hardly ever expects",
    "relevance": "without the words that move with another label",
    "weights": "weights learned from the labelled texts",
    "neighbours": "nearest words to the names in the PLM's embeddings (NPPrompt)",
    "probe": "words that a linear probe scores highest (AutoPrompt)",
    "ratio": "words with the highest likelihood ratio (PETAL)",
    "cross-entropy": "words with the highest cross-entropy score (PETAL)",
    "likelihood": "likely words, pruned by train accuracy (LM-BFF)",
    "subset": "few words that do best together",
    "soft": "a learned vector a label, started from the words (WARP)",
    "prototypes": "a learned prototype a label (ProtoVerb)",
    "nearest": "nearest labelled texts, mixed with the words (kNN)",
}


@dataclass(frozen=True)
class StepRow:
    """One verbalizer on the way from names to chosen words, or beside it.

    Attributes:
        step: place in the chain; None for a method beside it.
        words: label words in all.
        dropped: words that this step took out.
        figure: on dev, or on test where nothing was chosen; None where nothing was measured.
        train: figures on train, held out where labels were looked at.
        chosen: whether this is the prompt that was chosen.
    """

    name: str
    step: int | None
    words: int
    dropped: int
    figure: Evaluation | None
    train: Evaluation | None = None
    cost: float | None = None
    chosen: bool = False

    @property
    def meaning(self) -> str:
        """What the step does, in a few words."""
        return _MEANINGS.get(self.name, "")


def method_of(candidate: Candidate) -> str:
    """Name of the step or method that found a candidate."""
    return str(candidate.provenance.get("method", ""))


def step_row(candidate: Candidate, figure: Evaluation | None) -> StepRow:
    """The row of a candidate that was measured, or not."""
    step = candidate.provenance.get("step")
    return StepRow(
        method_of(candidate),
        step if isinstance(step, int) else None,
        candidate.verbalizer.size,
        len(dropped_words(candidate)),
        figure,
    )


def words_trials(discovery: Discovery) -> list[Trial]:
    """Trials of the engine `words` for one template on the PLM of the best prompt, chain first.

    The template is the best prompt's own if label words were searched for it, else that of the trial of
    `words` that does best on dev.
    """
    best, metric = discovery.best.trial, discovery.task.metric
    found = [t for t in discovery.trials if t.candidate.engine == "words" and t.plm == best.plm]
    if not found:
        return []
    if any(trial.candidate.template == best.candidate.template for trial in found):
        template = best.candidate.template
    else:
        template = max(found, key=lambda t: (t.dev.value(metric), t.dev.log_likelihood)).candidate.template
    mine = [trial for trial in found if trial.candidate.template == template]
    return sorted(mine, key=lambda trial: _place(trial, metric))


def _place(trial: Trial, metric: str) -> tuple[int, float]:
    step = trial.candidate.provenance.get("step")
    return (0, step) if isinstance(step, int) else (1, -trial.dev.value(metric))


def rows_of(discovery: Discovery, trials: Sequence[Trial]) -> list[StepRow]:
    """One row a trial, by dev."""
    found = []
    for trial in trials:
        row = step_row(trial.candidate, trial.dev)
        chosen = trial is discovery.best.trial
        found.append(
            StepRow(row.name, row.step, row.words, row.dropped, trial.dev, trial.train, trial.cost, chosen)
        )
    return found


def shown_trial(discovery: Discovery, trials: Sequence[Trial]) -> Trial:
    """The trial whose words are listed: the chosen one, else the best of `words` on dev."""
    metric = discovery.task.metric
    if any(trial is discovery.best.trial for trial in trials):
        return discovery.best.trial
    return max(trials, key=lambda t: (t.dev.value(metric), t.dev.log_likelihood))


def dropped_words(candidate: Candidate) -> list[Mapping[str, str]]:
    """Words that a step took out: label, word and why."""
    dropped = candidate.provenance.get("dropped", ())
    return [item for item in dropped if isinstance(item, Mapping)] if isinstance(dropped, Sequence) else []


def notes_of(candidates: Iterable[Candidate]) -> list[str]:
    """What the steps have to say, in sentences, each once."""
    told: list[str] = []
    for candidate in candidates:
        notes = candidate.provenance.get("notes", ())
        if isinstance(notes, Sequence) and not isinstance(notes, str):
            told += [str(note) for note in notes]
    return list(dict.fromkeys(told))


def listed_words(candidate: Candidate, answers: Sequence[Answer], most: int = SHOWN) -> str:
    """Words of a label with their shares where these differ, the heaviest first: `war 1.2 %, army 0.8 %`.

    Learned weights also make up for how much a word varies; their shares are those of its importance.
    """
    ordered = heaviest_first(candidate, answers)
    weights = [weight for _, weight in ordered]
    total, equal = sum(weights), len(set(weights)) == 1
    shown = [a.text if equal else f"{a.text} {100 * weight / total:.1f} %" for a, weight in ordered[:most]]
    more = f" … and {len(ordered) - most} more" if len(ordered) > most else ""
    return ", ".join(shown) + more


def heaviest_first(candidate: Candidate, answers: Sequence[Answer]) -> list[tuple[Answer, float]]:
    """Words of a label with their weights or, where those are learned, their importance."""
    given = candidate.provenance.get("importance")
    importance = given if isinstance(given, Mapping) else {}
    weights = [float(importance.get(answer.text, answer.weight)) for answer in answers]
    return sorted(zip(answers, weights), key=lambda pair: -pair[1])


def sources_of(candidate: Candidate, answers: Sequence[Answer]) -> str:
    """How many words of a label came from where: `lexicon 40, wordnet hyponym 12 (of game)`."""
    sources = candidate.provenance.get("sources", {})
    if not isinstance(sources, Mapping):
        return ""
    seeds: dict[str, Counter[str]] = {}
    for answer in answers:
        source = sources.get(answer.text)
        if isinstance(source, Mapping):
            relation = str(source["relation"])
            name = _source_name(str(source["source"]), relation)
            # Lists go by label and found words by method: neither has a seed to speak of.
            seed = "" if relation in ("name", "listed", "found") else str(source.get("seed", ""))
            seeds.setdefault(name, Counter())[seed] += 1
    ordered = sorted(seeds.items(), key=lambda item: -item[1].total())
    return ", ".join(f"{name} {counts.total()}{_of_seeds(counts)}" for name, counts in ordered)


def _source_name(source: str, relation: str) -> str:
    if relation in ("listed", "neighbour"):
        return source
    if relation == "found":
        return f"found by {source}"
    return "the label's name" if relation == "name" else f"{source} {relation}"


def _of_seeds(counts: Counter[str]) -> str:
    """` (of war, games, …)`, the most frequent seeds first; nothing without seeds."""
    seeds = [seed for seed, _ in counts.most_common() if seed]
    if not seeds:
        return ""
    more = ", …" if len(seeds) > _SEEDS_SHOWN else ""
    return f" (of {', '.join(seeds[:_SEEDS_SHOWN])}{more})"


def dropped_lines(candidates: Iterable[Candidate]) -> list[tuple[str, str, str, str, str]]:
    """What was dropped, by kind of reason: (step, label, why, how many, the first words)."""
    lines = []
    for candidate in candidates:
        groups: dict[tuple[str, str], list[str]] = {}
        for item in dropped_words(candidate):
            kind, detail = reason_kind(str(item["why"]))
            word = f"{item['word']} ({detail})" if detail else str(item["word"])
            groups.setdefault((str(item["label"]), kind), []).append(word)
        for (label, kind), words in groups.items():
            more = f" … and {len(words) - _DROPPED_SHOWN} more" if len(words) > _DROPPED_SHOWN else ""
            shown = ", ".join(words[:_DROPPED_SHOWN]) + more
            lines.append((method_of(candidate), label, kind, str(len(words)), shown))
    return lines


def reason_kind(why: str) -> tuple[str, str]:
    """Kind of a reason, and what is the word's own in it: `nearer to another label`, `'sports'`."""
    for pattern, kind, detail in _REASONS:
        if match := pattern.fullmatch(why):
            return match.expand(kind), match.expand(detail)
    return why, ""
