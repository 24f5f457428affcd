"""Run both, compare, and write the page: `python -m benchmarks.differential`."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.differential.cases import cases
from benchmarks.differential.compare import ours, reason
from benchmarks.differential.page import page

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "differential.md"
SEED = 7
WHO = {
    (True, True): "both accept",
    (False, False): "both refuse",
    (False, True): "only we refuse",
    (True, False): "only it refuses",
}


def answers(python: Path, asked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what the client makes of cases."""
    done = subprocess.run(
        [str(python), str(Path(__file__).with_name("client.py"))],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONHASHSEED": "0"},
    )
    if done.returncode:
        sys.exit(done.stderr[-2000:])
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def compared(
    asked: list[dict[str, Any]], theirs: list[dict[str, Any]], folder: Path
) -> tuple[Counter[str], Counter[str], list[Any]]:
    """Return how many are accepted by whom, why answers differ, and what has no reason."""
    counts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    unexplained = []
    for case, other in zip(asked, theirs, strict=True):
        mine = ours(case, folder)
        kinds = ("wire" in mine, "wire" in other)
        counts[f"{case['kind']}: {WHO[kinds]}"] += 1
        why = reason(mine, other)
        if why is None:
            unexplained.append((case, mine, other))
        elif why:
            reasons[why] += 1
    return counts, reasons, unexplained


def main() -> None:
    """Compare; exit with 1 where a difference has no reason."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--python", type=Path, default=ROOT / ".differential" / "bin" / "python")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--files", type=int, default=400)
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--record", type=Path, help="keep the client's answers in this file")
    parser.add_argument("--page", action="store_true", help="write docs/differential.md")
    given = parser.parse_args()
    if not given.python.is_file():
        sys.exit(f"{given.python}: benchmarks/differential/install.sh installs the client")
    asked = cases(given.seed, given.files, given.calls)
    theirs = answers(given.python, asked)
    if given.record:
        lines = (json.dumps(one, separators=(",", ":")) for one in theirs)
        given.record.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        counts, reasons, unexplained = compared(asked, theirs, Path(folder))
    for name, count in sorted(counts.items()):
        print(f"{count:5} {name}")
    for name, count in reasons.most_common():
        print(f"{count:5} differ by decisions.md#{name}")
    print(f"{len(unexplained):5} differ without a reason")
    for case, mine, other in unexplained[:20]:
        print(*(json.dumps(one)[:600] for one in (case, mine, other)), sep="\n  ")
    if given.page:
        PAGE.write_text(page(counts, reasons, len(unexplained), given.seed), encoding="utf-8")
    sys.exit(1 if unexplained else 0)


if __name__ == "__main__":
    main()
