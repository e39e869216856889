"""The measurement of soft tokens as Markdown."""

from __future__ import annotations

from promptsearch.bench.render import GOAL_TITLES, goal_row, machine_note
from promptsearch.bench.soft_results import Entry, Field, SoftBench
from promptsearch.report.marks import code, fenced, table
from promptsearch.showing import count

METHOD = (
    "Each contender learns soft tokens in a process of its own, loaded and warm, with the PLM as it is: "
    "the same examples a step, the same number of soft tokens from the same start, the same number "
    "format, AdamW, and the same loss, the negative log-probability of the right label word among the "
    "label words. The passes of all take turns; medians are shown. **ours ×**: how many times as many "
    "steps a second promptsearch does. **peak MB**: the most memory the process ever had. **loss**: of "
    "the first step, before it: equal where prompts are equal.\n\n"
    "*promptsearch* is what a user gets from `promptsearch tune --method prompt-tuning`: soft tokens "
    "right before the slot, keys and values left of them kept on a causal PLM, batches by token budget, "
    "one position of each prompt through the output layer; seconds include the laying out of the prompts "
    "and what is kept of them. *In front* it learns the very prompts that peft does. *peft* has soft "
    "tokens before the whole prompt and nowhere else; its plain loop pads each batch to its longest "
    "prompt, which is tokenised beforehand. *Logits of answers only* passes transformers the positions at "
    "which some prompt of the batch is answered, where *prompt tuning* computes logits of all positions. "
    "peft has no type of task for prompts of masked language models; it runs under that for features, "
    "which passes on the logits of the model's head. Where a PLM has a token that starts a text, peft's "
    "soft tokens stand before it, promptsearch's behind it."
)
TITLES = ("PLM", "soft tokens", "contender", "steps/s", "ours ×", "peak MB", "loss", "steps timed")


def markdown(bench: SoftBench) -> str:
    """The report as text."""
    config = bench.config
    parts = [
        "# Soft prompts: steps a second and memory at frozen PLM",
        f"Task {code(bench.task)}, {config.shots} examples a class, {config.batch} a step; "
        f"{config.repeats} passes of {config.seconds:g} s. peft {bench.peft}.",
        METHOD,
        fenced(config.command, "sh"),
        fenced(machine_note(bench.machine, bench.load_after), "text"),
        table(TITLES, [_row(found, entry) for found in bench.fields for entry in found.entries]),
        "\n".join(_note(found) for found in bench.fields),
        "## Goals",
        table(GOAL_TITLES, map(goal_row, bench.goals)),
    ]
    return "\n\n".join(parts) + "\n"


def _row(found: Field, entry: Entry) -> tuple[str, ...]:
    return (
        found.job.plm,
        str(found.job.soft_tokens),
        entry.title,
        f"{entry.rate:.2f}",
        "" if entry is found.own else f"{found.own.rate / entry.rate:.2f}",
        "" if entry.peak_bytes is None else f"{entry.peak_bytes / 1e6:.0f}",
        f"{entry.loss:.4f}",
        f"{entry.steps:,}",
    )


def _note(found: Field) -> str:
    job = found.job
    words = ", ".join(repr(word) for word in job.words)
    return (
        f"- {code(job.plm)}, {count(job.soft_tokens, 'soft token')}: {code(job.within)} and "
        f"{code(job.front)}, label words {words}; {count(len(job.ids), 'prompt')}, "
        f"{job.median_length:g} tokens in the median, in {job.dtype}; {count(found.threads, 'thread')}."
    )
