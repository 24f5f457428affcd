"""What is shown of the node that a run was on."""

from __future__ import annotations

import json

from policies import Goal
from sweep.storage.journal import Batch, SqliteJournal
from tests.cli.workspaces import lone, play, sweep, values

NODE = {
    "host": "vm",
    "ip": "10.0.0.7",
    "cpus": 8,
    "gpus": ["NVIDIA H200", "NVIDIA H200"],
    "system": "Linux 6.1 x86_64",
    "python": "3.11.7",
    "packages": {"ray": "2.60.0", "numpy": "2.4.6"},
}


def test_what_is_known_of_its_node(place):
    folder = lone(place)
    play(folder, values(1))
    journal = SqliteJournal(folder.database, Goal.MAXIMIZE)
    journal.write(Batch(sweep={"node:vm-1a2b3c4d": NODE}, facts={0: {"node": "vm-1a2b3c4d"}}))
    journal.close()
    said = sweep("run", "show", folder.id)
    shown = dict(line.strip().split("  ", 1) for line in said.lines[1:])
    assert {name: text.strip() for name, text in shown.items() if name.startswith("node")} == {
        "node": "vm-1a2b3c4d",
        "node's ip": "10.0.0.7",
        "node's cpus": "8",
        "node's gpus": "NVIDIA H200, NVIDIA H200",
        "node's system": "Linux 6.1 x86_64",
        "node's python": "3.11.7",
        "node's packages": "ray 2.60.0, numpy 2.4.6",
    }
    assert json.loads(sweep("run", "show", folder.id, "--json").out)["node_facts"] == NODE
