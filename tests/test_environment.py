"""Environments, pins and the wheel against pyproject.toml; stubs against modules."""

import ast
import importlib
import inspect
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import gankit

ROOT = Path(__file__).parents[1]
STUBS = sorted((ROOT / "gankit").rglob("*.pyi"))
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]
EXTRAS = PROJECT["optional-dependencies"]


def _environment(name):
    """The version of Python that a conda file asks for, and its lines for pip."""
    dependencies = yaml.safe_load((ROOT / name).read_text())["dependencies"]
    (pip,) = (item["pip"] for item in dependencies if isinstance(item, dict))
    (python,) = (
        item.removeprefix("python=")
        for item in dependencies
        if isinstance(item, str) and item.startswith("python=")
    )
    return python, pip


def _pins(lines):
    """Version by canonical name; every line must be `name==version`."""
    pins = {}
    for line in lines:
        requirement = Requirement(line)
        (specifier,) = requirement.specifier
        assert specifier.operator == "==", line
        pins[canonicalize_name(requirement.name)] = specifier.version
    return pins


@pytest.fixture(scope="module")
def constraints():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return _pins(line for line in lines if line and not line.startswith("#"))


# An id that is only "tensorflow" would pass for the mark of this name.
@pytest.mark.parametrize("group", ["dependencies", *EXTRAS], ids="{}-group".format)
def test_constraints_pin_what_the_project_asks_for(constraints, group):
    for line in EXTRAS.get(group, PROJECT["dependencies"]):
        requirement = Requirement(line)
        name = canonicalize_name(requirement.name)
        if name == PROJECT["name"]:
            assert requirement.extras <= set(EXTRAS)
        else:
            assert requirement.specifier.contains(constraints[name]), line


def test_environment_installs_the_project_with_its_extras_and_constraints():
    python, pip = _environment("environment.yml")
    assert python in SpecifierSet(PROJECT["requires-python"])
    options = dict(line.split(maxsplit=1) for line in pip)
    assert set(options) == {"--constraint", "--editable"}
    assert (ROOT / options["--constraint"]).is_file()
    # A path is no requirement; the project's name in its place makes it one.
    editable = Requirement(PROJECT["name"] + options["--editable"].removeprefix("."))
    assert editable.extras == {"notebooks", "test"} <= set(EXTRAS)


def test_addons_environment_is_the_last_that_addons_runs_in():
    python, pip = _environment("environment-addons.yml")
    pins = _pins(pip)
    assert pins["tensorflow-addons"] == "0.23.0"
    limits = {"tensorflow": "<2.16", "keras": "<3", "numpy": "<2", "typeguard": "<3"}
    for name, limit in limits.items():
        assert pins[name] in SpecifierSet(limit), name
    assert python in SpecifierSet("<3.12")
    # Hence not beside gankit.
    (keras,) = (
        requirement
        for requirement in map(Requirement, PROJECT["dependencies"])
        if requirement.name == "keras"
    )
    assert pins["keras"] not in keras.specifier


def test_the_wheel_is_small_and_holds_what_it_needs(tmp_path):
    # From a copy, as a build leaves files behind that the next one would pack.
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("gankit", "results", "weights"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
        + ["--disable-pip-version-check", "--wheel-dir", tmp_path, tmp_path],
        check=True,
    )
    (wheel,) = tmp_path.glob("gankit-*.whl")
    assert wheel.stat().st_size < 25_000_000
    names = set(zipfile.ZipFile(wheel).namelist())
    # Pages, scripts and tables as well as modules.
    package = {str(p.relative_to(ROOT)) for p in (ROOT / "gankit").rglob("*.*")}
    assert {name for name in package if "__pycache__" not in name} <= names
    figures = (ROOT / "gankit" / "experiments" / "figures.toml").read_text()
    for path in (ROOT / "results").rglob("scores.json"):
        saved = path.parent.relative_to(ROOT / "results")
        for file in ("scores.json", "history.csv", "samples.png"):
            further_seed = "@full-seed" in path.parent.name
            shown = str(saved) in figures or len(saved.parts) == 1
            if further_seed:
                shown = path.parent.name in figures
            left_out = file == "samples.png" and not shown
            if (path.parent / file).exists() and not left_out:
                assert f"gankit/published/results/{saved}/{file}" in names
    lessons = [p.read_text("utf-8") for p in (ROOT / "notebooks").glob("*.ipynb")]
    lines = [line for text in lessons for line in text.splitlines()]
    loaded = "".join(line for line in lines if "pretrained(" in line)
    for path in (ROOT / "weights").rglob("*.*"):
        saved = path.relative_to(ROOT / "weights").as_posix()
        name = saved.removesuffix(path.suffix)
        # Lesson 06 fills in the end of the names of its two models.
        quotes = (rf"\"{name}\"", rf"\"{name.partition('-')[0]}-{{name}}\"")
        shown = any(quote in loaded for quote in quotes)
        comes = path.suffix in (".json", ".npz") or shown
        assert (f"gankit/published/weights/{saved}" in names) == comes, saved
    others = {name for name in names if not name.startswith("gankit")}
    assert not others, "only gankit and its metadata"


