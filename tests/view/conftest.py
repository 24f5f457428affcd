"""A sweep that many tests look at."""

from __future__ import annotations

import pytest

from tests.view.sweeps import read, searched


@pytest.fixture(scope="session")
def searched_folder(tmp_path_factory):
    return searched(tmp_path_factory.mktemp("searched"))


@pytest.fixture(scope="session")
def data(searched_folder):
    return read(searched_folder)
