"""Projects and a broken Ray, as the tests of the command line have them."""

from tests.cli.conftest import finished, no_ray, project, told

__all__ = ["finished", "no_ray", "project", "told"]
