"""Modules that go to the slots as they are here: nodes may have nothing but Ray."""

from __future__ import annotations

from importlib import import_module

NAMES = """
    compat containers delivery environments execution functions gpus guarding hearing line link
    mailbox near needs node_facts node_files out_of_sight outputs overheard packages processes
    run_log slot spread travel unpacking
"""
TRAVEL = tuple(import_module(f"sweep.compute.{name}") for name in NAMES.split())
