"""`promptsearch dashboard`: Optuna's own pages on the study of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from promptsearch.cli import options, screen

if TYPE_CHECKING:
    from wsgiref.simple_server import WSGIServer

_LOCAL = ("127.0.0.1", "localhost", "::1")


def command(
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN", help="A run folder, or the URL of the storage of a study.", show_default=False
        ),
    ],
    port: Annotated[
        int,
        options.value(
            "--port", metavar="N", min=0, max=65535, help="Port to listen on; 0: any.", default=True
        ),
    ] = 8080,
    host: Annotated[
        str, options.value("--host", metavar="NAME", help="Address to listen on.", default=True)
    ] = "127.0.0.1",
) -> None:
    """Show a run's study in the browser, while it runs or afterwards (extra: dashboard)."""
    with _serving(_pages(run), host, port) as server:
        if host not in _LOCAL:
            screen.show_notice("whoever reaches this address can see the study, and delete it.")
        screen.stdout().print(f"http://{_in_url(host)}:{server.server_port}/", markup=False, soft_wrap=True)
        screen.stderr().print("Ctrl-C ends it.")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return


def _pages(run: str) -> Any:
    """The pages as a WSGI application."""
    from importlib import import_module

    from promptsearch.errors import OptionError, StorageError
    from promptsearch.study.storage import journal_file, open_storage

    try:
        wsgi = import_module("optuna_dashboard").wsgi
    except ImportError as error:
        raise OptionError(
            "the pages come with the package optuna-dashboard, which is not installed",
            hint="Run: pip install 'promptsearch[dashboard]'",
        ) from error
    if "://" not in run and not journal_file(run).is_file():
        raise StorageError(
            "there is no study here", where=run, hint="Name the folder of a run of promptsearch discover."
        )
    return wsgi(open_storage(run))


def _serving(pages: Any, host: str, port: int) -> WSGIServer:
    import socket
    from socketserver import ThreadingMixIn
    from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

    from promptsearch.errors import OptionError

    class Server(ThreadingMixIn, WSGIServer):
        daemon_threads = True
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET

    class Quiet(WSGIRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            """No line for each request."""

    try:
        return make_server(host, port, pages, Server, Quiet)
    except OSError as error:
        raise OptionError(
            f"cannot listen on {host}, port {port}: {(error.strerror or str(error)).lower()}",
            hint="Give another --port, or --port 0 for any that is free.",
        ) from error


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
