"""What answers in the place of Azure Batch: recorded answers of the protocol, not the service.

The answers are those of the service's documentation (REST API 2025-06-01), given by a server on
the loopback interface that also checks each request's signature as the documentation says.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from sweep.compute.azure_batch import AzureBatch, AzureBatchProperties

KEY = base64.b64encode(b"the key of the tests").decode()
ENVIRONMENT = {"AZURE_BATCH_KEY": KEY}
SIGNED = [
    *("content-encoding", "content-language", "content-length", "content-md5", "content-type"),
    *("date", "if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range"),
]
POOL = {
    "id": "gpus",
    "url": "https://sweeps.westeurope.batch.azure.com/pools/gpus",
    "eTag": "0x8D4EDFEBFADF4AB",
    "lastModified": "2026-01-01T00:00:00Z",
    "creationTime": "2026-01-01T00:00:00Z",
    "state": "active",
    "stateTransitionTime": "2026-01-01T00:00:00Z",
    "allocationState": "resizing",
    "allocationStateTransitionTime": "2026-01-01T00:00:00Z",
    "vmSize": "standard_nc6",
    "currentDedicatedNodes": 1,
    "currentLowPriorityNodes": 0,
    "targetDedicatedNodes": 4,
    "targetLowPriorityNodes": 0,
    "resizeErrors": [{"code": "AccountCoreQuotaReached", "message": "The quota is used up."}],
}


def task(name: str, state: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "state": state, "commandLine": "sleep 1", "eTag": "0x1", **more}


def error(code: str, message: str) -> dict[str, Any]:
    text = f"{message}\nRequestId:00000000-0000-0000-0000-000000000000\nTime:2026-01-01T00:00:00Z"
    return {"code": code, "message": {"lang": "en-US", "value": text}}


@dataclass
class Service:
    """What answers, and what it was asked."""

    answers: dict[str, list[tuple[int, Any]]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    port: int = 0

    def will(self, request: str, status: int, body: Any = None) -> None:
        """Give an answer to a request; the last one for ever."""
        self.answers.setdefault(request, []).append((status, body))

    def batch(self, **more: Any) -> AzureBatch:
        endpoint = f"http://127.0.0.1:{self.port}"
        asked = AzureBatchProperties("sweeps", "research", "westeurope", "gpus", endpoint)
        return AzureBatch(asked, "HD_1", more.pop("environment", ENVIRONMENT), retries=0)


def signature(request: BaseHTTPRequestHandler) -> str:
    """https://learn.microsoft.com/rest/api/batchservice/authenticate-requests-to-the-azure-batch-service"""
    headers = {name.lower(): value for name, value in request.headers.items()}
    if request.command not in ("GET", "HEAD"):
        headers.setdefault("content-length", "0")
    url = urlsplit(request.path)
    lines = [request.command, *(headers.get(name, "") for name in SIGNED)]
    lines += sorted(f"{n}:{v}" for n, v in headers.items() if n.startswith("ocp-"))
    lines.append(f"/sweeps{url.path}")
    lines += sorted(f"{name}:{value}" for name, value in parse_qsl(url.query))
    digest = hmac.new(base64.b64decode(KEY), "\n".join(lines).encode(), hashlib.sha256).digest()
    return f"SharedKey sweeps:{base64.b64encode(digest).decode()}"


@contextmanager
def answering() -> Iterator[Service]:
    """Answer until the end of the block."""
    made = Service()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            text = self.rfile.read(int(self.headers.get("content-length") or 0))
            url = urlsplit(self.path)
            request = f"{self.command} {unquote(url.path)}"
            assert ("api-version", "2025-06-01") in parse_qsl(url.query) or "$skip" in self.path
            made.asked.append((request, json.loads(text) if text else {}))
            status, body = 404, error("ResourceNotFound", f"Nobody expected {request}")
            if self.headers["authorization"] != signature(self):
                status, body = 401, error("AuthenticationFailed", "The signature does not match.")
            elif answers := made.answers.get(request):
                status, body = answers.pop(0) if len(answers) > 1 else answers[0]
            data = b"" if body is None else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json; odata=minimalmetadata")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_DELETE = answer  # noqa: N815 - the standard library's names

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()
