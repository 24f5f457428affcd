"""Environments with packages of their own: made once, whole or not at all."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import zipfile
from pathlib import Path

import pytest

from sweep.compute import environments
from sweep.compute.environments import Tool, Unmet, choose, environment, identity
from sweep.compute.packages import fits, pip_requirement, requirements
from sweep.compute.processes import marked
from tests.compute.test_slot import Bench, in_slot

WHEEL = "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def packages(*pip: str, conda: tuple[str, ...] = ()) -> dict[str, object]:
    return {"name": "mine", "channels": ["conda-forge"], "conda": [*conda], "pip": [*pip]}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Keep environments in the test's own folder, and no program that makes them but pip."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("sh", "sleep", "env"):
        (programs / name).symlink_to(Path("/bin") / name)
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return tmp_path / "cache" / "hypersweep" / "environments"


def program(folder: Path, name: str, text: str) -> None:
    file = folder / "programs" / name
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)


def wheel(folder: Path) -> str:
    """A package of one module; return the option by which pip finds it."""
    about = "tinypkg-1.0.dist-info"
    with zipfile.ZipFile(folder / "tinypkg-1.0-py3-none-any.whl", "w") as file:
        file.writestr("tinypkg.py", "ONE = 1\n")
        file.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: tinypkg\nVersion: 1.0\n")
        file.writestr(f"{about}/WHEEL", WHEEL)
        file.writestr(f"{about}/RECORD", "tinypkg.py,,\n")
    return f"--find-links {folder}"


async def until(done) -> None:
    while not done():  # noqa: ASYNC110 - it is about processes
        await asyncio.sleep(0.01)


class Shop:
    """Executes nothing; makes what a program would have made."""

    def __init__(self, code: int = 0) -> None:
        self.done: list[list[str]] = []
        self.code = code

    async def run(self, argv, env, log: Path) -> int:
        await asyncio.sleep(0)
        return self.pretend(argv, env, log)

    def pretend(self, argv, env, log: Path) -> int:
        assert not [name for name in env if name.startswith(("RAY_", "SWEEP_"))]
        self.done.append([*argv])
        log.write_text("so far\nso good\n")
        [folder] = [p for p in log.parent.glob(f"{log.stem}.*") if p.is_dir()]
        (folder / "bin").mkdir(exist_ok=True)
        (folder / "bin" / "python").unlink(missing_ok=True)
        (folder / "bin" / "python").symlink_to(sys.executable)
        return self.code


def made(wanted, shop, said=None):
    return asyncio.run(environment(wanted, shop.run, (said if said is not None else []).append))


class TestMaking:
    def test_it_is_made_once_and_found_again(self, cache):
        shop, said = Shop(), []
        first = made(packages("a"), shop, said)
        steps = len(shop.done)
        assert made(packages("a"), shop) == first
        assert len(shop.done) == steps
        assert first.parent == cache
        assert said[0].endswith("by pip: a")
        assert said[-1].startswith("the environment mine is there after")
        assert made(packages("b"), shop) != first

    def test_two_at_once_make_one(self):
        shop = Shop()

        async def both() -> list[Path]:
            one = environment(packages("a"), shop.run, print)
            other = environment(packages("a"), shop.run, print)
            return await asyncio.gather(one, other)

        one, other = asyncio.run(both())
        assert one == other
        assert len(shop.done) == 2  # a venv, and what pip installs

    def test_what_fails_is_told_and_never_used(self, cache):
        with pytest.raises(Unmet, match=r"(?s)mine cannot be made on .* ended with 3\n  so far\n"):
            made(packages("a"), Shop(3))
        assert {p.suffix for p in cache.iterdir()} == {".lock", ".log"}
        assert made(packages("a"), Shop()).is_dir()

    def test_what_a_dead_one_has_left_is_no_environment(self, cache):
        name = identity(packages("a"), choose(packages("a")))
        (cache / f"{name}.left").mkdir(parents=True)
        assert made(packages("a"), Shop()).name != f"{name}.left"
        assert not (cache / f"{name}.left").exists()

    def test_an_old_one_is_taken_away(self, cache):
        old = made(packages("a"), Shop())
        long_ago = old.stat().st_mtime - 2 * environments.KEPT_SECONDS
        os.utime(old, (long_ago, long_ago))
        made(packages("b"), Shop())
        assert not old.exists()

    def test_scripts_import_us_in_it(self, cache):
        class WithPlace(Shop):
            def pretend(self, argv, env, log):
                code = super().pretend(argv, env, log)
                for folder in log.parent.glob("*/bin"):
                    (folder.parent / "lib/python3.11/site-packages").mkdir(
                        parents=True, exist_ok=True
                    )
                return code

        prefix = made(packages("a"), WithPlace())
        assert (prefix / "lib/python3.11/site-packages/sweep/script/run.py").is_file()


class TestChoice:
    def test_conda_for_its_own_packages(self, tmp_path):
        program(tmp_path, "micromamba", "")
        shop = Shop()
        wanted = packages("x", conda=("python=3.8", "numpy"))
        made(wanted, shop)
        [argv] = shop.done
        assert argv[0].endswith("/micromamba")
        assert argv[1:4] == ["create", "-y", "-p"]
        assert choose(packages("x", conda=("python=3.11",))).kind == "pip"

    def test_uv_before_pip_and_for_another_python(self, tmp_path):
        program(tmp_path, "uv", "")
        shop = Shop()
        made(packages("x", conda=("python=3.8",)), shop)
        assert [argv[1:3] for argv in shop.done] == [["venv", "--python"], ["pip", "install"]]
        assert shop.done[0][3] == "==3.8.*"

    def test_a_python_on_the_path(self, tmp_path):
        program(tmp_path, "python3.8", "echo 3.8.19")
        found = choose(packages(conda=("python=3.8",)))
        assert found == Tool("pip", str(tmp_path / "programs" / "python3.8"), "3.8.19")

    def test_no_such_python(self):
        with pytest.raises(Unmet, match=r"asks for Python ==3\.6\.\* and .* has 3\..*: install"):
            choose(packages(conda=("python=3.6",)))

    def test_pip_in_place_of_conda_is_told(self):
        said = []
        made(packages("azureml-defaults", conda=("numpy=1.26",)), Shop(), said)
        assert "pip installs numpy=1.26 under the same names" in said[1]
        assert "azureml-defaults is left out" in said[2]


class TestInASlot:
    def test_a_run_has_its_packages(self, short):
        wanted = packages("tinypkg==1.0", "--no-index", wheel(short))

        async def story(here: Bench) -> None:
            order = here.order(
                "import sys, tinypkg, sweep; print(sys.prefix, tinypkg.ONE)",
                needs={"packages": wanted},
            )
            order["argv"] = ["python", order["argv"][-1]]
            await here.slot.start(order, {**order, "run": "1.1"})
            assert (await here.hear("ended", "fatal"))["code"] == 0
            assert (await here.hear("ended", "fatal"))["code"] == 0
            assert here.output().endswith(" 1\n")
            assert str(environments.home()) in here.output()

        in_slot(story, short)

    def test_what_pip_says_reaches_the_user(self, short):
        wanted = packages("nosuch==1", "--no-index")

        async def story(here: Bench) -> None:
            await here.slot.start(here.order("", needs={"packages": wanted}))
            why = (await here.hear("fatal"))["why"]
            assert "pip ended with 1" in why
            assert "No matching distribution found for nosuch==1" in why
            here.slot._run = None

        in_slot(story, short)

    def test_a_stop_ends_what_installs(self, short, tmp_path):
        program(tmp_path, "uv", f"export MARK={short}; exec sleep 1000")

        async def story(here: Bench) -> None:
            starting = asyncio.create_task(
                here.slot.start(here.order("", needs={"packages": packages("a")}))
            )
            await until(lambda: marked("MARK", str(short)))
            await here.slot.stop("0.1", 0)
            end = await here.hear("ended")
            assert (end["code"], end["stopped"]) == (None, True)
            await starting
            await until(lambda: not marked("MARK", str(short)))

        in_slot(story, short)

    @pytest.mark.parametrize(
        ("needs", "why"),
        [
            (
                {"interpreter": "/no/python"},
                "interpreterPath: there is no program '/no/python' on",
            ),
            ({"data": {"images": "/no/images"}}, "the data reference images: there is no '/no/im"),
        ],
    )
    def test_what_is_not_on_the_node(self, short, needs, why):
        async def story(here: Bench) -> None:
            await here.slot.start(here.order("", needs=needs))
            assert why in (await here.hear("fatal"))["why"]
            here.slot._run = None

        in_slot(story, short)


@pytest.mark.parametrize(
    ("conda", "pip"),
    [
        ("numpy", "numpy"),
        ("numpy=1.26", "numpy==1.26.*"),
        ("numpy=1.26.*", "numpy==1.26.*"),
        ("numpy==1.26.4", "numpy==1.26.4"),
        ("numpy=1.26.4=py311h64a7726_0", "numpy==1.26.4"),
        ("numpy 1.26", "numpy==1.26"),
        ("numpy >=1.24,<2", "numpy>=1.24,<2"),
        ("conda-forge::scikit-learn=1.3", "scikit-learn==1.3.*"),
        ("pytorch=2.1", "torch==2.1.*"),
        ("python=3.11", ""),
        ("pip", ""),
    ],
)
def test_a_package_of_condas_as_one_of_pips(conda, pip):
    assert pip_requirement(conda) == pip


@pytest.mark.parametrize("spec", ["", "=1", "numpy=1.2|1.3", "numpy[build=x]", "a b c", "--x"])
def test_what_only_conda_can_read(spec):
    with pytest.raises(ValueError, match=r"expected|only conda"):
        pip_requirement(spec)


@pytest.mark.parametrize(
    ("version", "wanted", "fit"),
    [
        ("3.11.7", "", True),
        ("3.11.7", "==3.11.*", True),
        ("3.11.7", "==3.11", True),
        ("3.11.7", "==3.1.*", False),
        ("3.11.7", ">=3.10,<3.12", True),
        ("3.11.7", ">3.11", False),
        ("3.11.7", "<=3.11", True),
        ("3.12.0", "~=3.11", True),
        ("3.12.0", "!=3.12.*", False),
    ],
)
def test_versions_of_python(version, wanted, fit):
    assert fits(version, wanted) is fit


def test_requirements_leave_out_what_is_the_services():
    wanted = packages("azureml-defaults==1.61", "b[x]>1", conda=("a", "pip"))
    assert requirements(wanted) == ["a", "b[x]>1"]
    assert json.dumps(wanted)
