from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

import promptsearch.hub
from promptsearch.hub import hub_reachable, offline_setting
from promptsearch.tasks import load_task

# What is given up after two seconds, on a machine with other work.
SOON = 10


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch):
    """Let the hub be asked, at an endpoint of the test's own."""
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    yield monkeypatch
    hub_reachable.cache_clear()


class Listener:
    """A server that notes requests and answers each with the same bytes; without any it stays silent."""

    def __init__(self, answer: bytes = b"HTTP/1.1 200 OK\r\n\r\n", tls: ssl.SSLContext | None = None) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.open: list[socket.socket] = []
        self.port = self.socket.getsockname()[1]
        self.requests: list[bytes] = []
        self.answer = answer
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.requests.append(connection.recv(1000))
            if self.answer:
                connection.sendall(self.answer)
                connection.close()
            self.open.append(connection)


class NothingFound(BaseHTTPRequestHandler):
    """Answers every request with 404."""

    def do_GET(self) -> None:
        self.send_error(404)

    do_HEAD = do_POST = do_GET

    def log_message(self, *_: object) -> None:
        pass


def hang(*_: object, **__: object) -> None:
    time.sleep(3)
    raise OSError("no such name")


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def test_one_request_is_made_and_its_outcome_remembered(online):
    server = Listener()
    online.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.port}")
    assert hub_reachable()
    assert hub_reachable()
    time.sleep(0.2)  # until the server has taken note
    assert len(server.requests) == 1


def test_a_closed_endpoint_is_not_reachable(online):
    online.setenv("HF_ENDPOINT", f"http://127.0.0.1:{closed_port()}")
    assert not hub_reachable()


def test_a_name_look_up_that_hangs_is_given_up(online):
    online.setenv("HF_ENDPOINT", "https://hub.invalid")
    online.setattr(promptsearch.hub.socket, "create_connection", hang)
    start = time.monotonic()
    assert not hub_reachable()
    assert time.monotonic() - start < SOON


def test_offline_settings_forbid_the_try(online):
    server = Listener()
    online.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.port}")
    online.setenv("HF_HUB_OFFLINE", "1")
    assert offline_setting() == "HF_HUB_OFFLINE"
    assert not hub_reachable()
    assert server.requests == []


@pytest.mark.parametrize("status", ["404 Not Found", "401 Unauthorized", "302 Found"])
def test_any_answer_will_do(online, status):
    server = Listener(f"HTTP/1.1 {status}\r\nLocation: http://127.0.0.1:{closed_port()}\r\n\r\n".encode())
    online.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.port}/hub")
    assert hub_reachable()
    assert server.requests[0].startswith(b"HEAD /hub ")