@pytest.mark.parametrize("stub", STUBS, ids=lambda path: path.parent.name)
def test_names_of_a_stub_exist_and_complete(stub):
    # Editors and type checkers read the stub; JupyterLab completes what `dir` lists.
    module = importlib.import_module(".".join(stub.parent.relative_to(ROOT).parts))
    names = [
        alias.asname
        for node in ast.parse(stub.read_text()).body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]
    assert names and set(names) <= set(dir(module))
    for name in names:
        assert getattr(module, name) is not None


def test_the_name_of_a_deeper_part_says_where_it_stands():
    modules = {
        path.stem if path.stem != "__init__" else path.parent.name
        for path in (ROOT / "gankit").rglob("*.py")
    }
    names = modules | {"SelfAttention2D", "digits", "get", "grade"}
    for name in sorted(names - set(gankit.__all__) - {"gankit", "__main__"}):
        with pytest.raises(AttributeError, match=f"received gankit.{name}: it is") as e:
            getattr(gankit, name)
        place = str(e.value).rpartition(" ")[-1].rstrip(".")
        module, _, last = place.rpartition(".")
        assert last == name
        try:
            getattr(importlib.import_module(module), name)
        except AttributeError:
            importlib.import_module(place)
    for path in ("course.laboratory", "layers.SelfAttention2D", "course.grading.grade"):
        name = path.rpartition(".")[2]
        with pytest.raises(AttributeError, match=f"it is gankit.{path}\\.$"):
            getattr(gankit, name)
    with pytest.raises(AttributeError, match=r"nothing: dir\(gankit\) lists its names"):
        gankit.nothing  # noqa: B018
    assert not hasattr(gankit, "__wrapped__")


def test_type_checkers_read_the_package():
    assert (ROOT / "gankit/py.typed").read_text() == ""


@pytest.mark.parametrize("stub", STUBS, ids=lambda path: path.parent.name)
def test_functions_are_not_hidden_by_modules_of_their_name(stub):
    # Importing a module binds it in its package, where a function may have that name.
    package = ".".join(stub.parent.relative_to(ROOT).parts)
    for path in stub.parent.glob("[a-z]*.py"):
        importlib.import_module(f"{package}.{path.stem}")
    functions = {
        alias.asname
        for node in ast.parse(stub.read_text()).body
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
    for name in functions:
        found = getattr(importlib.import_module(package), name)
        assert not inspect.ismodule(found), f"{package}.{name}"


def test_the_lowest_versions_are_those_that_the_project_promises():
    lines = (ROOT / "constraints-lowest.txt").read_text().splitlines()
    lowest = [line.replace("==", ">=") for line in lines if not line.startswith("#")]
    assert lowest == sorted([*PROJECT["dependencies"], *EXTRAS["tensorflow"]])


def test_files_are_small_enough_for_a_repository():
    for folder in ("docs", "gankit", "notebooks", "results", "tests", "weights"):
        for path in (ROOT / folder).rglob("*.*"):
            if path.is_file() and not {"_build", "runs"} & {*path.parts}:
                largest = 3_000_000 if folder == "weights" else 1_000_000
                assert path.stat().st_size <= largest, path


def test_slow_tests_are_tests():
    names = (ROOT / "tests" / "slow.txt").read_text().splitlines()
    assert names == sorted(set(names))
    for name in names:
        file, _, function = name.partition("::")
        code = (ROOT / "tests" / file).read_text("utf-8")
        assert not function or f"def {function.partition('[')[0]}(" in code, name
