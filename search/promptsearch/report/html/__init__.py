"""A report as one HTML file that opens offline."""

from promptsearch.report.html.page import page

__all__ = ["page"]
