"""Showing a sweep where this process is the kernel of a notebook."""

from __future__ import annotations

import sys
from typing import Any

from sweep.storage.workspace import SweepFolder


def in_notebook() -> bool:
    """Tell whether this process is the kernel of a notebook."""
    if "IPython" not in sys.modules:
        return False
    from IPython import get_ipython  # noqa: PLC0415 - it is there already

    return getattr(get_ipython(), "kernel", None) is not None


def show(folder: SweepFolder) -> bool:
    """Show a sweep below the cell: live where anywidget is installed, else as it is now.

    Returns:
        Whether it was shown: only in a notebook.

    Raises:
        WorkspaceError: it cannot be read.
    """
    if not in_notebook():
        return False
    from IPython.display import HTML, display  # noqa: PLC0415

    shown: Any
    try:
        from sweep.view.widget import SweepWidget  # noqa: PLC0415 - an extra

        shown = SweepWidget(folder)
    except ImportError:
        from sweep.view.card import sweep_card  # noqa: PLC0415

        shown = HTML(sweep_card(folder))  # type: ignore[no-untyped-call]
    display(shown)  # type: ignore[no-untyped-call]
    return True
