"""What runs have at the service and have not here: they say so."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from sweep.errors import UserError

INSTEAD = {
    "register_model": "its files stay with it, and download_file copies them",
    "get_details_with_logs": "`sweep logs RUN` prints what a run has printed",
    "get_all_logs": "`sweep logs RUN` prints what a run has printed",
    "get_environment": "get_details tells what it ran with",
    "get_secret": "pass a secret in an environment variable",
    "get_snapshot_id": "its folder has its copy of the source",
    "restore_snapshot": "its folder has its copy of the source",
    "submit_child": "submit it to the experiment",
    "input_datasets": "pass the script a path",
}
"""Members of the SDK's runs, and what to do instead."""


class AtTheService:
    """Answers for members that only the service's runs have."""

    id: str

    @property
    def name(self) -> str:
        """The id: it has no other name."""
        return self.id

    if not TYPE_CHECKING:  # for what is checked, these members do not exist

        def __getattr__(self, name: str) -> NoReturn:
            """Say that it is not to be had.

            Raises:
                UserError: it is a member of the service's runs.
                AttributeError: it is not.
            """
            if name in INSTEAD:
                raise UserError(
                    f"{type(self).__name__}.{name} is the service's own and not available here:"
                    f" {INSTEAD[name]}"
                )
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
