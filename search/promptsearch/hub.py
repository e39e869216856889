"""Whether the Hugging Face Hub can be asked: found out once, within a short time limit."""

from __future__ import annotations

import functools
import http.client
import os
import socket
import ssl
import threading
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import SplitResult, urlsplit

PROBE_SECONDS = 2.0
_PROXY_LOGIN, _SERVER_FAULT = 407, 500
_TRUE = ("1", "on", "yes", "true")
_OFFLINE_SETTINGS = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE")


@functools.cache
def hub_reachable() -> bool:
    """Whether the hub's endpoint answers a request within `PROBE_SECONDS`.

    A connection alone says little: behind some firewalls it is accepted, and then nothing comes. One
    request is made and its outcome remembered for the process; `hub_reachable.cache_clear()` forgets it.
    The endpoint is `$HF_ENDPOINT` or the default of `huggingface_hub`, asked through the proxy that the
    environment sets, if any. False without a try where the environment says offline.
    """
    if offline_setting():
        return False
    endpoint = urlsplit(_endpoint())
    if endpoint.hostname is None:
        return False
    answer: list[bool] = []
    # A name look-up has no time limit of its own, and an answer may drip; hence a thread to leave behind.
    probe = threading.Thread(target=lambda: answer.append(_answers(endpoint)), daemon=True)
    probe.start()
    probe.join(PROBE_SECONDS)
    return bool(answer and answer[0])


def offline_setting() -> str | None:
    """The environment variable that forbids the network, if one does."""
    return next((name for name in _OFFLINE_SETTINGS if os.environ.get(name, "").lower() in _TRUE), None)


def _endpoint() -> str:
    from huggingface_hub.constants import ENDPOINT

    return os.environ.get("HF_ENDPOINT") or ENDPOINT


def _answers(endpoint: SplitResult) -> bool:
    """Whether anything answers a request there; a proxy's own refusal is no answer."""
    proxy = urlsplit(urllib.request.getproxies().get(endpoint.scheme, ""))
    if proxy.scheme.startswith("socks") and not urllib.request.proxy_bypass(endpoint.hostname or ""):
        return _connects(proxy)
    # Nothing is believed of what comes back: the hub's client checks certificates itself.
    unchecked = ssl.create_default_context()
    unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=unchecked), _NoRedirect)
    try:
        request = urllib.request.Request(endpoint.geturl(), method="HEAD")
        opener.open(request, timeout=PROBE_SECONDS).close()
    except urllib.error.HTTPError as answer:
        return answer.code < _SERVER_FAULT and answer.code != _PROXY_LOGIN
    except (OSError, http.client.HTTPException, ValueError):
        return False
    return True


def _connects(proxy: SplitResult) -> bool:
    """Whether a SOCKS proxy accepts a connection; its protocol is not spoken here."""
    try:
        socket.create_connection((proxy.hostname, proxy.port or 1080), timeout=PROBE_SECONDS).close()
    except (OSError, ValueError):
        return False
    return True


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow none."""
