"""The measurement of trigger searches as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from promptsearch.bench.goals import Goal
from promptsearch.bench.render import GOAL_TITLES, machine_note
from promptsearch.bench.trigger_quality import Quality, rows_of
from promptsearch.bench.trigger_results import ALONE, MAIN, Entry, Field, TriggerBench
from promptsearch.report.marks import code, fenced, table
from promptsearch.showing import count

METHOD = (
    "Each contender searches in a process of its own, loaded and warm, for the same seconds, on the "
    "same PLM, prompts and label words, from the same start. **Pairs/s**: pairs of a candidate and a "
    "prompt that went through the PLM a second; **candidates/s**: different candidates that did, on all "
    "prompts or, where races sort the weak ones out early, on some of them. What gradients and filters "
    "cost is in the seconds; prompts that a gradient was taken on are not counted. **Loss**: mean over "
    "classes of the negative log-probability of the right label among the labels, in nats, of the "
    "trigger that a contender held best at that time, read by the plain reference in float32 on all "
    "prompts.\n\n"
    "AutoPrompt, plain: the published loop (Shin et al. 2020) on transformers, float32, logits of all "
    "positions, one candidate at a time with all prompts in one padded batch, swaps of one place drawn "
    "a step, the best 10 by first-order score. promptsearch runs as a user gets it, in the number "
    "format it picks, but minimises the plain loss too, not that of calibrated scores."
)
ON_ONE_PROMPT = (
    "nanoGCG searches a trigger for one prompt and one target, here the prompt of median length and its "
    "label word, with its own settings: 512 candidates a step, all at once, keys and values left of the "
    "trigger kept. *promptsearch, one prompt* makes the same steps on the same prompt, by "
    "promptsearch's reading of prompts. For both a candidate is one pair, and there is no loss on all "
    "prompts; candidates/s are their pairs/s by the number of prompts, what a trigger for all of them "
    "would come to."
)
_ALTERED = (
    "Each line is promptsearch with one thing changed, for {seconds:g} s; the first line is as it is. "
    "Losses as above."
)
_QUALITY = (
    "In {places}, each of a trigger of tokens drawn at random, {tried} tokens were drawn from those "
    "that may stand in a trigger, and the loss was read with each, on {prompts} in float32. How often "
    "is the token that is truly best among the k that promise most, and how many times as often as "
    "among k drawn at random? *By label scores*: linearised for each prompt around the vocabulary's "
    "mean, as promptsearch does. *By the gradient*: one gradient of the loss, as AutoPrompt and GCG do. "
    "Mean rank correlation of promised and true losses: {correlations}."
)
_PROMISES = {"scores": "by label scores", "gradient": "by the gradient"}


def markdown(bench: TriggerBench) -> str:
    """The report as text."""
    parts = [
        "# Trigger search: candidates a second, losses, memory",
        f"Task {code(bench.task)}. {bench.config.seconds:g} s a search; prompts: "
        f"{count(bench.config.seeds, 'draw')}.",
        METHOD,
        fenced(bench.config.command, "sh"),
        fenced(machine_note(bench.machine, bench.load_after), "text"),
        *bench.skipped,
    ]
    for found in bench.fields:
        parts += _field(found)
    if bench.goals:
        parts += ["## Goals", table(GOAL_TITLES, map(_goal_row, bench.goals))]
    return "\n\n".join(parts) + "\n"


def _field(found: Field) -> list[str]:
    job = found.job
    words = ", ".join(repr(word) for word in job.words)
    lengths = sorted(map(len, job.ids))
    parts = [
        f"## {job.plm}",
        f"{count(len(job.ids), 'prompt')} of {lengths[0]} to {lengths[-1]} tokens (median "
        f"{lengths[len(lengths) // 2]}), template {code(job.template)}, label words {words}, "
        f"{count(found.threads, 'thread')}.",
        table(_titles(found.marks), [_row(found, entry, found.named(MAIN)) for entry in found.entries]),
    ]
    if any(entry.key in ALONE for entry in found.entries):
        parts.append(ON_ONE_PROMPT)
    if found.ablations:
        marks = (found.ablation_seconds,)
        rows = [_row(found, entry, found.ablations[0]) for entry in found.ablations]
        parts += [f"### {job.plm}: one thing changed", _ALTERED.format(seconds=found.ablation_seconds)]
        parts.append(table(_titles(marks), rows))
    if found.quality:
        parts += [f"### {job.plm}: what swaps promise", *_promises(found.quality)]
    return parts


def _promises(qualities: Sequence[Quality]) -> list[str]:
    first = qualities[0]
    told = _QUALITY.format(
        places=count(len(first.places), "place"),
        tried=first.tried,
        prompts=count(first.prompts, "prompt"),
        correlations=", ".join(f"{_PROMISES[q.promise]} {q.correlation:.2f}" for q in qualities),
    )
    titles = [title for q in qualities for title in (f"{_PROMISES[q.promise]}, %", "× chance")]
    return [told, table(("k", "by chance, %", *titles), rows_of(qualities))]


def _titles(marks: Sequence[float]) -> tuple[str, ...]:
    losses = (f"loss at {mark:g} s" for mark in marks)
    return ("contender", "pairs/s", "ours ×", "candidates/s", "ours ×", "gradients", "peak MB", *losses)


def _row(found: Field, entry: Entry, ours: Entry | None) -> tuple[str, ...]:
    def times(own: float, other: float) -> str:
        return f"{own / other:.1f}" if other else ""

    beside = ours is not None and entry is not ours
    candidates = found.candidate_rate(entry)
    losses = [entry.loss(mark) for mark in range(len(entry.losses[0]) if entry.losses else 0)]
    return (
        entry.title,
        f"{entry.rate:,.1f}",
        times(ours.rate, entry.rate) if beside and ours else "",
        f"{candidates:,.2f}",
        times(ours.candidate_rate, candidates) if beside and ours else "",
        f"{sum(search.gradients for search in entry.searches) / len(entry.searches):,.0f}",
        "" if entry.peak_bytes is None else f"{entry.peak_bytes / 1e6:.0f}",
        *("" if loss is None else f"{loss:.3f}" for loss in losses),
    )


def _goal_row(goal: Goal) -> tuple[str, ...]:
    wanted = f"{'≥' if goal.at_least else '≤'} {goal.wanted:g}"
    return goal.what, f"{goal.found:.2f}", wanted, "yes" if goal.met else "no"
