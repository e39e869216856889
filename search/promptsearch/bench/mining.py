"""`promptsearch bench mining`: how fast and in how much memory pairs are found in text, and beside what."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from promptsearch.bench.goals import Goal
from promptsearch.bench.machine import Machine, load_now
from promptsearch.bench.mining_corpus import (
    Relations,
    Text,
    facts_of_task,
    made_up,
    sample,
    unpacked,
    with_other_names,
)
from promptsearch.bench.mining_results import Check, Result, Way, checks_of, in_own_process
from promptsearch.bench.mining_ways import ANY_DISTANCE, MiningJob, Pass
from promptsearch.engines.mining.pairs import Fact
from promptsearch.errors import OptionError

RATIO, MEGABYTES, GROWTH = 30.0, 600.0, 1.2
# Sentences a second in which a dictionary of all n-grams, in pure Python, found 13,353 names.
N_GRAMS = 62_000.0
# Of the obvious way, so that it takes seconds; it is held against promptsearch by the sentence.
_MOST_CHECKS = 20_000_000
NO_DASK = "Dask was left out: it is not installed (pip install 'promptsearch[cluster]')."


@dataclass(frozen=True)
class MiningBenchConfig:
    """What to measure.

    Attributes:
        corpus: a file, folder or glob; without one a made-up text is measured.
        task: whose facts to look for in the corpus.
        sentences: of the made-up text.
        passes: of each way.
        times: how many times as large the large text is.
    """

    corpus: Path | None = None
    task: str | None = None
    sentences: int = 150_000
    passes: int = 3
    times: int = 10
    with_dask: bool = True
    stand_in: bool = True
    offline: bool = False
    command: str = ""

    def __post_init__(self) -> None:
        if (self.corpus is None) != (self.task is None):
            raise OptionError("--corpus and --task go together", hint="Give both, or neither.")


@dataclass
class MiningBench:
    """All that was measured.

    Attributes:
        relation: the one that the obvious way looks for, and how many pairs it has.
        facts: of all relations.
        skipped: what was left out, and why.
    """

    config: MiningBenchConfig
    machine: Machine
    text: Text
    large: Text
    relations: int
    facts: int
    large_facts: int
    relation: tuple[str, int]
    results: dict[str, Result]
    checks: tuple[Check, ...]
    skipped: tuple[str, ...] = ()
    load_after: float | None = None
    goals: tuple[Goal, ...] = field(default=())

    def ratio(self, key: str = "one") -> float:
        """How many times as many sentences a second as the obvious way: one relation, or `all` of them."""
        ours = self.results["ours-1" if key == "all" else "one"]
        return ours.sentences_per_second / self.results[f"obvious-{key}"].sentences_per_second

    def record(self) -> dict[str, Any]:
        """As JSON-able values."""
        return {
            "command": self.config.command,
            "machine": self.machine.record(),
            "load_after": self.load_after,
            "made_up": self.config.corpus is None,
            "relations": self.relations,
            "facts": self.facts,
            "large_facts": self.large_facts,
            "relation": list(self.relation),
            "times_as_fast_as_the_obvious_way": {key: self.ratio(key) for key in ("one", "all")},
            "ways": [result.record() for result in self.results.values()],
            "checks": [vars(check) for check in self.checks],
            "goals": [goal.record() for goal in self.goals],
            "skipped": list(self.skipped),
        }


def run(
    config: MiningBenchConfig, stage: Callable[[str], None], notice: Callable[[str], None]
) -> MiningBench:
    """Measure.

    Args:
        stage: told what is being measured.
        notice: told what the user must know, such as what is left out.

    Raises:
        TaskError, DataError: the corpus or the facts cannot be had.
        ContenderError: a way failed.
    """
    machine = Machine.now()
    skipped = []
    if config.with_dask and find_spec("distributed") is None:
        skipped.append(NO_DASK)
        notice(NO_DASK)
    with tempfile.TemporaryDirectory(prefix="promptsearch-bench-") as name:
        folder = Path(name)
        stage("Preparing texts")
        text, relations = _text_and_facts(config, folder)
        large, larger = with_other_names(text, relations, config.times, folder / "large")
        relation = median_relation(relations)
        one = _plain(relations, [relation])
        obvious = [
            _obvious("one", "one relation, sample", one, text, folder),
            _obvious("all", "the text, sample", _plain(relations, relations), text, folder),
        ]
        ways = [*_ways(config, text, relations, large, larger, one), *obvious]
        results = _results(ways, config.passes, folder, stage)
        stage("Comparing results")
        spelt = replace(obvious[0].job, way="met", between=ANY_DISTANCE, fold=False)
        checks = checks_of(results, in_own_process(spelt, folder))
    bench = MiningBench(
        config,
        machine,
        text,
        large,
        len(relations),
        sum(map(len, relations.values())),
        sum(map(len, larger.values())),
        (relation, len(relations[relation])),
        results,
        checks,
        tuple(skipped),
        load_now(),
    )
    bench.goals = tuple(goals_of(bench))
    return bench


def median_relation(relations: Relations) -> str:
    """The relation of the median number of facts; of two in the middle the larger."""
    by_size = sorted(relations, key=lambda name: len(relations[name]))
    return by_size[len(by_size) // 2]


def goals_of(bench: MiningBench) -> list[Goal]:
    """What was promised and what was found."""
    found = bench.results
    times = bench.config.times
    goals = [
        Goal(f"× as fast as the obvious way, {on}, 1 process", bench.ratio(key), RATIO)
        for key, on in (("one", "one relation"), ("all", "all relations"))
    ]
    for key in ("ours-1", "ours-all", "large-1", "large-all"):
        if (peak := found[key].peak_megabytes) is not None:
            what = f"peak MB, {found[key].way.on}, {found[key].way.title}"
            goals.append(Goal(what, peak, MEGABYTES, at_least=False))
    for key in ("1", "all"):
        large, small = found[f"large-{key}"], found[f"ours-{key}"]
        if large.workers != small.workers:
            continue  # a small text is not worth as many
        growth = small.megabytes_per_second / large.megabytes_per_second
        what = f"time a MB on {times} × the text beside the text, {large.way.title}"
        goals.append(Goal(what, growth, GROWTH, at_least=False))
    rate = found["names"].sentences_per_second
    goals.append(Goal("sentences a second, names alone, beside a dictionary of n-grams", rate, N_GRAMS))
    return goals


def _text_and_facts(config: MiningBenchConfig, folder: Path) -> tuple[Text, dict[str, tuple[Fact, ...]]]:
    target = folder / "text.txt"
    if config.corpus is None or config.task is None:
        return made_up(config.sentences, target)
    relations = facts_of_task(config.task, stand_in=config.stand_in, offline=config.offline)
    return unpacked(config.corpus, target), {name: facts for name, facts in relations.items() if facts}


def _ways(
    config: MiningBenchConfig,
    text: Text,
    relations: Relations,
    large: Text,
    larger: Relations,
    one: Relations,
) -> list[Way]:
    everything = MiningJob("ours", str(text.path), dict(relations))
    beyond = MiningJob("ours", str(large.path), dict(larger))
    single, every = "promptsearch, 1 process", "promptsearch, all cores"
    ways = [
        Way("ours-1", single, "the text", everything, text),
        Way("ours-all", every, "the text", replace(everything, workers=None), text),
    ]
    if config.with_dask and find_spec("distributed") is not None:
        for workers in (1, 2):
            title = f"promptsearch on Dask, {workers} worker{'s' * (workers > 1)}"
            job = replace(everything, way="dask", workers=workers)
            ways.append(Way(f"dask-{workers}", title, "the text", job, text))
    large_on = f"{config.times} × the text"
    return [
        *ways,
        Way("large-1", single, large_on, beyond, large),
        Way("large-all", every, large_on, replace(beyond, workers=None), large),
        Way("one", single, "one relation", replace(everything, relations=dict(one)), text),
        Way("names", single, "names alone", replace(everything, way="names"), text),
    ]


def _obvious(key: str, on: str, relations: Relations, text: Text, folder: Path) -> Way:
    pairs = sum(map(len, relations.values()))
    few = sample(text, max(1, _MOST_CHECKS // pairs), folder / f"sample-{key}.txt")
    job = MiningJob("obvious", str(few.path), dict(relations))
    return Way(f"obvious-{key}", "the obvious way", on, job, few)


def _plain(relations: Relations, chosen: Iterable[str]) -> dict[str, tuple[Fact, ...]]:
    """Relations without aliases, of which the obvious way knows nothing."""
    return {
        name: tuple(replace(fact, subject_aliases=(), object_aliases=()) for fact in relations[name])
        for name in chosen
    }


def _results(ways: list[Way], passes: int, folder: Path, stage: Callable[[str], None]) -> dict[str, Result]:
    """All ways, one after the other, `passes` times over."""
    found: dict[str, list[Pass]] = {way.key: [] for way in ways}
    for number in range(1, passes + 1):
        for way in ways:
            stage(f"Pass {number} of {passes}: {way.title}, {way.on}")
            found[way.key].append(in_own_process(way.job, folder))
    return {way.key: Result(way, tuple(found[way.key])) for way in ways}
