"""How good found label words are: test figures of every method, over several draws of the labelled texts."""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from promptsearch.engines.base import Budget, Candidate, candidate_log_probs
from promptsearch.engines.words import WordsConfig, WordsEngine
from promptsearch.engines.words.config import WITHOUT_LABELS
from promptsearch.plms.base import PLM, AnswerScoring
from promptsearch.scoring import evaluate
from promptsearch.study.config import DiscoverConfig
from promptsearch.study.discover import load_search_plm
from promptsearch.study.observer import Observer
from promptsearch.study.setup import load_search_task
from promptsearch.study.texts import drawn_texts
from promptsearch.tasks.task import Task, gold
from promptsearch.template import Template

_SCORING = AnswerScoring("token")
CHOSEN = "chosen on train"


@dataclass(frozen=True)
class Case:
    """A task with a template, and how many labelled texts there are in all."""

    task: str
    template: str
    labelled: int = 64


CASES = (
    Case("ag_news", "{text}\nTopic: {mask}"),
    Case("sst2", "{text} All in all, it was {mask}"),
)


@dataclass(frozen=True)
class MethodResult:
    """Test figures of one method, one a seed, in the metric of the task.

    Attributes:
        words: label words in all, mean over seeds.
    """

    method: str
    values: tuple[float, ...]
    words: float

    @property
    def mean(self) -> float:
        """Mean over seeds."""
        return statistics.fmean(self.values)

    @property
    def spread(self) -> float:
        """Standard deviation over seeds; 0 for one seed."""
        return statistics.stdev(self.values) if len(self.values) > 1 else 0.0


@dataclass(frozen=True)
class CaseResult:
    """All methods on one task and PLM.

    Attributes:
        labelled: labelled texts in all; 0 for none.
        texts: texts that were read.
        seconds: median over seeds of the whole search, after the forward passes.
        extra_bytes: by how much a search raised the peak memory of the process.
        chosen: method with the best figures on train, one a seed.
    """

    task: Task
    plm: str
    template: str
    labelled: int
    texts: int
    methods: tuple[MethodResult, ...]
    seconds: float
    extra_bytes: int
    chosen: tuple[str, ...] = ()


def measure(
    cases: Sequence[Case],
    plms: Sequence[str],
    seeds: Sequence[int],
    config: DiscoverConfig,
    observer: Observer,
) -> list[CaseResult]:
    """Every case on every PLM, with labels and without."""
    results: list[CaseResult] = []
    for reference in plms:
        observer.stage(f"Loading {reference}")
        plm = load_search_plm(config, reference, observer)
        plm.watch(observer.advance)
        for case in cases:
            for labelled in (case.labelled, 0):
                observer.stage(f"{reference}: {case.task}, {labelled} labelled texts")
                results.append(_case(plm, case, labelled, seeds, config))
    return results


def _case(plm: PLM, case: Case, labelled: int, seeds: Sequence[int], config: DiscoverConfig) -> CaseResult:
    template = Template.parse(case.template)
    values: dict[str, list[float]] = {}
    words: dict[str, list[int]] = {}
    seconds: list[float] = []
    chosen: list[str] = []
    extra, task, texts = 0, None, 0
    for seed in seeds:
        task = _task(case, labelled, replace(config, task=case.task, seed=seed))
        texts = len(task.train)
        plm.answer_states(template, task.train)  # what follows is timed without forward passes
        before, start = _peak(), time.perf_counter()
        candidates = list(_search(task, plm, template, labelled, seed))
        seconds.append(time.perf_counter() - start)
        extra = max(extra, _peak() - before)
        figures = [_on_test(plm, candidate, task) for candidate in candidates]
        for candidate, figure in zip(candidates, figures):
            name = str(candidate.provenance["method"])
            values.setdefault(name, []).append(figure)
            words.setdefault(name, []).append(candidate.verbalizer.size)
        if labelled:
            best = _best_on_train(plm, candidates, task)
            values.setdefault(CHOSEN, []).append(figures[best])
            words.setdefault(CHOSEN, []).append(candidates[best].verbalizer.size)
            chosen.append(str(candidates[best].provenance["method"]))
    if task is None:
        raise ValueError("at least one seed is needed")
    methods = tuple(
        MethodResult(name, tuple(found), statistics.fmean(words[name])) for name, found in values.items()
    )
    return CaseResult(
        task,
        plm.identity.reference,
        case.template,
        labelled,
        texts,
        methods,
        statistics.median(seconds),
        extra,
        tuple(chosen),
    )


