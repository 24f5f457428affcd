"""A machine without Ray, as for the command line."""

from __future__ import annotations

from tests.cli.conftest import no_ray

__all__ = ["no_ray"]
