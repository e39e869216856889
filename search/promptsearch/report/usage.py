"""A prompt at work: its template with an example filled in, and the lines of Python that use it."""

from __future__ import annotations

from promptsearch.report.html.text import SLOT
from promptsearch.study.artefacts import PROMPT_FILE
from promptsearch.tasks.task import Example
from promptsearch.template import Template

_SHOWN_CHARACTERS = 300


def filled_in(template: Template, example: Example) -> str:
    """The template with an example, of which long texts are cut; the answer slot stands as `SLOT`."""
    values = {
        name: value[:_SHOWN_CHARACTERS] + ("…" if len(value) > _SHOWN_CHARACTERS else "")
        for name, value in example.values.items()
    }
    return template.fill(values, SLOT)


def python_lines(template: Template, example: Example) -> str:
    """The lines that predict the beginning of an example."""
    fields, values = template.fields, example.values
    text = (
        repr(_beginning(values[fields[0]], 80))
        if len(fields) == 1
        else repr({name: _beginning(values[name], 60) for name in fields})
    )
    return (
        "from promptsearch import load_prompt\n\n"
        f'prompt = load_prompt("{PROMPT_FILE}")\nprint(prompt.predict({text}))'
    )


def _beginning(text: str, most: int) -> str:
    """The first words of a text, of `most` characters together; of one long word, so many characters."""
    if len(text) <= most:
        return text
    whole = text[: most + 1].rpartition(" ")[0].rstrip()
    return whole or text[:most]
