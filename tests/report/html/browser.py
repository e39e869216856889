"""A headless Chromium on a page of a test: what it makes of it, what it fetches and what it complains of."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM = next((path for path in map(shutil.which, _NAMES) if path), None)
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium was found")

_OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--enable-logging=stderr",
)
# The browser's own requests have no page behind them.
_OWN = "not an origin"
_FRAME = """<!doctype html><body style="margin:0"><script>
addEventListener("message", (event) => { document.documentElement.dataset.measured = event.data; });
</script><iframe src="{name}" style="border:0;width:{width}px;height:900px"></iframe>"""


@dataclass(frozen=True)
class Opened:
    """What came of opening a page.

    Attributes:
        dom: the document after its scripts ran, as HTML.
        console: messages on the console.
        requests: addresses that the page asked for over a network.
    """

    dom: str
    console: tuple[str, ...]
    requests: tuple[str, ...]

    @property
    def measured(self) -> dict[str, Any]:
        """What a measuring script has found; see `measuring`."""
        found = re.search(r'<html[^>]* data-measured="([^"]*)"', self.dom)
        assert found, f"nothing was measured: {self.console}"
        return json.loads(html.unescape(found[1]))


def open_page(path: Path, *, width: int = 1280, dark: bool = False) -> Opened:
    """Open a file as a user would, from disk; a browser that hangs for a minute is started once more."""
    try:
        return _opened(path, width, dark)
    except subprocess.TimeoutExpired:
        return _opened(path, width, dark)


def _opened(path: Path, width: int, dark: bool) -> Opened:
    assert CHROMIUM is not None
    with tempfile.TemporaryDirectory() as profile:
        log = Path(profile) / "net.json"
        command = [CHROMIUM, *_OPTIONS, f"--user-data-dir={profile}", f"--log-net-log={log}"]
        command += [f"--window-size={width},900", "--dump-dom", path.as_uri()]
        if dark:
            command.insert(1, "--blink-settings=preferredColorScheme=0")
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        console = re.findall(r":CONSOLE(?::\d+|\(\d+\))\] (.*)", done.stderr)
        return Opened(done.stdout, tuple(console), _requests(log))


def open_narrow(path: Path, width: int) -> Opened:
    """Open a page in a frame, since no window is narrower than 500 pixels."""
    frame = path.with_name(f"frame-{path.name}")
    frame.write_text(_FRAME.replace("{name}", path.name).replace("{width}", str(width)), "utf-8")
    return open_page(frame)


def measuring(page: str, expression: str) -> str:
    """The page with a script that measures when all has loaded; its policy allows that script too.

    Args:
        expression: JavaScript whose value is kept as JSON.
    """
    script = (
        f"addEventListener('load', () => {{ const told = JSON.stringify({expression});"
        "document.documentElement.dataset.measured = told; parent.postMessage(told, '*'); });"
    )
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    allowed = page.replace("script-src '", f"script-src 'sha256-{digest}' '", 1)
    return allowed.replace("</body>", f"<script>{script}</script></body>", 1)


def _requests(log: Path) -> tuple[str, ...]:
    events = json.loads(log.read_text("utf-8"))["events"]
    told = [event.get("params", {}) for event in events]
    asked = {
        params["url"]
        for params in told
        if "url" in params and params.get("initiator", _OWN) != _OWN and not params["url"].startswith("file:")
    }
    return tuple(sorted(asked))
