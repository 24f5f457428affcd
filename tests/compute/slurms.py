"""A Slurm of our own on this machine, with its own key, ports and folders."""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol", "setpriv")
STARTING = 60.0
CONFIGURATION = """
ClusterName=probe
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={daemon}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=5
SchedulerParameters=batch_sched_delay=0,sched_interval=2,defer_batch
NodeName={host} NodeAddr=127.0.0.1 CPUs=4 RealMemory=4000 State=UNKNOWN
PartitionName=pool Nodes={host} Default=YES MaxTime=60 State=UP
"""


def why_not() -> str:
    """Tell why there can be no Slurm here; empty if there can."""
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        return f"{', '.join(missing)} not found: Debian's packages slurm-wlm and munge have them"
    return "" if os.geteuid() == 0 else "a Slurm of one's own needs root"


@contextlib.contextmanager
def running_slurm() -> Iterator[None]:
    """Run a Slurm with one host of four CPUs; its commands find it by SLURM_CONF."""
    if reason := why_not():
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="slurm-", dir="/tmp"))
    folder.chmod(0o755)  # munged runs as its own user, who must get at its socket
    configuration = folder / "slurm.conf"
    host = socket.gethostname().split(".")[0]
    ports = {"controller": free_port(), "daemon": free_port()}
    configuration.write_text(CONFIGURATION.format(host=host, folder=folder, **ports))
    (folder / "state").mkdir()
    (folder / "spool").mkdir()
    munge = pwd.getpwnam("munge")
    (folder / "munge").mkdir()
    key = folder / "munge/key"
    key.write_bytes(secrets.token_bytes(128))
    key.chmod(0o400)
    for path in (folder / "munge", key):
        os.chown(path, munge.pw_uid, munge.pw_gid)
    as_munge = ["setpriv", f"--reuid={munge.pw_uid}", f"--regid={munge.pw_gid}", "--clear-groups"]
    files = {"key-file": "key", "socket": "socket", "pid-file": "pid", "log-file": "log"}
    told = [f"--{name}={folder}/munge/{file}" for name, file in files.items()]
    seed = f"--seed-file={folder}/munge/seed"
    started: list[subprocess.Popen[bytes]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLURM_CONF", str(configuration))
        try:
            start(started, folder, *as_munge, "munged", "-F", *told, seed)
            wait(folder, (folder / "munge/socket").exists)
            start(started, folder, "slurmctld", "-D", "-i", "-f", str(configuration))
            start(started, folder, "slurmd", "-D", "-f", str(configuration))
            wait(folder, lambda: "idle" in slurm("sinfo", "-h", "-o", "%T"))
            yield
        finally:
            slurm("scancel", "--me")
            with contextlib.suppress(AssertionError):
                wait(folder, lambda: not slurm("squeue", "-h"))
            for process in reversed(started):
                process.terminate()
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
            shutil.rmtree(folder, ignore_errors=True)


def start(started: list[subprocess.Popen[bytes]], folder: Path, *command: str) -> None:
    with (folder / "out.log").open("ab") as out:
        started.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out))


def wait(folder: Path, done) -> None:
    until = time.monotonic() + STARTING
    while not done():
        logs = "".join(p.read_text(errors="replace")[-2000:] for p in folder.glob("*.log"))
        assert time.monotonic() < until, logs
        time.sleep(0.1)


def slurm(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    return done.stdout.strip()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
