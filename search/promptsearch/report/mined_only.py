"""The report of mining without a PLM, in Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from promptsearch.engines.mining.framing import Frame
from promptsearch.engines.mining.mined import Mined
from promptsearch.report.blocks_markdown import block_markdown
from promptsearch.report.marks import code, escape, table
from promptsearch.report.mined_examples import sightings_block
from promptsearch.report.mined_remarks import met, were
from promptsearch.report.titles import task_title
from promptsearch.showing import count
from promptsearch.study.mining_only import MinedOnly

_ROWS = 50
_WITH_EXAMPLES = 20


def markdown(found: MinedOnly) -> str:
    """The report as text."""
    templates = found.mining.templates
    parts = [
        f"# Templates mined for {task_title(found.task, code)}",
        escape(outcome(found)),
        *(f"> {escape(notice)}" for notice in found.notices),
        *(["## Templates", _table(found)] if templates else []),
        *(["## Example sentences"] if templates else []),
        *(_examples(template, found.mining.sources) for template in templates[:_WITH_EXAMPLES]),
        "## How they were found",
        _method(found),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def outcome(found: MinedOnly) -> str:
    """What was found, in one sentence."""
    mining = found.mining
    return (
        f"{count(len(mining.templates), 'template')} in {count(mining.sentences, 'sentence')}; "
        f"{met(mining, found.task.kind)} {were(mining.met)} met."
    )


def wording(template: Mined | Frame) -> str:
    """The template as a masked PLM would read it."""
    return str(template.cloze[0] if isinstance(template, Frame) else template.cloze)


def share(template: Mined | Frame) -> float:
    """Specificity of a template for facts, balance of a frame."""
    return template.balance if isinstance(template, Frame) else template.specificity


def share_name(found: MinedOnly) -> str:
    """What `share` is called."""
    return "specificity" if found.task.kind == "fact" else "balance"


def _table(found: MinedOnly) -> str:
    templates = found.mining.templates
    rows = [(wording(t), f"{t.support:,}", f"{share(t):.2f}") for t in templates[:_ROWS]]
    more = len(templates) - _ROWS
    shown = table(("template", "support", share_name(found)), rows)
    return f"{shown}\n\n{more_in_file(more)}" if more > 0 else shown


def more_in_file(number: int) -> str:
    """That so many templates are not shown."""
    return f"{number:,} more {'is' if number == 1 else 'are'} in mined.json."


def _examples(template: Mined | Frame, sources: Sequence[str]) -> str:
    if not template.sightings:
        return ""
    return f"{code(wording(template))}\n\n{block_markdown(sightings_block(template.sightings, sources))}"


def _method(found: MinedOnly) -> str:
    mining, task = found.mining, found.task
    lines = [
        f"- Read: {count(mining.sentences, 'sentence')} of {escape(', '.join(mining.sources))}, in "
        f"{mining.seconds:.1f} s.",
        "- Support is the number of distinct pairs that stand in a template; "
        f"{met(mining, task.kind)} {were(mining.met)} met. No PLM has read the templates.",
        f"- Data: {escape(task.source.kind)} {code(task.source.location or '-')}; fingerprint "
        f"`{task.fingerprint[:16]}`.",
    ]
    if found.command:
        lines.append(f"- Command: {code(found.command)}")
    return "\n".join(lines)
