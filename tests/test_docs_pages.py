"""The pages in docs/ say what is true: their files are read, their links lead somewhere."""

from __future__ import annotations

import importlib.util
import math
import re
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner

from policies import (
    BanditPolicy,
    EarlyTerminationPolicy,
    Goal,
    MedianStoppingPolicy,
    TruncationSelectionPolicy,
)
from samplers import expression
from sweep.cli.main import cli
from sweep.errors import ConfigError
from sweep.formats import hdconfig, policy_section, sampling_section
from sweep.formats.hdconfig import read_hdconfig

DOCS = Path(__file__).parent.parent / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
HDCONFIG = (DOCS / "hdconfig.md").read_text(encoding="utf-8")
POLICIES = (DOCS / "policies.md").read_text(encoding="utf-8")

BLOCKS = re.findall(r"^```yaml\n(.*?)^```", HDCONFIG, re.DOTALL | re.MULTILINE)
WHOLE = [block for block in BLOCKS if "primary_metric_name" in block]
SHOWN = re.findall(
    r"^```yaml\n(# (\S+\.yml)\n.*?)^```\n+```text\n\$ sweep validate \2\n(.*?)^```",
    HDCONFIG,
    re.DOTALL | re.MULTILINE,
)
"""Files with a name in their first line, and what the command says of them."""

FINE = re.search(r"^\$ sweep validate hdconfig.yml\n(.*?)^```", HDCONFIG, re.DOTALL | re.MULTILINE)
assert FINE

ASCENDING = {
    "A": [0.5, 0.6, 0.7, 0.75],
    "B": [0.6, 0.7, 0.8, 0.85],
    "C": [0.3, 0.35, 0.4, 0.42],
    "D": [0.4, 0.55, 0.5, 0.6],
}
DESCENDING = {
    "A": [1.0, 0.8, 0.6],
    "B": [1.2, 1.1, 1.05],
    "C": [0.9, 0.5, 0.4],
    "D": [2, 1.6, 1.5],
}


# ---- links ----------------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    text = re.sub(
        r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE
    )
    found = set(re.findall(r'<a id="([^"]+)"', text))
    for heading in re.findall(r"^#+ +(.+?) *$", text, re.MULTILINE):
        slug = base = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        count = 0
        while slug in found:
            count += 1
            slug = f"{base}-{count}"
        found.add(slug)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(DOCS).as_posix())
def test_every_relative_link_and_picture_exists(page: Path) -> None:
    text = re.sub(
        r"^```.*?^```|`[^`\n]*`",
        "",
        page.read_text(encoding="utf-8"),
        flags=re.DOTALL | re.MULTILINE,
    )
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        place = page.parent / path if path else page
        assert place.exists(), target
        if anchor and place.suffix == ".md":
            assert anchor in anchors(place), target


def test_every_decision_has_an_anchor_of_its_own() -> None:
    text = (DOCS / "decisions.md").read_text(encoding="utf-8")
    rows = [
        line
        for line in text.splitlines()
        if line.startswith("| ") and not line.startswith("| case |")
    ]
    ids = [re.match(r'\| <a id="([a-z-]+)"></a>', row) for row in rows]
    assert len(rows) > 50
    assert all(ids)
    assert len({match.group(1) for match in ids if match}) == len(rows)
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 4 for row in rows)


# ---- hdconfig.md ----------------------------------------------------------------------


@pytest.mark.parametrize("text", [b for b in WHOLE if not b.startswith("# ")])
def test_every_whole_file_is_read(text: str, tmp_path: Path) -> None:
    (tmp_path / "hdconfig.yml").write_text(text, encoding="utf-8")
    assert not read_hdconfig(tmp_path / "hdconfig.yml").warnings


