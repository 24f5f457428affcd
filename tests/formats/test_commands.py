"""Commands: into words without a shell, and into scripts in which no value is text."""

from __future__ import annotations

import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweep.formats.command_words import NeedsShell, Unbalanced, words_of
from sweep.formats.references import Reference, filled, references
from sweep.formats.shell_script import Misplaced, script_of


class TestWords:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("python train.py --lr 0.1", ["python", "train.py", "--lr", "0.1"]),
            ("  a\tb  ", ["a", "b"]),
            ("a 'b c' \"d 'e'\" f\\ g ''", ["a", "b c", "d 'e'", "f g", ""]),
            ("a \\\n  b", ["a", "b"]),
            ('a "x \\" \\y $"', ["a", 'x " \\y $']),
            ("a --l [8,8] {} x=1 100% a~b c#d $", None),
            ("a ${{ search_space.x }}", ["a", "${{search_space.x}}"]),
            ("a 'x ${{inputs.y}} z'", ["a", "x ${{inputs.y}} z"]),
            ("a --p=${{outputs.z}}/m", ["a", "--p=${{outputs.z}}/m"]),
        ],
    )
    def test_simple_commands(self, text, words):
        assert words_of(text) == (text.split() if words is None else words)

    @pytest.mark.parametrize(
        "text",
        [
            *("a && b", "a | b", "a; b", "a > f", "a < f", "(a)", "a &", "a\nb"),
            *("a $HOME", 'a "$HOME"', "a ${HOME}", "a $(b)", "a `b`", 'a "`b`"', "a *.py", "a ?"),
            *("a {b,c}", "a {1..3}", "a ~/b", "a # b", "A=1 b", "cd a", "! a", "export a"),
            "bash -c 'echo ${{search_space.x}}'",
            "env /bin/sh -c 'echo ${{inputs.x}}'",
        ],
    )
    def test_what_takes_a_shell(self, text):
        with pytest.raises(NeedsShell):
            words_of(text)

    @pytest.mark.parametrize("text", ["a 'b", 'a "b', "a 'b\"", "a \"b'"])
    def test_open_quotes(self, text):
        with pytest.raises(Unbalanced):
            words_of(text)

    @given(st.text(st.sampled_from("ab'\"\\ \t[]=-:@%.,/"), max_size=30))
    def test_words_are_those_of_a_shell(self, text):
        try:
            expected = shlex.split(text)
        except ValueError:
            return
        try:
            words = words_of(text)
        except (NeedsShell, Unbalanced):
            return
        assert words == expected


class TestScripts:
    @pytest.mark.parametrize(
        "text",
        [
            "printf '%s|' ${{search_space.x}}",
            "printf '%s|' \"${{search_space.x}}\"",
            "printf '%s|' '${{search_space.x}}'",
            "printf '%s|' \"$(printf '%s' ${{search_space.x}})\"",
            "printf '%s|' \"$(printf '%s' \"${{search_space.x}}\")\"",
            "printf '%s|' \"$(printf '%s' '${{search_space.x}}')\"",
            "(printf '%s|' ${{search_space.x}}) # don't mind ${{search_space.x}}",
            "true && printf '%s|' ${{search_space.x}}",
        ],
    )
    @pytest.mark.parametrize(
        "value", ["1e-3", "a b", "$(touch bad)", "`touch bad`", "'; touch bad; '", '"', "*", "\\"]
    )
    def test_a_value_is_one_word_wherever_it_stands(self, tmp_path, text, value):
        done = subprocess.run(
            ["bash", "-c", script_of(text)],
            env={"AZUREML_SWEEP_x": value, "PATH": "/usr/bin:/bin"},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout == f"{value}|"
        assert [*tmp_path.iterdir()] == []

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("echo `echo ${{inputs.a}}`", "write $(…)"),
            ("echo $((1 + ${{inputs.a}}))", "arithmetic"),
            ("echo ${A:-${{inputs.a}}}", "an expansion"),
            ("echo $'${{inputs.a}}'", "$'…'"),
            ("cat <<END\n${{inputs.a}}\nEND", "here-document"),
            ("echo \\${{inputs.a}}", "backslash"),
            ("echo 'a", "never closed"),
            ("echo $(a", "never closed"),
        ],
    )
    def test_where_no_value_can_stand(self, text, words):
        with pytest.raises(Misplaced) as caught:
            script_of(text)
        assert words in str(caught.value)

    def test_a_here_string_is_no_here_document(self):
        assert script_of("cat <<< ${{inputs.a}}") == 'cat <<< "${AZURE_ML_INPUT_a}"'


def test_values_are_put_in_once():
    text = "${{inputs.a}} ${{inputs.b}}"
    values = {"a": "${{inputs.b}}", "b": "2"}
    assert filled(text, lambda r: values[r.name]) == "${{inputs.b}} 2"
    assert [*references(text)] == [Reference("inputs", "a"), Reference("inputs", "b")]
