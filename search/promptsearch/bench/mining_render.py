"""The measurement of mining as tables, and as Markdown."""

from __future__ import annotations

from statistics import median

from promptsearch.bench.mining import N_GRAMS, MiningBench
from promptsearch.bench.mining_results import Result
from promptsearch.bench.render import GOAL_TITLES, goal_row, machine_note
from promptsearch.report.marks import code, fenced, table
from promptsearch.showing import count

METHOD = (
    "Every pass of every way runs in a process of its own; the ways take turns, and medians are shown. Time "
    "is from the file's name and the facts to the counts, worker processes of promptsearch included; a Dask "
    "cluster is started before, and how long that takes stands apart. peak MB: the most memory the process "
    "ever had and, behind the plus, the same of all its workers together, in the worst pass. keys: different "
    "words between two names, counted for each relation and order. *Names alone* only cuts sentences into "
    "words and finds the names in them. *The obvious way* asks for each sentence and each pair "
    "`x in sentence and y in sentence`; where all would take long it is given sentences evenly drawn from "
    "the text, and is compared by the sentence."
)
TITLES = ("way", "on", "seconds", "MB/s", "sentences/s", "peak MB", "keys", "to start, s")


def result_row(result: Result) -> tuple[str, ...]:
    """Cells under `TITLES`."""
    first = result.passes[0]
    started = median(one.start_seconds for one in result.passes)
    return (
        result.way.title + (f" ({result.workers})" if result.way.title.endswith("all cores") else ""),
        result.way.on,
        f"{result.seconds:.2f}",
        f"{result.megabytes_per_second:.1f}",
        f"{result.sentences_per_second:,.0f}",
        _peak(result),
        f"{first.keys:,}" if first.keys else "",
        f"{started:.1f}" if started else "",
    )


def _peak(result: Result) -> str:
    worst = max(result.passes, key=lambda one: one.all_bytes or 0)
    if worst.peak_bytes is None:
        return ""
    workers = f" + {sum(worst.worker_bytes) / 1e6:.0f}" if worst.worker_bytes else ""
    return f"{worst.peak_bytes / 1e6:.0f}{workers}"


def subject_note(bench: MiningBench) -> str:
    """What was measured on."""
    text, large, config = bench.text, bench.large, bench.config
    if config.corpus is None:
        source = (
            "A made-up text (words drawn by Zipf's law, names of facts planted in seven sentences of ten)"
        )
    else:
        source = f"{code(config.corpus.name)}, unpacked, a sentence a line"
    facts = f"the train facts of {code(config.task)}" if config.task else "made-up facts"
    name, pairs = bench.relation
    return (
        f"{source}: {count(text.sentences, 'sentence')}, {text.size / 1e6:.1f} MB; {facts}: "
        f"{bench.facts:,} of {count(bench.relations, 'relation')}. One relation is {code(name)}, with "
        f"{count(pairs, 'pair')}, the median. {config.times} × the text: "
        f"{count(large.sentences, 'sentence')}, {large.size / 1e6:.1f} MB, {bench.large_facts:,} facts; the "
        f"text itself and {config.times - 1} copies in which every name is another, whose facts are looked "
        f"for too."
    )


def findings(bench: MiningBench) -> list[str]:
    """Sentences on what the table shows."""
    found = bench.results
    alone = found["names"].sentences_per_second
    more = found["large-1"].passes[0].places / max(1, found["ours-1"].passes[0].places)
    return [
        *(_beside_obvious(bench, key, on) for key, on in (("one", "One relation"), ("all", "All relations"))),
        f"Names alone: {alone:,.0f} sentences a second; a dictionary of all n-grams in pure Python found "
        f"13,353 names at {N_GRAMS:,.0f} a second on a machine with two cores.",
        f"The text of {bench.config.times} × the size holds {more:.2f} × as many pairs of keys.",
        *(f"{check.what}: {'yes' if check.holds else '**no**'}." for check in bench.checks),
    ]


def _beside_obvious(bench: MiningBench, key: str, on: str) -> str:
    few = bench.results[f"obvious-{key}"].way.text.sentences
    return (
        f"{on}, one process: **{bench.ratio(key):,.0f} ×** as many sentences a second as the obvious way, "
        f"which was timed on {count(few, 'sentence')}."
    )


def markdown(bench: MiningBench) -> str:
    """The report as text."""
    passes = bench.config.passes
    rows = [result_row(result) for result in bench.results.values()]
    parts = [
        "# Mining: speed and memory",
        f"{subject_note(bench)} {passes} pass{'es' * (passes > 1)}.",
        METHOD,
        fenced(bench.config.command, "sh"),
        fenced(machine_note(bench.machine, bench.load_after), "text"),
        *bench.skipped,
        table(TITLES, rows),
        "\n".join(f"- {finding}" for finding in findings(bench)),
        "## Goals",
        table(GOAL_TITLES, map(goal_row, bench.goals)),
    ]
    return "\n\n".join(parts) + "\n"
