"""What every contender is asked: the same templates, examples and label words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from promptsearch.tasks.task import Example
from promptsearch.template import Template


@dataclass(frozen=True)
class Job:
    """Prompts (every template with every example) and the label words to score at their answer slot.

    Attributes:
        plm: the PLM's reference.
        folder: its config, tokenizer and weights on disk.
        templates: sources of templates.
        examples: field values.
        words: one label word a label.
        tokens: the same words as they stand in the PLM's vocabulary, one token each.
    """

    plm: str
    folder: str
    templates: tuple[str, ...]
    examples: tuple[dict[str, str], ...]
    words: tuple[str, ...]
    tokens: tuple[str, ...]

    @property
    def size(self) -> int:
        """Number of prompts."""
        return len(self.templates) * len(self.examples)

    def parsed_templates(self) -> list[Template]:
        """The templates, in the order of their sources."""
        return [Template.parse(source) for source in self.templates]

    def task_examples(self) -> list[Example]:
        """The examples, without labels."""
        return [Example(values) for values in self.examples]

    def filled(self, answer: str) -> list[str]:
        """Every prompt as one string with `answer` in its slot, template by template."""
        return [
            template.fill({name: value.strip() for name, value in values.items()}, answer)
            for template in self.parsed_templates()
            for values in self.examples
        ]

    def contexts(self) -> list[str]:
        """Every prompt up to its answer; a blank before the answer belongs to the answer."""
        return [prompt.rstrip(" ") for prompt in self.filled("")]

    def requests(self) -> list[tuple[str, str]]:
        """(context, continuation) for every prompt and word, the words of a prompt in a row."""
        by_word = [self.filled(word) for word in self.words]
        return [
            (context, prompt[len(context) :])
            for context, *prompts in zip(self.contexts(), *by_word)
            for prompt in prompts
        ]

    def by_prompt(self, values: Sequence[float]) -> list[list[float]]:
        """Values in the order of `requests` as (prompts, words)."""
        width = len(self.words)
        return [list(values[i : i + width]) for i in range(0, len(values), width)]

    def head(self, examples: int, templates: int | None = None) -> Job:
        """The first examples, and the first templates, only."""
        return replace(self, examples=self.examples[:examples], templates=self.templates[:templates])

    def to_json(self) -> str:
        """For another process."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Job:
        """Read what `to_json` gave."""
        values: dict[str, Any] = json.loads(text)
        for name in ("templates", "examples", "words", "tokens"):
            values[name] = tuple(values[name])
        return cls(**values)