def _task(case: Case, labelled: int, config: DiscoverConfig) -> Task:
    """The task with so many labelled texts as train, or with `TEXTS` texts whose labels are taken off."""
    task = load_search_task(replace(config, shots=1))
    if not labelled:
        return replace(task, splits={**task.splits, "train": drawn_texts(config, task)}, _fingerprints={})
    shots = max(1, labelled // len(task.labels))
    return load_search_task(replace(config, shots=shots))


def _search(task: Task, plm: PLM, template: Template, labelled: int, seed: int) -> Iterator[Candidate]:
    config = WordsConfig() if labelled else WordsConfig(methods=WITHOUT_LABELS)
    return WordsEngine(config, [template], scoring=_SCORING).search(task, plm, Budget(), seed)


def _on_test(plm: PLM, candidate: Candidate, task: Task) -> float:
    return evaluate(candidate_log_probs(plm, candidate, _SCORING, task.test), gold(task.test)).value(
        task.metric
    )


def _best_on_train(plm: PLM, candidates: Sequence[Candidate], task: Task) -> int:
    """The candidate with the best figures on train, held out where labels were looked at."""
    keys = []
    for candidate in candidates:
        log_probs = candidate.train_log_probs
        found = evaluate(
            candidate_log_probs(plm, candidate, _SCORING, task.train) if log_probs is None else log_probs,
            gold(task.train),
        )
        keys.append((found.value(task.metric), found.log_likelihood))
    return max(range(len(keys)), key=lambda i: keys[i])


def _peak() -> int:
    """The most memory that the process has had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def record(result: CaseResult) -> dict[str, Any]:
    """As JSON-able values."""
    return {
        "task": result.task.name,
        "stand_in_for": result.task.stand_in_for,
        "plm": result.plm,
        "template": result.template,
        "labelled": result.labelled,
        "texts": result.texts,
        "n_test": len(result.task.test),
        "metric": result.task.metric,
        "seconds": round(result.seconds, 2),
        "extra_megabytes": round(result.extra_bytes / 2**20),
        "methods": {m.method: {"values": list(m.values), "words": m.words} for m in result.methods},
        "chosen": list(result.chosen),
    }


def markdown(result: CaseResult) -> str:
    """A section of a report."""
    from promptsearch.report.marks import code, table

    name = result.task.name
    if result.task.stand_in_for:
        name = f"{name} in place of {result.task.stand_in_for}"
    title = f"## {name}, {result.plm}, " + (
        f"{result.labelled} labelled texts" if result.labelled else f"no labels, {result.texts} texts"
    )
    rows = [
        (m.method, f"{m.words:.0f}", f"{100 * m.mean:.1f}", f"{100 * m.spread:.1f}") for m in result.methods
    ]
    best = ""
    if result.chosen:
        counts = {method: result.chosen.count(method) for method in dict.fromkeys(result.chosen)}
        best = " Chosen on train: " + ", ".join(f"{method} {n}×" for method, n in counts.items()) + "."
    return (
        f"{title}\n\nTemplate {code(result.template)}; {len(result.methods[0].values)} seeds, "
        f"n = {len(result.task.test)}.\n\n"
        f"{table(('method', 'words', f'{result.task.metric} %', 'sd'), rows)}\n\n"
        f"All methods took {result.seconds:.1f} s after the forward passes (median) and raised the peak "
        f"memory of the process by {result.extra_bytes / 2**20:.0f} MB.{best}\n"
    )