@pytest.mark.parametrize(("text", "name", "output"), SHOWN, ids=lambda v: v if len(v) < 20 else "")
def test_messages_are_the_real_ones(
    text: str, name: str, output: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_text(text, encoding="utf-8")
    try:
        said = [f"warning: {warning}" for warning in read_hdconfig(name).warnings]
    except ConfigError as error:
        said = [f"error: {problem}" for problem in error.problems]
    assert said
    assert said == [line for line in output.splitlines() if line.startswith(("error", "warning"))]


@pytest.mark.parametrize(
    ("text", "name", "output"),
    [
        *(shown for shown in SHOWN if ": fine" in shown[2]),
        (WHOLE[0], "hdconfig.yml", FINE.group(1)),
    ],
)
def test_what_the_command_says_of_a_sound_file(
    text: str, name: str, output: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_text(text, encoding="utf-8")
    said = CliRunner().invoke(cli, ["validate", name]).output.splitlines()
    assert "fine" in "".join(said)
    assert sorted(said) == sorted(output.splitlines())  # two streams, in either order


def test_there_are_files_to_check() -> None:
    assert len(SHOWN) >= 3
    assert len(WHOLE) >= len(SHOWN) + 3


def test_every_key_is_in_the_page() -> None:
    settings = [*sampling_section.SETTINGS.values(), *policy_section.ARGUMENTS.values()]
    for key in {*hdconfig.KEYS, *(key for keys in settings for key in keys)}:
        assert re.search(rf"^\| `{key}` \|", HDCONFIG, re.MULTILINE), key


def test_values_after_rounding() -> None:
    rows = re.findall(r"^\| `(\w+) \[([^`]+)\]` \| ([\d., ]+) \|$", HDCONFIG, re.MULTILINE)
    assert len(rows) >= 5
    for word, arguments, values in rows:
        drawn = expression(word, [float(a) if "." in a else int(a) for a in arguments.split(", ")])
        assert [str(drawn.value_at(i)) for i in range(drawn.size or 0)] == values.split(", ")


def test_logarithms() -> None:
    rows = re.findall(r"^\| ([\d.]+) to ([\d.]+) \| `\[(.+), (.+)\]` \|$", HDCONFIG, re.MULTILINE)
    assert len(rows) >= 8
    for *ends, low, high in rows:
        assert [f"{math.log(float(end)):.4f}".removesuffix(".0000") for end in ends] == [low, high]


# ---- policies.md ----------------------------------------------------------------------


def judged(
    policy: EarlyTerminationPolicy, goal: Goal, curves: dict[str, list[float]]
) -> list[str]:
    """Return "cut-off | who is stopped" by interval, all reporting together, nobody removed."""
    board, cells = policy.leaderboard(goal), []
    for values in zip(*curves.values(), strict=True):
        for run, value in enumerate(values):
            board.report(run, value)
        names = [
            name
            for run, name in enumerate(curves)
            if policy.may_stop(board, run) and policy.stops(board, run)
        ]
        cells.append(f"{policy.explain(board, 0).cutoff:.6g} | {', '.join(names)}")
    return cells


def test_worked_example() -> None:
    median = judged(MedianStoppingPolicy(), Goal.MAXIMIZE, ASCENDING)
    factor = judged(BanditPolicy(slack_factor=0.2), Goal.MAXIMIZE, ASCENDING)
    amount = judged(BanditPolicy(slack_amount=0.2), Goal.MAXIMIZE, ASCENDING)
    for i in range(4):
        heads = [curve[: i + 1] for curve in ASCENDING.values()]
        bests = [max(head) for head in heads]
        means = ", ".join(f"{sum(head) / (i + 1):.6g}" for head in heads)
        listed = ", ".join(f"{best:g}" for best in bests)
        assert f"\n| {i + 1} | {listed} | {means} | {median[i]} |\n" in POLICIES
        assert f"\n| {i + 1} | {max(bests):g} | {factor[i]} | {amount[i]} |\n" in POLICIES
    policies = (MedianStoppingPolicy(), BanditPolicy(slack_factor=0.2), BanditPolicy(1, None, 0.2))
    minimized = [judged(policy, Goal.MINIMIZE, DESCENDING) for policy in policies]
    for i, cells in enumerate(zip(*minimized, strict=True)):
        assert f"\n| {i + 1} | {' | '.join(cells)} |\n" in POLICIES
    for percentage, names in ((20, ""), (25, "C"), (50, "C, D")):
        cells = judged(TruncationSelectionPolicy(percentage), Goal.MAXIMIZE, ASCENDING)
        assert cells[2].partition(" | ")[2] == names


def test_cutoffs_of_bandit() -> None:
    rows = re.findall(
        r"^\| (\S+) \| (factor|amount) (\S+) \| (\S+) \| (\S+) \|$", POLICIES, re.MULTILINE
    )
    assert len(rows) >= 5
    for best, slack, by, *cutoffs in rows:
        top = float(best.replace("\N{MINUS SIGN}", "-"))
        for goal, shown in zip((Goal.MAXIMIZE, Goal.MINIMIZE), cutoffs, strict=True):
            cutoff = goal.relax(top, **{slack: float(by)})
            assert f"{cutoff:.4g}".replace("-", "\N{MINUS SIGN}") == shown


def test_tails_of_truncation() -> None:
    rows = re.findall(r"^\| (\d+) \| (\d+) \| (\d+) \|$", POLICIES, re.MULTILINE)
    assert len(rows) >= 6
    for runs, percentage, tail in rows:
        policy = TruncationSelectionPolicy(int(percentage))
        board = policy.leaderboard(Goal.MAXIMIZE)
        for run in range(int(runs)):
            board.report(run, -run)
        assert sum(policy.stops(board, run) for run in range(int(runs))) == int(tail)


def test_when_a_run_is_judged() -> None:
    rows = re.findall(r"^\| (\d+) \| (\d+) \| (\d[\d, ]+), … \|$", POLICIES, re.MULTILINE)
    assert len(rows) >= 5
    for interval, delay, judgements in rows:
        policy = BanditPolicy(int(interval), 0.1, delay_evaluation=int(delay))
        wanted = [int(n) for n in judgements.split(",")]
        assert [n for n in range(1, wanted[-1] + 1) if policy.due(n)] == wanted


def test_reasons() -> None:
    bandit = BanditPolicy(slack_factor=0.05)
    board = bandit.leaderboard(Goal.MAXIMIZE)
    for run, correct in ((2, 515), (3, 404), (3, 441), (3, 485)):
        board.report(run, correct / 540)
    assert f"\nBanditPolicy: {bandit.explain(board, 3).reason}\n" in POLICIES
    truncation = TruncationSelectionPolicy(20, evaluation_interval=5)
    board = truncation.leaderboard(Goal.MAXIMIZE)
    for run, correct in enumerate((309, 510, 520, 515, 505, 500, 90)):
        for _ in range(5):
            board.report(run, correct / 540)
    assert f"\nTruncationSelectionPolicy: {truncation.explain(board, 6).reason}\n" in POLICIES


def pictures() -> ModuleType:
    # By its place: its name is that of the package that it imports.
    place = DOCS / "pictures" / "policies.py"
    spec = importlib.util.spec_from_file_location("pictures_of_policies", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_captions_of_the_pictures() -> None:
    module = pictures()
    curves = module.recorded()[: module.RUNS]
    for name, (policy, *_) in module.PICTURES.items():
        outcome = module.play(policy, curves, module.RUNS)
        caption = (
            f"{len(outcome.stops)} of {module.RUNS} runs stopped,"
            f" {100 * outcome.spent:.0f} % of the reports made, the winner kept"
        )
        assert outcome.regret == 0
        assert re.search(rf"pictures/{name}\.png\)\n\n{re.escape(caption)}\.", POLICIES)
