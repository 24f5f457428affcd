"""The section `metrics` of a sweep's file."""

from __future__ import annotations

import pytest

from sweep.errors import ConfigError
from sweep.formats.hdconfig import read_hdconfig

TOP = """
sampling: {type: random, parameter_space: [{name: x, expression: uniform, values: [0, 1]}]}
primary_metric_name: loss
primary_metric_goal: minimize
max_total_runs: 2
"""


@pytest.fixture
def read(tmp_path):
    def read(section):
        (tmp_path / "h.yml").write_text(f"{TOP}metrics: {section}\n")
        return read_hdconfig(tmp_path / "h.yml").metrics

    return read


def test_it_may_be_absent(read):
    assert read("null") is None


@pytest.mark.parametrize(
    ("section", "found"),
    [
        (r"{stdout: 'loss=(?P<loss>\S+)'}", {"stdout": [r"loss=(?P<loss>\S+)"]}),
        ("{stdout: ['(?P<a>.+)', '(?P<b>.+)']}", {"stdout": ["(?P<a>.+)", "(?P<b>.+)"]}),
        ("{file: out/m.jsonl}", {"file": "out/m.jsonl"}),
        (r"{stdout: '(?P<name>[\w-]+)=(?P<value>[0-9.]+)'}", None),
        (r"{stdout: '(?P<step>\d{1,9}) (?P<loss>(?:\d{1,3},?){1,4})'}", None),
    ],
)
def test_what_can_be_asked_for(read, section, found):
    assert read(section) == found or found is None


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("loss", "expected a mapping such as {stdout: "),
        ("{}", "expected a mapping such as"),
        ("{stderr: a}", "expected stdout or file"),
        ("{stdout: 3}", "metrics"),
        ("{stdout: '(?P<loss>['}", "expected a regular expression (unterminated"),
        ("{stdout: 'loss=(.+)'}", "a regular expression with a named group"),
        ("{stdout: '(?P<step>.+)'}", "a regular expression with a named group"),
        ("{stdout: '(?P<name>.+)'}", "both groups, name and value"),
        ("{stdout: '(?P<a>(x+)+)'}", "no repetition inside of a repetition"),
        (r"{stdout: '(?P<a>(\s*x)*y)'}", "no repetition inside of a repetition"),
        ("{file: /etc/passwd}", "a file in the run's folder"),
        ("{file: ../m.jsonl}", "a file in the run's folder"),
        ("{file: .}", "a file in the run's folder"),
    ],
)
def test_what_cannot(read, section, message):
    with pytest.raises(ConfigError) as caught:
        read(section)
    assert message in str(caught.value)
    assert "h.yml:7:" in str(caught.value) or "h.yml:6:" in str(caught.value)
