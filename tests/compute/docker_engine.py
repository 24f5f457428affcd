"""A stand-in for a container engine: a `docker` on the PATH, and a daemon that obeys it.

Containers are plain processes, but not below whoever calls `docker`, as with a real engine: to
kill the client does not end them.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

CLIENT = """#!{python} -S
import json, os, signal, socket, sys
call = socket.socket(socket.AF_UNIX)
try:
    call.connect({path!r})
except OSError:
    sys.exit("Cannot connect to the Docker daemon. Is the docker daemon running?")
signal.signal(signal.SIGTERM, lambda *_: call.sendall(b'"TERM"\\n'))
words = {{"argv": sys.argv[1:], "env": dict(os.environ)}}
socket.send_fds(call, [json.dumps(words).encode() + b"\\n"], [1])
answer = json.loads(call.makefile().readline())
sys.stdout.write(answer["out"])
sys.stdout.flush()
os._exit(answer["code"])
"""
FLAGS = ("--rm", "--init")


@dataclass
class Container:
    """One that runs."""

    process: subprocess.Popen[bytes]
    labels: dict[str, str]


@dataclass
class Engine:
    """What the daemon has done."""

    calls: list[list[str]] = field(default_factory=list)
    containers: dict[str, Container] = field(default_factory=dict)

    def answer(self, argv: list[str], env: dict[str, str], call: socket.socket, out: int) -> str:
        self.calls.append(argv)
        code, text = 0, ""
        if argv[0] == "run":
            code = self.run(argv[1:], env, call, out)
        elif argv[:2] == ["rm", "--force"] and argv[2] in self.containers:
            self.containers[argv[2]].process.kill()
            self.containers[argv[2]].process.wait()
        elif argv[:2] == ["ps", "--all"]:
            for name, container in self.containers.items():
                text += f"{name} {container.labels['hypersweep.slot']}\n"
        return json.dumps({"code": code, "out": text})

    def run(self, words: list[str], env: dict[str, str], call: socket.socket, out: int) -> int:
        given: dict[str, list[str]] = {}
        while words[0].startswith("-"):
            option = words.pop(0)
            if "=" not in option and option not in FLAGS:
                given.setdefault(option, []).append(words.pop(0))
        mounts = [
            dict(p.split("=", 1) for p in m.split(",") if "=" in p) for m in given["--mount"]
        ]
        inside = {name: env[name] for name in given["--env"] if name in env}
        for mount in mounts:  # nothing is mounted; what has moved is found where it was
            assert Path(mount["source"]).exists()
            if mount["source"] != mount["target"]:
                place = str(Path(mount["target"]).parent)
                there = str(Path(mount["source"]).parent)
                inside["PYTHONPATH"] = inside["PYTHONPATH"].replace(place, there)
        inside |= {"PATH": os.environ["PATH"], "IMAGE": words[0]}
        process = subprocess.Popen(
            words[1:], env=inside, cwd=given["--workdir"][0], stdout=out, start_new_session=True
        )
        name = given["--name"][0]
        labels = dict(label.split("=", 1) for label in given["--label"])
        self.containers[name] = Container(process, labels)
        threading.Thread(target=_pass_on, args=(call, process), daemon=True).start()
        code = process.wait()
        del self.containers[name]
        return code if code >= 0 else 128 - code


def _pass_on(call: socket.socket, process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(OSError):
        while call.recv(100):
            process.send_signal(signal.SIGTERM)


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Engine]:
    """A daemon, with its client `docker` in the folder."""
    engine, path = Engine(), str(folder / "docker.sock")

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            data, descriptors, _, _ = socket.recv_fds(self.request, 1 << 20, 1)
            while not data.endswith(b"\n"):
                data += self.request.recv(1 << 20)
            try:
                answer = engine.answer(**json.loads(data), call=self.request, out=descriptors[0])
            finally:
                os.close(descriptors[0])
            with contextlib.suppress(OSError):  # the client has been killed
                self.request.sendall(answer.encode() + b"\n")

    class Server(socketserver.ThreadingUnixStreamServer):
        daemon_threads = True

    client = folder / "docker"
    client.write_text(CLIENT.format(python=sys.executable, path=path))
    client.chmod(0o755)
    server = Server(path, Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield engine
    finally:
        for container in [*engine.containers.values()]:
            container.process.kill()
            container.process.wait()
        server.shutdown()
        server.server_close()
