"""Our answers beside those of HyperDrive's own client, which were recorded.

`python -m benchmarks.differential --files 200 --calls 100 --record FILE` has recorded them.
"""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.differential.__main__ import SEED, compared
from benchmarks.differential.cases import cases

RECORDED = Path(__file__).parent / "recorded" / "client_answers.jsonl"
ANCHORS = (Path(__file__).parents[2] / "docs" / "decisions.md").read_text(encoding="utf-8")


def test_every_difference_is_one_that_was_decided(tmp_path):
    asked = cases(SEED, 200, 100)
    theirs = [json.loads(line) for line in RECORDED.read_text(encoding="utf-8").splitlines()]
    assert len(asked) == len(theirs)
    counts, reasons, unexplained = compared(asked, theirs, tmp_path)
    assert unexplained == []
    assert counts["file: both accept"] > 100
    assert counts["python: both accept"] > 50
    for why in reasons:
        for anchor in why.split(", "):
            assert f'id="{anchor}"' in ANCHORS
