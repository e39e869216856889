"""Vectors of soft tokens as a study keeps them with what an engine offers."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np

from promptsearch.engines.base import Candidate
from promptsearch.soft import SoftTemplate, SoftVectors
from promptsearch.template import Template


def vectors_of(candidate: Candidate) -> SoftVectors | None:
    """The vectors that a candidate's template needs."""
    template = candidate.template
    return template.vectors if isinstance(template, SoftTemplate) else None


def vectors_json(vectors: SoftVectors) -> dict[str, Any]:
    """Vectors as JSON."""
    content = base64.b64encode(vectors.array.astype("<f4").tobytes()).decode()
    return {"float32": content, "shape": list(vectors.array.shape), "groups": list(vectors.groups)}


def with_vectors(template: Template, stored: Mapping[str, Any]) -> SoftTemplate:
    """The template with the vectors that `vectors_json` wrote."""
    array = np.frombuffer(base64.b64decode(stored["float32"]), dtype="<f4").reshape(stored["shape"])
    return SoftTemplate.of(template, SoftVectors(array, tuple(stored["groups"])))
