"""What the templates of the page may call, by its own name."""

from __future__ import annotations

from promptsearch.report.html.figures import (
    duration,
    gap_interval,
    interval,
    number,
    p_value,
    percent,
    points,
    time_told,
)
from promptsearch.report.html.matrices import confusion_rows, transfer_rows
from promptsearch.report.html.prompts import labels_of_words, listed, scored_words
from promptsearch.report.html.ranking import best_candidates
from promptsearch.report.html.rewordings import about_rewordings, visible_blanks
from promptsearch.report.html.seeds import seed_means
from promptsearch.report.html.text import (
    code_pieces,
    example_pieces,
    image_address,
    json_text,
    option_pieces,
    shortened,
    template_pieces,
)

_ALL = (
    about_rewordings,
    best_candidates,
    code_pieces,
    confusion_rows,
    duration,
    example_pieces,
    gap_interval,
    image_address,
    interval,
    json_text,
    labels_of_words,
    listed,
    number,
    option_pieces,
    p_value,
    percent,
    points,
    scored_words,
    seed_means,
    shortened,
    template_pieces,
    time_told,
    transfer_rows,
    visible_blanks,
)
FILTERS = {function.__name__: function for function in _ALL}
