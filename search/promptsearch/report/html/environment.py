"""What pages are made with: templates that escape whatever they are given, a style sheet and a script."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from promptsearch.report.html.filters import FILTERS
from promptsearch.report.html.text import shown

_PACKAGE = "promptsearch.report.html"


@dataclass(frozen=True)
class Inline:
    """A style sheet or script of this package.

    Attributes:
        content: goes into the page as it is.
        digest: by which the page's policy allows it.
    """

    content: Markup
    digest: str

    @classmethod
    @cache
    def read(cls, name: str) -> Inline:
        """One of the files in `templates`."""
        content = files(_PACKAGE).joinpath("templates", name).read_text("utf-8")
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        return cls(Markup(content), f"sha256-{digest}")


def rendered(template: str, **values: object) -> str:
    """A page of that template, with its style and script in it."""
    found = _environment().get_template(template)
    return found.render(style=Inline.read("style.css"), script=Inline.read("page.js"), **values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(_PACKAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=shown,
    )
    environment.filters.update(FILTERS)
    return environment
