"""Opening a sweep to work on it."""

from __future__ import annotations

import pytest

from sweep.engine.continuation import Continuation, remember
from sweep.engine.open import OpenSweep
from sweep.engine.submit import Submission, create
from sweep.formats.hdconfig import read_hdconfig
from sweep.formats.runconfig import RunConfiguration
from sweep.storage.reader import SweepReader
from sweep.storage.workspace import WorkspaceFolder
from tests.engine.test_continuation import HDCONFIG


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "source" / "hd.yml"
    path.parent.mkdir()
    path.write_text(HDCONFIG)
    (path.parent / "train.py").write_text("")
    return path


@pytest.fixture
def kept(tmp_path, file):
    read = read_hdconfig(file).definition
    submission = Submission(
        definition=read,
        configuration=RunConfiguration(script="train.py"),
        source=file.parent,
        experiment="e",
        hdconfig=remember(file, read),
    )
    return create(WorkspaceFolder.make(tmp_path), submission, print)


def known(folder):
    with SweepReader(folder.database) as reader:
        return reader.get("hdconfig")["definition"]


def test_as_it_began_the_file_is_not_looked_at(file, kept):
    file.write_text("nonsense: 1\n")
    before = known(kept)
    with OpenSweep(kept, continuation=Continuation(changed="old", max_total_runs=9)) as opened:
        assert not opened.engine.over
    assert known(kept) == before


def test_what_is_there_now_is_what_is_known(file, kept):
    file.write_text(HDCONFIG + "policy: {type: BanditPolicy, slack_factor: 0.3}\n")
    OpenSweep(kept, continuation=Continuation(changed="new"), start=False).close()
    assert known(kept) == read_hdconfig(file).definition.to_wire()
