"""Whether the Hugging Face Hub can be asked: found out once, within a short time limit."""

from __future__ import annotations

import base64
import functools
import http.client
import os
import socket
import threading
import urllib.request
from urllib.parse import SplitResult, unquote, urlsplit

PROBE_SECONDS = 2.0
_TRUE = ("1", "on", "yes", "true")
_OFFLINE_SETTINGS = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE")


@functools.cache
def hub_reachable() -> bool:
    """Whether the hub's endpoint accepts a connection within `PROBE_SECONDS`.

    One connection is tried and the answer remembered for the process; `hub_reachable.cache_clear()`
    forgets it. The endpoint is `$HF_ENDPOINT` or the default of `huggingface_hub`; a proxy set in the
    environment is asked for a tunnel to it. False without a try where the environment says offline.
    """
    if offline_setting():
        return False
    endpoint = urlsplit(_endpoint())
    if endpoint.hostname is None:
        return False
    answer: list[bool] = []
    # A name look-up has no time limit of its own, hence a thread that can be left behind.
    probe = threading.Thread(target=lambda: answer.append(_connects(endpoint)), daemon=True)
    probe.start()
    probe.join(PROBE_SECONDS)
    return bool(answer and answer[0])


def offline_setting() -> str | None:
    """The environment variable that forbids the network, if one does."""
    return next((name for name in _OFFLINE_SETTINGS if os.environ.get(name, "").lower() in _TRUE), None)


def _endpoint() -> str:
    from huggingface_hub.constants import ENDPOINT

    return os.environ.get("HF_ENDPOINT") or ENDPOINT


def _connects(endpoint: SplitResult) -> bool:
    host, port = endpoint.hostname or "", endpoint.port or (80 if endpoint.scheme == "http" else 443)
    proxy = urllib.request.getproxies().get(endpoint.scheme)
    try:
        if proxy and not urllib.request.proxy_bypass(host):
            _tunnel(urlsplit(proxy if "://" in proxy else f"http://{proxy}"), host, port)
        else:
            socket.create_connection((host, port), timeout=PROBE_SECONDS).close()
    except (OSError, http.client.HTTPException, ValueError):
        return False
    return True


def _tunnel(proxy: SplitResult, host: str, port: int) -> None:
    """Ask an HTTP proxy for a connection to the host. Raises OSError where it refuses."""
    if proxy.scheme not in ("http", "https") or proxy.hostname is None:
        # Other kinds (SOCKS) speak another protocol: that they answer must do.
        socket.create_connection((proxy.hostname, proxy.port or 1080), timeout=PROBE_SECONDS).close()
        return
    kind = http.client.HTTPSConnection if proxy.scheme == "https" else http.client.HTTPConnection
    connection = kind(proxy.hostname, proxy.port, timeout=PROBE_SECONDS)
    headers = {}
    if proxy.username:
        login = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
        headers["Proxy-Authorization"] = "Basic " + base64.b64encode(login.encode()).decode()
    connection.set_tunnel(host, port, headers)
    try:
        connection.connect()
    finally:
        connection.close()
