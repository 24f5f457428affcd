"""Inputs of sweep jobs that are not on this machine: fetched once, and kept with the workspace."""

from __future__ import annotations

import hashlib
import os
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import IO
from urllib.parse import urlsplit

from sweep.errors import UserError
from sweep.formats.v2_data import Input
from sweep.storage.workspace import WorkspaceFolder

FOLDER = "inputs"
SECONDS = 60
"""Without any answer, after which a fetch is given up."""
MOST_BYTES = 10 * 1000**3
BLOCK = 1 << 20


class _OnlyHttps(urllib.request.HTTPRedirectHandler):
    """Follow redirections to https only."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        if urlsplit(newurl).scheme != "https":
            fp.close()
            raise urllib.error.URLError("it leads on to something that is not https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def fetched(given: Input, workspace: WorkspaceFolder) -> Input:
    """Return an input as it is on this machine.

    Raises:
        UserError: it cannot be fetched.
    """
    if given.kind != "url":
        return given
    url = str(given.value)
    folder = workspace.path / FOLDER / hashlib.sha256(url.encode()).hexdigest()[:32]
    place = folder / (PurePosixPath(urlsplit(url).path).name or "input")
    if not place.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _fetch(url, place)
    return replace(given, value=str(place), kind="path")


def _fetch(url: str, place: Path) -> None:
    part = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        opener = urllib.request.build_opener(_OnlyHttps)
        with opener.open(url, timeout=SECONDS) as answer, part.open("wb") as file:
            length = int(answer.headers.get("Content-Length") or 0)
            taken = length if length > MOST_BYTES else _copied(answer, file, length)
            if taken > MOST_BYTES:
                raise UserError(f"{_shown(url)}: {taken:,} bytes are too many to fetch")
        part.replace(place)
    except (OSError, ValueError) as error:  # URLError is an OSError
        if isinstance(error, urllib.error.HTTPError):
            error.close()  # it is also the answer
        reason = getattr(error, "reason", None) or error
        raise UserError(
            f"{_shown(url)}: cannot be fetched ({reason}): fetch it yourself, and give its path"
        ) from None
    finally:
        part.unlink(missing_ok=True)


def _copied(answer: IO[bytes], file: IO[bytes], length: int) -> int:
    """Copy an answer, and no more than is too much; return how many bytes that are.

    Raises:
        OSError: it has ended before the `length` that it promised; 0 for none.
    """
    taken = 0
    while taken <= MOST_BYTES and (block := answer.read(BLOCK)):
        taken += file.write(block)
    if taken < length:
        raise OSError(f"it ended after {taken:,} of {length:,} bytes")
    return taken


def _shown(url: str) -> str:
    """Return a URL without what may be a secret in it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}{parts.path}"
