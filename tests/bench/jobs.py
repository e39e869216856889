"""A handful of prompts on the built-in masked PLM."""

from __future__ import annotations

from promptsearch.bench.job import Job
from promptsearch.plms.sources import resolve

EXAMPLES = (
    {"text": "a gorgeous, witty, seductive movie ."},
    {"text": "  dull and far too long  "},
    {"text": "Nobody in the row behind me stayed awake, and I could not blame them for it."},
    {"text": ""},
)
TEMPLATES = ("{text} It was {mask}.", "Just {mask}! {text}", "{text} All in all, it was {mask}")


def masked_job() -> Job:
    folder = str(resolve("minilm-mlm", offline=True).folder)
    return Job("minilm-mlm", folder, TEMPLATES, EXAMPLES, ("terrible", "great"), ("terrible", "great"))