def test_a_hub_that_accepts_and_stays_silent_is_given_up(online):
    server = Listener(b"")
    for scheme in ("http", "https"):
        online.setenv("HF_ENDPOINT", f"{scheme}://127.0.0.1:{server.port}")
        hub_reachable.cache_clear()
        start = time.monotonic()
        assert not hub_reachable()
        assert time.monotonic() - start < SOON
    assert len(server.requests) == 2


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes a certificate with openssl")
def test_whose_certificate_it_is_does_not_matter(online, tmp_path):
    """A firewall's own may be trusted by the hub's client alone."""
    make = "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=hub.invalid -keyout key.pem -out cert.pem"
    subprocess.run(make.split(), cwd=tmp_path, check=True, capture_output=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    online.setenv("HF_ENDPOINT", f"https://127.0.0.1:{Listener(tls=tls).port}")
    assert hub_reachable()


@pytest.mark.parametrize(
    ("status", "reachable"),
    [("200 OK", True), ("407 Proxy Authentication Required", False), ("502 Bad Gateway", False)],
)
def test_a_proxy_is_asked_for_the_hub(online, status, reachable):
    proxy = Listener(f"HTTP/1.1 {status}\r\n\r\n".encode())
    online.setenv("http_proxy", f"http://user:word@127.0.0.1:{proxy.port}")
    online.setenv("HF_ENDPOINT", "http://hub.invalid")
    assert hub_reachable() is reachable
    assert proxy.requests[0].startswith(b"HEAD http://hub.invalid")
    assert b"\r\nProxy-Authorization: Basic dXNlcjp3b3Jk\r\n" in proxy.requests[0]


@pytest.mark.parametrize("answer", [b"HTTP/1.1 403 Forbidden\r\n\r\n", b""])
def test_a_proxy_is_asked_for_a_tunnel(online, answer):
    proxy = Listener(answer)
    online.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
    online.setenv("HF_ENDPOINT", "https://hub.invalid")
    assert not hub_reachable()
    assert proxy.requests[0].startswith(b"CONNECT hub.invalid:443")


@pytest.mark.parametrize("there", [True, False])
def test_of_a_socks_proxy_a_connection_is_enough(online, there):
    proxy = Listener(b"")
    online.setenv("https_proxy", f"socks5://127.0.0.1:{proxy.port if there else closed_port()}")
    online.setenv("HF_ENDPOINT", "https://hub.invalid")
    assert hub_reachable() is there


def test_without_network_a_task_is_there_soon(online):
    online.setenv("HF_ENDPOINT", f"http://127.0.0.1:{closed_port()}")
    start = time.monotonic()
    task = load_task("sst2")
    assert time.monotonic() - start < SOON
    assert task.stand_in_for == "sst2"
    assert "the Hugging Face Hub could not be reached within 2 seconds" in task.notices[-1]


def test_an_answer_that_is_no_hub_becomes_a_stand_in(online):
    server = HTTPServer(("127.0.0.1", 0), NothingFound)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    online.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    # The hub's client reads its endpoint once, at import: hence a process of its own.
    code = (
        "from promptsearch.tasks import load_task\n"
        "task = load_task('sst2')\n"
        "print(task.stand_in_for, '|', task.notices[-1])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    server.shutdown()
    server.server_close()
    asked, notice = done.stdout.split(" | ", 1)
    assert asked == "sst2"
    assert "the Hugging Face Hub did not provide stanfordnlp/sst2" in notice
    assert done.stderr == ""


def test_a_copy_from_an_earlier_call_is_used_offline(tmp_path: Path):
    keep_copy(tmp_path / "hub-cache" / "stanfordnlp___sst2" / "default" / "0.0.0" / "0123abcd")
    task = load_task("sst2", offline=True)
    assert task.source.kind == "hub"
    assert task.stand_in_for is None
    assert [(e.values["text"], e.label) for e in task.splits["train"]] == [("dull", 0), ("witty", 1)]
    assert [e.label for e in task.splits["test"]] == [None, None]


def keep_copy(folder: Path) -> None:
    """What `datasets` leaves on disk after loading SST-2, in small."""
    import datasets
    from datasets.arrow_writer import ArrowWriter
    from datasets.splits import SplitDict, SplitInfo

    folder.mkdir(parents=True)
    features = datasets.Features(
        {
            "idx": datasets.Value("int32"),
            "sentence": datasets.Value("string"),
            "label": datasets.ClassLabel(names=["negative", "positive"]),
        }
    )
    infos = {}
    for split, labels in {"train": (0, 1), "validation": (1, 0), "test": (-1, -1)}.items():
        writer = ArrowWriter(features=features, path=str(folder / f"sst2-{split}.arrow"))
        for i, (sentence, label) in enumerate(zip(("dull", "witty"), labels)):
            writer.write({"idx": i, "sentence": sentence, "label": label})
        n, size = writer.finalize()
        infos[split] = SplitInfo(name=split, num_bytes=size, num_examples=n, dataset_name="sst2")
    datasets.DatasetInfo(
        features=features,
        splits=SplitDict(infos, dataset_name="sst2"),
        builder_name="parquet",
        dataset_name="sst2",
        config_name="default",
        version="0.0.0",
    ).write_to_directory(str(folder))
