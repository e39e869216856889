"""A measurement as tables, and as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from promptsearch.bench.comparison import Comparison, Entry
from promptsearch.bench.goals import Goal
from promptsearch.bench.machine import Machine
from promptsearch.bench.scoring import ScoringBench
from promptsearch.bench.verbalizers import VerbalizerRate
from promptsearch.report.marks import code, fenced, table
from promptsearch.showing import count

METHOD = (
    "Each contender runs in a process of its own, loaded and warm. The passes of all take turns; medians are "
    "shown, tokenisation included. prompts/s: examples × templates a second. ours ×: how many times as fast "
    "promptsearch is. peak MB: the most memory the process ever had. promptsearch runs as a user gets it, in "
    "the number format it picks, but without its cache; the others in float32. Padded batches: 32 prompts in "
    "the order of the data, logits of all positions. lm-eval: log-likelihood requests to its transformers "
    "back end, in batches of 32."
)
COMPARISON_TITLES = (
    "contender",
    "prompts/s",
    "ours ×",
    "peak MB",
    "same labels %",
    "max Δ log p",
)
RATE_TITLES = ("calibration", "verbalizers/s")
GOAL_TITLES = ("goal", "found", "wanted", "met")


def comparison_row(comparison: Comparison, entry: Entry) -> tuple[str, ...]:
    """Cells under `COMPARISON_TITLES`."""
    return (
        entry.title,
        f"{comparison.speed(entry):.1f}",
        "" if entry is comparison.entries[0] else f"{comparison.ratio(entry):.1f}",
        "" if entry.peak_bytes is None else f"{entry.peak_bytes / 1e6:.0f}",
        f"{100 * entry.equal_labels:.1f}",
        f"{entry.max_difference:.1g}",
    )


def comparison_note(comparison: Comparison) -> str:
    """What was asked, in a sentence."""
    job = comparison.job
    words = ", ".join(repr(word) for word in job.words)
    return (
        f"{count(len(job.examples), 'example')} × {count(len(job.templates), 'template')}, label words "
        f"{words}, {count(comparison.threads, 'thread')}. Labels and log p are held against: "
        f"{comparison.reference}."
    )


def rate_row(rate: VerbalizerRate) -> tuple[str, ...]:
    """Cells under `RATE_TITLES`."""
    return rate.calibration, f"{rate.rate:,.0f}"


def rates_note(rates: Sequence[VerbalizerRate]) -> str:
    """What a verbalizer is here."""
    one = rates[0]
    return (
        f"Accuracy and log-likelihood of verbalizers of {one.n_labels} labels × {one.words_a_label} words on "
        f"the cached answer states of {one.examples} examples, each calibrated for itself."
    )


def goal_row(goal: Goal) -> tuple[str, ...]:
    """Cells under `GOAL_TITLES`."""
    digits = ".1f" if goal.wanted < 100 else ",.0f"
    wanted = f"{'≥' if goal.at_least else '≤'} {goal.wanted:{digits}}"
    return goal.what, f"{goal.found:{digits}}", wanted, "yes" if goal.met else "no"


def machine_note(machine: Machine, load_after: float | None) -> str:
    """Processor, versions and load in a few lines."""
    versions = ", ".join(f"{name} {number}" for name, number in machine.versions.items())
    return "\n".join(
        (
            f"{machine.date}, {machine.system}",
            f"{machine.processor}, {machine.cores} cores; {' '.join(machine.features) or 'features unknown'} "
            f"(torch: {machine.torch_capability})",
            versions,
            f"load average {machine.load} before, {load_after} after",
        )
    )


def markdown(bench: ScoringBench) -> str:
    """The report as text."""
    parts = [
        "# Scoring: speed, memory, agreement",
        f"Task {code(bench.task.stand_in_for or bench.task.name)}"
        + (f" (on the sample {code(bench.task.name)})." if bench.task.stand_in_for else ".")
        + f" {bench.config.repeats} passes.",
        METHOD,
        fenced(bench.config.command, "sh"),
        fenced(machine_note(bench.machine, bench.load_after), "text"),
        *bench.skipped,
    ]
    for comparison in bench.comparisons:
        rows = [comparison_row(comparison, entry) for entry in comparison.entries]
        parts += [f"## {comparison.title}", comparison_note(comparison), table(COMPARISON_TITLES, rows)]
    if bench.rates:
        parts += ["## Verbalizers on cached answer states", rates_note(bench.rates)]
        parts.append(table(RATE_TITLES, map(rate_row, bench.rates)))
    parts += ["## Goals", table(GOAL_TITLES, map(goal_row, bench.goals))]
    return "\n\n".join(parts) + "\n"
