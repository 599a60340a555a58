"""Editions for a class and marks for what it hands in."""

import ast
import csv
import json
import os
import re
import shutil
import subprocess
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from gankit import course
from gankit.cli import app
from gankit.course.exercises import dependencies, editions, runner

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
REAL = ("00_why_gans_fail", "01_dcgan", "02_cgan")


def _cell(source, *tags, kind="code", **more):
    cell = {"cell_type": kind, "metadata": {"tags": list(tags)}, "source": source}
    code = {"outputs": [], "execution_count": None} if kind == "code" else {}
    return {**cell, **code, **more}


def _exercise(number, title, place, check, solution):
    return [
        _cell(f"**{number}. {title}.** Do it.", kind="markdown", id=f"q{number}"),
        _cell(place, "exercise", id=f"e{number}"),
        _cell(check, id=f"c{number}"),
        _cell(solution, "solution", id=f"s{number}"),
    ]


def _notebook(cells):
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


# No Keras in it, so that a process costs a fraction of a second.
INVENTED = _notebook(
    [
        _cell("# A course", kind="markdown"),
        _cell("import time\n\nimport numpy as np", id="imports"),
        _cell("trained = time.sleep(1000)", id="training"),
        _cell("factor = 2.0\nrate = factor / 4", id="settings"),
        _cell(
            "from gankit.course.exercises.mistakes import Check\n\n"
            "x = np.array([3.0, 0.5])\n"
            "tripled = {'Tripled.': lambda x: 3 * x}\n"
            "double_check = Check({'double': (x,)}, lambda x: factor * x, tripled)\n"
            "quarter_check = Check(lambda value: {'quarter': value}, rate / 2, {})\n"
            "twice_check = Check(\n"
            "    lambda answer: {'twice': answer(lambda x: 3 * x)(1)},\n"
            "    lambda function: lambda x: function(function(x)),\n"
            "    {},\n"
            ")",
            id="checks",
        ),
        _cell("## The spiral", kind="markdown"),
        _cell("**Predict.** Does it go **in** or out?", kind="markdown"),
        _cell('prediction = "..."  # one line', "prediction", id="p1"),
        _cell("### A closer look", kind="markdown"),
        _cell("print('measured: out')", id="m1", outputs=[{"text": "measured: out"}]),
        _cell("**Predicted?** Measured: out.", "answer", kind="markdown", id="a1"),
        _cell("print('more')", id="m2", outputs=[{"text": "more"}]),
        _cell("## Exercises", kind="markdown"),
        *_exercise(
            1,
            "Double",
            "def double(x): ...  # your code",
            "def check_1(answer):\n    return double_check(answer)\n\n"
            "_ = check_1(double)",
            "assert check_1(lambda x: 2 * x)",
        ),
        *_exercise(
            2,
            "A quarter",
            "quarter = ...  # your code",
            "def check_2(value):\n    return quarter_check(value)\n\n"
            "_ = check_2(quarter)",
            "assert check_2(0.25)",
        ),
        *_exercise(
            3,
            "Twice",
            "def twice(function): ...  # your code",
            "def check_3(answer):\n    return twice_check(answer)\n\n"
            "_ = check_3(twice)",
            "assert check_3(lambda f: lambda x: f(f(x)))",
        ),
        _cell("## Thanks", kind="markdown"),
    ]
)
RIGHT = {
    1: "def double(x):\n    return x + x",
    2: "quarter = 0.25",
    3: "def twice(function):\n    return lambda x: function(function(x))",
}


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "07_course.ipynb").write_text(json.dumps(INVENTED))
    return folder


def _submit(folder, student, answers, notebook=INVENTED, name="07_course", **changed):
    """Hands in the students' edition with answers, and other cells by their ids."""
    handed_in = course.exercises.student_edition(notebook)
    for exercise in course.exercises.exercises(notebook):
        cell = handed_in["cells"][exercise.position]
        cell["source"] = answers.get(exercise.number, exercise.placeholder)
    for cell in handed_in["cells"]:
        cell["source"] = changed.get(cell.get("id"), cell["source"])
    path = folder / student / f"{name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(handed_in))
    return path


def _graded(folder, source, **limits):
    limits = {"seconds": 30, "memory": 2**30, **limits}
    return {
        (mark.student, mark.exercise): mark
        for mark in course.grading.grade(folder, source, **limits)
    }


def test_students_get_no_solution_and_teachers_get_all(tmp_path):
    out, folder, docs = (tmp_path / name for name in ("dist", "notebooks", "docs"))
    for path in (out, folder, docs):
        path.mkdir()
    for name in REAL:
        notebook = course.exercises.read(NOTEBOOKS / f"{name}.ipynb")
        (folder / f"{name}.ipynb").write_text(json.dumps(notebook))
    for page in ("report_rubric.md", "teaching.md", "students.md"):
        (docs / page).write_text("words")
    (folder / "reports").mkdir()
    (folder / "reports" / "dtu.ipynb").write_text("{}")
    (folder / "README.md").write_text("words")
    with pytest.raises(ValueError, match="Expected a wheel"):
        course.exercises.handout(out, folder)
    with zipfile.ZipFile(out / "gankit-1.0-py3-none-any.whl", "w") as wheel:
        wheel.write(Path(course.__file__), "gankit/course/__init__.py")
    for path in tmp_path.rglob("*.*"):
        path.chmod(0o600)  # as after umask 077
    result = CliRunner().invoke(app, ["handout", str(out), "--notebooks", str(folder)])
    assert result.exit_code == 0
    both = {}
    for edition in ("students", "teachers", "nbgrader"):
        with zipfile.ZipFile(out / f"gankit-{edition}.zip") as archive:
            # Everybody may read what is unpacked.
            modes = {info.external_attr >> 16 for info in archive.infolist()}
            assert modes == {0o644}, edition
            both[edition] = {
                name: archive.read(name).decode("utf-8", "replace")
                for name in archive.namelist()
            }
    assert "README.md" in both["teachers"]
    for_nbgrader = both.pop("nbgrader")
    for name in REAL:
        text = for_nbgrader[f"source/{name}/{name}.ipynb"]
        assert '"grade_id": "check-1"' in text
    assert "report_rubric.md" in both["students"] and "teaching.md" in both["teachers"]
    assert "teaching.md" not in both["students"]
    assert "students.md" in both["students"]
    assert all("reports/dtu.ipynb" in names for names in both.values())
    assert "marking_key.md" not in both["students"]
    key = both["teachers"]["marking_key.md"]
    for name in REAL:
        notebook = course.exercises.read(NOTEBOOKS / f"{name}.ipynb")
        for_students = json.loads(both["students"][f"{name}.ipynb"])
        assert json.loads(both["teachers"][f"{name}.ipynb"]) == notebook
        assert len(course.exercises.exercises(notebook)) >= 5
        for exercise in course.exercises.exercises(notebook):
            assert exercise.title in key and exercise.question in key
            assert exercise.solution in key and "expected" in exercise.expected
            for line in exercise.expected.splitlines():
                assert line in key
        solutions = [e.solution for e in course.exercises.exercises(notebook)]
        everything = "\n".join(map(str, both["students"].values()))
        for text in solutions:
            for line in text.splitlines():
                encoded = json.dumps(line.strip(), ensure_ascii=False)[1:-1]
                if line.strip().startswith(("assert check", "def solution")):
                    assert encoded not in everything
        left = [c for c in for_students["cells"] if "solution" in course_tags(c)]
        assert len(left) == len(solutions)
        assert all(c["source"].startswith("# One right answer") for c in left)
        assert not any(c["outputs"] for c in left)
        # Nothing else differs but what follows a prediction, up to its answer.
        predicting = False
        for ours, theirs in zip(notebook["cells"], for_students["cells"], strict=True):
            text = "".join(ours["source"])
            if "**Predicted?**" in text:
                predicting = False
            predicting = predicting or "prediction" in course_tags(ours)
            if "answer" in course_tags(ours):
                ours = {**ours, "source": editions.FOLDED.format(text)}
            elif predicting and ours["cell_type"] == "code":
                ours = {**ours, "outputs": [], "execution_count": None}
            if "solution" not in course_tags(ours):
                assert theirs == ours


# The types of nbgrader's schema of a cell's metadata, version 3; what is not a boolean
# stands only where a cell is graded.
SCHEMA = {
    **{"schema_version": int, "grade_id": str, "points": int},
    **{"grade": bool, "locked": bool, "solution": bool, "task": bool},
}


@pytest.mark.parametrize(
    "path", sorted(NOTEBOOKS.glob("0*.ipynb")), ids=lambda p: p.stem
)
def test_nbgrader_finds_answers_and_checks(path):
    notebook = course.exercises.read(path)
    found = course.exercises.exercises(notebook)
    before = json.dumps(notebook)
    edition = course.exercises.nbgrader_edition(
        course.exercises.student_edition(notebook), found
    )
    assert json.dumps(notebook) == before
    assert len(edition["cells"]) == len(notebook["cells"]) - len(found)
    marked = [c for c in edition["cells"] if "nbgrader" in c["metadata"]]
    names = [cell["metadata"]["nbgrader"]["grade_id"] for cell in marked]
    assert names == [
        f"{kind}-{e.number}" for e in found for kind in ("answer", "check")
    ]
    for cell, exercise in zip(
        marked, [e for e in found for _ in range(2)], strict=True
    ):
        data = cell["metadata"]["nbgrader"]
        assert data["schema_version"] == 3 and data["task"] is False
        assert set(SCHEMA) - set(data) <= ({"points"} if not data["grade"] else set())
        assert all(type(value) is SCHEMA[key] for key, value in data.items())
        assert re.fullmatch(r"[a-zA-Z0-9_\-]*", data["grade_id"])
        # Either for the answer, or worth a point and not to be edited.
        assert data["solution"] == (not data["grade"]) == (not data["locked"])
        kind = "HIDDEN TESTS" if data["grade"] else "SOLUTION"
        visible, begin, rest = cell["source"].partition(f"\n### BEGIN {kind}\n")
        hidden, end, nothing = rest.partition(f"\n### END {kind}")
        assert begin and end and not nothing
        assert visible == (exercise.check if data["grade"] else exercise.placeholder)
        assert hidden.startswith(f"assert check_{exercise.number}(") or data["solution"]
        assert data["grade"] == ("points" in data) and data.get("points", 1) == 1
    shown = "".join("".join(cell["source"]) for cell in edition["cells"])
    assert "# One right answer is in" not in shown


@pytest.mark.tensorflow
def test_the_solutions_for_nbgrader_pass_its_hidden_tests():
    notebook = course.exercises.read(NOTEBOOKS / "00_why_gans_fail.ipynb")
    found = course.exercises.exercises(notebook)
    cells = course.exercises.nbgrader_edition(notebook, found)["cells"]
    names = {"np": np}
    for cell in cells:
        if "nbgrader" in cell["metadata"]:
            exec(cell["source"], names)
    names["distance"] = lambda x, y: 0.0
    (check,) = (
        cell["source"]
        for cell in cells
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "check-2"
    )
    with pytest.raises(AssertionError):
        exec(check, names)


@pytest.mark.skipif(
    not (shutil.which("make") and shutil.which("git")), reason="no make"
)
def test_a_lab_is_a_copy_that_stays(tmp_path):
    for name in ("Makefile", ".gitignore"):
        shutil.copy(NOTEBOOKS.parent / name, tmp_path)
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).touch()
    (tmp_path / "notebooks" / "reports").mkdir(parents=True)
    for name in ("01_dcgan", "reports/dtu"):
        (tmp_path / "notebooks" / f"{name}.ipynb").write_text("as it came")
    binaries = tmp_path / ".venv" / "bin"
    binaries.mkdir(parents=True)
    (binaries / "jupyter").write_text('#!/bin/sh\necho opened "$@"\n')
    (binaries / "jupyter").chmod(0o755)
    (tmp_path / ".venv" / ".gankit-installed").touch()

    def run(*command):
        return subprocess.check_output(command, cwd=tmp_path, text=True)

    run("git", "init", "--quiet")
    run("git", "add", ".")
    before = run("git", "status", "--porcelain")
    assert "opened lab lab" in run("make", "lab")
    lab = tmp_path / "lab"
    mine, theirs = lab / "01_dcgan.ipynb", lab / "reports" / "dtu.ipynb"
    assert mine.read_text() == theirs.read_text() == "as it came"
    mine.write_text("my work")
    theirs.unlink()
    run("make", "lab")
    assert (mine.read_text(), theirs.read_text()) == ("my work", "as it came")
    assert run("git", "status", "--porcelain") == before


def course_tags(cell):
    return cell["metadata"].get("tags", [])


def test_what_follows_a_prediction_is_cleared_for_students():
    cells = {
        cell.get("id"): cell
        for cell in course.exercises.student_edition(INVENTED)["cells"]
    }
    assert cells["m1"]["outputs"] == [] and cells["m1"]["source"].startswith("print")
    assert cells["m2"]["outputs"]
    text = cells["a1"]["source"]
    assert text.startswith("<details><summary>") and "Measured: out." in text


@pytest.mark.parametrize(
    "path", sorted(NOTEBOOKS.glob("0*.ipynb")), ids=lambda p: p.stem
)
def test_every_prediction_is_asked_and_answered(path):
    cells = course.exercises.read(path)["cells"]
    signs = []
    for above, cell in zip([None, *cells], cells, strict=False):
        text = "".join(cell["source"])
        if "prediction" in course_tags(cell):
            assert "".join(above["source"]).count("**Predict.** ") == 1
            signs.append("asked")
        elif "**Predicted?** " in text:
            assert "answer" in course_tags(cell) and "*The usual misconception*" in text
            signs.append("answered")
    assert len(signs) >= 6 and signs == ["asked", "answered"] * (len(signs) // 2)


def _solved(exercise):
    """An answer to an exercise, built from its solution."""
    *definitions, last = ast.parse(exercise.solution).body
    call = ast.parse(exercise.check).body[-1].value
    values = ", ".join(map(ast.unparse, last.test.args))
    lines = list(map(ast.unparse, definitions))
    if isinstance(call.args[0], ast.Call):
        lines.append(f"def {ast.unparse(call.args[0].func)}():\n    return {values}")
    else:
        lines.append(f"{', '.join(map(ast.unparse, call.args))}, = ({values},)")
    return "\n".join(lines)


def test_our_solutions_of_the_real_notebooks_are_right(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    for name in REAL:
        notebook = course.exercises.read(NOTEBOOKS / f"{name}.ipynb")
        (source / f"{name}.ipynb").write_text(json.dumps(notebook))
        answers = {
            exercise.number: _solved(exercise)
            for exercise in course.exercises.exercises(notebook)
        }
        _submit(tmp_path / "class", "ada", answers, notebook, name)
    marks = course.grading.grade(tmp_path / "class", source)
    assert len(marks) == 15
    for mark in marks:
        assert (mark.mark, mark.reason) == (1, "Right."), mark


def test_right_wrong_hanging_and_others_become_rows(tmp_path, source):
    submitted = tmp_path / "class"
    _submit(submitted, "right", RIGHT)
    _submit(submitted, "wrong", {1: "def double(x):\n    return x", 2: "quarter = 4"})
    loop = "def double(x):\n    while True:\n        pass"
    _submit(submitted, "hanging", {1: loop})
    _submit(
        submitted,
        "crashing",
        {
            1: "def double(x):\n    raise KeyError('x')",
            2: "import os\nos._exit(0)",
            3: "import ctypes\nctypes.string_at(0)",
        },
    )
    _submit(submitted, "leaving", {1: "import sys\nsys.exit()", 2: "quarter = = 1"})
    _submit(
        submitted,
        "greedy",
        {
            1: "double = np.ones(2**34)",
            2: "hoard = []\nwhile True:\n    hoard.append('x' * 2**20)",
        },
    )
    garbage = "import os\nfor n in range(64):\n    try:\n        os.write(n, b'{}')\n"
    garbage += "    except OSError:\n        pass\n"
    _submit(submitted, "noisy", {2: garbage + "quarter = 0.25"})
    (submitted / "broken").mkdir()
    (submitted / "broken" / "07_course.ipynb").write_bytes(b'{"cells": [\xff')
    (submitted / "absent").mkdir()
    (submitted / "other").mkdir()
    (submitted / "other" / "essay.ipynb").write_text("{}")
    marks = _graded(submitted, source, seconds=4, memory=2**28)

    def result(student, exercise):
        mark = marks[student, exercise]
        return mark.mark, mark.reason

    for number in (1, 2, 3):
        assert result("right", number) == (1, "Right.")
    mark, reason = result("wrong", 1)
    assert mark == 0 and reason == "double: expected 6 1, yours 3 0.5, wrong."
    assert result("wrong", 2) == (0, "quarter: expected 0.25, yours 4, wrong.")
    assert result("wrong", 3) == (0, "Not answered.")
    assert result("hanging", 1) == (0, "It did not finish within 4 seconds.")
    assert result("crashing", 1)[1] == "The answer raised an error: KeyError: 'x'."
    assert "exited with code 0 before the check" in result("crashing", 2)[1]
    assert "stopped by SIGSEGV before the check" in result("crashing", 3)[1]
    assert result("leaving", 1)[1].startswith("The answer raised an error: SystemExit")
    assert result("leaving", 2)[1].startswith(
        "The answer is not valid Python: SyntaxError"
    )
    for number in (1, 2):
        assert result("greedy", number)[1].endswith("needs more memory than allowed.")
    # Nothing that a process prints is taken for a result.
    assert result("noisy", 2) == (1, "Right.")
    assert result("broken", 2)[1].startswith("Expected a notebook, received 07_course")
    assert result("other", None)[1].startswith(
        "This is not one of the course's notebooks"
    )
    assert result("absent", None)[1] == "There is no notebook in the folder."
    assert sum(mark.mark for mark in marks.values()) == 4

    (one, two, _) = course.grading.summarise(list(marks.values()), source)
    assert (one.right, one.students) == (1, 8) and two.right == 2
    assert one.reason and one.count >= 1


def test_what_an_answer_does_to_its_process_gains_nothing(tmp_path, source):
    submitted = tmp_path / "class"
    always = "def check_1(answer):\n    return True\n\n_ = check_1(double)"
    wrong = "def double(x):\n    return 3 * x\n"
    patch = "np.allclose = np.isclose = lambda *a, **k: True\n"
    patch += "import gankit.course.exercises.mistakes as m\n"
    patch += "m.agree = m._close = lambda *a: True\n"
    patch += "m.Check.__call__ = m.Check.judge = lambda *a: (True, ['Right.'])\n"
    _submit(submitted, "edited", {1: wrong}, c1=always)
    (check,) = [c["source"] for c in INVENTED["cells"] if c.get("id") == "c2"]
    _submit(submitted, "commented", RIGHT, c2=check + "  #")
    _submit(submitted, "redefined", {1: wrong + always})
    _submit(submitted, "patched", {1: patch + wrong})
    equal = "class Equal(float):\n"
    for method in ("__eq__", "__ne__", "__lt__", "__le__", "__bool__"):
        result = method not in ("__ne__", "__lt__")
        equal += f"    {method} = lambda *_: {result}\n"
    equal += "    __sub__ = __rsub__ = __abs__ = lambda *_: 0.0\n"
    answer = equal + "def double(x):\n    return np.array([Equal(i) for i in x], 'O')"
    _submit(submitted, "equal", {1: answer, 2: equal + "quarter = Equal(4)"})
    forged = "import json, pathlib, sys\nanswers = pathlib.Path(sys.argv[1])\n"
    forged += "for reply in {}:\n    (answers / '2').write_text(json.dumps(reply))\n"
    forged += "    __import__('os')._exit(0)"
    for i, reply in enumerate(("{'right': True}", "['Right.', '']", "[[], '']", "[1]")):
        _submit(submitted, f"forged-{i}", {2: forged.format(f"[{reply}]")})
    marks = _graded(submitted, source)
    assert (
        "its check cell was changed; the course's check was used"
        in marks["edited", 1].reason
    )
    assert marks["edited", 1].reason.startswith("Tripled.")
    assert marks["commented", 2].reason == "Right."
    assert "the answer defines check_1" in marks["redefined", 1].reason
    assert marks["patched", 1].reason == "Tripled."
    assert marks["equal", 1].reason == "double: expected 6 1, yours 3 0.5, wrong."
    assert marks["equal", 2].reason == "quarter: expected 0.25, yours 4, wrong."
    for i in range(4):
        assert marks[f"forged-{i}", 2].reason.startswith("It sent something other")
    right = {key for key, mark in marks.items() if mark.mark}
    assert right == {("commented", number) for number in (1, 2, 3)}


def test_an_answer_that_ends_the_process_leaves_the_others(source, monkeypatch):
    # It catches what the guard raises, and starts what outlives a killed parent.
    stubborn = "import subprocess\nchild = subprocess.Popen(['sleep', '60'])\n"
    stubborn += "open('MARK', 'w').write(str(child.pid))\n"
    stubborn = stubborn.replace("MARK", str(source / "pid"))
    stubborn += "while True:\n    try:\n        while True:\n            pass\n"
    stubborn += "    except BaseException:\n        pass"
    monkeypatch.setattr(runner, "_GRACE", 1.0)
    path, answers = source / "07_course.ipynb", {1: stubborn, 2: "quarter = input()"}
    start = time.monotonic()
    found = runner.measure(path, answers | {3: RIGHT[3]}, [], 2.0, 2**30)
    # A hang costs its limit once.
    assert time.monotonic() - start < 20
    assert found[1] == (None, "It did not finish within 2 seconds.")
    # Nothing waits for somebody to type.
    assert found[2][1].startswith("The answer raised an error: EOFError")
    assert found[3] == ([{"twice": 9.0}], "")
    with pytest.raises(ProcessLookupError):
        for _ in range(50):
            os.kill(int((source / "pid").read_text()), 0)
            time.sleep(0.1)


def test_what_the_course_cannot_import_stops_the_grading(tmp_path, source):
    notebook = json.loads(json.dumps(INVENTED))
    notebook["cells"][1]["source"] += "\nimport nowhere_to_be_found"
    (source / "07_course.ipynb").write_text(json.dumps(notebook))
    _submit(tmp_path / "class", "ada", RIGHT)
    with pytest.raises(RuntimeError, match="received ModuleNotFoundError: No module"):
        _graded(tmp_path / "class", source)


def test_a_check_that_calls_anything_else_is_refused(source):
    def calls(check):
        return dependencies.calls_in_check(
            dependencies.parse_statements(check), "check_1"
        )

    assert calls(
        "def check_1(f, g):\n    first = a.b(g)\n    return c(f, g) and first\n"
        "_ = check_1(mine, yours)"
    ) == [("a.b", ["yours"]), ("c", ["mine", "yours"])]
    for check in (
        "def check_1(f):\n    return a(f(1))\n_ = check_1(mine)",
        "def check_1(f):\n    return a(2)\n_ = check_1(mine)",
        "def check_1(f):\n    return a(f)\n",
        "_ = check_1(mine)",
    ):
        with pytest.raises(ValueError, match="Expected a function check_1 that calls"):
            calls(check)


def test_answers_are_found_without_ids_and_among_cells_of_ones_own(tmp_path, source):
    submitted = tmp_path / "class"
    path = _submit(
        submitted,
        "colab",
        {
            1: "# my idea\ndef double(x):\n    return twofold(x)",
            2: "%time\n!ls\nquarter = math.sqrt(1 / 16)",
            3: RIGHT[3],
        },
    )
    notebook = json.loads(path.read_text())
    for cell in notebook["cells"]:
        cell.pop("id", None)
        cell["metadata"]["id"] = "Xy"
    cells = notebook["cells"]
    cells.insert(3, _cell("import math\n\ndef twofold(x):\n    return 2 * x"))
    # Split in two, as students do.
    where = next(i for i, c in enumerate(cells) if c["source"].startswith("def twice"))
    cells.insert(where, _cell("print('let me think')"))
    path.rename(path.with_name("07_course (1).ipynb"))
    path.with_name("07_course (1).ipynb").write_text(json.dumps(notebook))
    marks = _graded(submitted, source)
    assert [(m.mark, m.reason) for m in marks.values()] == [(1, "Right.")] * 3


def test_only_what_is_needed_is_executed():
    cells = INVENTED["cells"]
    above = dependencies.notebook_statements(cells)
    chosen, missing = dependencies.select(above, {"rate", "double_check", "nothing"})
    assert [s.cell for s in chosen] == [1, 3, 3, 4, 4, 4, 4] and missing == {"nothing"}
    some = dependencies.parse_statements(
        "x = 1\nx = x + 1\ndef f():\n    return y\ny = 2\nx = 9"
    )
    chosen, _ = dependencies.select(some[:-1], {"x", "f"})
    assert [ast.unparse(s.node)[:9] for s in chosen] == [
        "x = 1",
        "x = x + 1",
        "def f():\n",
        "y = 2",
    ]


def test_the_command_writes_marks_and_tabulates_predictions(
    tmp_path, source, monkeypatch
):
    # The command hides the GPU, also from what runs after it in this process.
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    submitted, out = tmp_path / "class", tmp_path / "marks.csv"
    for student, words in (
        ("ada", '"Out."'),
        ("ben", "'out'"),
        ("eve", '"=HYPERLINK(1)"'),
        ("kim", "print('x')"),
        ("sue", '"..."'),
    ):
        _submit(submitted, student, {2: RIGHT[2]}, p1=f"prediction = {words}")
    result = CliRunner().invoke(
        app,
        ["grade", str(submitted), "--out", str(out), "--notebooks", str(source)],
    )
    assert result.exit_code == 0, result.output
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["mark"] for row in rows] == ["0", "1", "0"] * 5
    assert rows[1]["student"] == "ada" and rows[1]["notebook"] == "07_course"
    with (tmp_path / "marks-totals.csv").open(newline="") as file:
        totals = [list(row.values()) for row in csv.DictReader(file)]
    assert totals == [[name, "1", "3"] for name in ("ada", "ben", "eve", "kim", "sue")]
    assert "1 of 3" in result.output
    page = (tmp_path / "marks-feedback" / "ada.html").read_text()
    assert "<h1>ada: 1 of 3 points</h1>" in page and "2. A quarter" in page
    assert page.count("<tr>") == 3 and page.count("Not answered.") == 2
    assert "5 of 5" in result.output and "Not answered" in result.output
    found = course.grading.read_predictions(submitted, source)
    assert [row[3:] for row in course.grading.count_predictions(found)] == [
        ("Out.", 2),
        ("(none)", 2),
        ("=HYPERLINK(1)", 1),
    ]
    assert found[0].question == "Does it go **in** or out?"
    written = (tmp_path / "marks-predictions.csv").read_text()
    assert "'=HYPERLINK(1)" in written
    (submitted / "07_course.ipynb").write_text("{}")
    result = CliRunner().invoke(
        app, ["grade", str(submitted), "--notebooks", str(source)]
    )
    assert result.exit_code == 1 and "a folder for each student" in result.output


def test_downloads_of_learning_platforms_are_read_as_they_come(tmp_path):
    for name in (
        "Ada Lovelace_4711_assignsubmission_file_/01_dcgan.ipynb",
        "Al_Go Rithm_4712_assignsubmission_file/02_cgan.ipynb",
        "Al_Go Rithm_4712_assignsubmission_onlinetext/onlinetext.html",
        "Eve Adams_4713_assignsubmission_file_01_dcgan (2).ipynb",
        "turingalan_340934_208490284_01_dcgan.ipynb",
        "hopper_LATE_340935_208490285_01_dcgan-1.ipynb",
        "hopper_340935_208490286_essay.ipynb",
        "own_name_7_8/01_dcgan.ipynb",
        "readme.txt",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")
    names = ["01_dcgan", "02_cgan"]
    found = course.grading.submissions.find_submissions(tmp_path, names)
    assert {(f.student, f.notebook) for f in found} == {
        ("Ada Lovelace_4711", "01_dcgan"),
        ("Al_Go Rithm_4712", "02_cgan"),
        ("Al_Go Rithm_4712", None),
        ("Eve Adams_4713", "01_dcgan"),
        ("turingalan_340934", "01_dcgan"),
        ("hopper_340935", "01_dcgan"),
        ("hopper_340935", None),
        ("own_name_7_8", "01_dcgan"),
    }


def test_feedback_shows_what_students_wrote_as_text(tmp_path, source):
    marks = [
        course.grading.Mark("a&b", "07_course", 1, 0, "<script>alert(1)</script>"),
        course.grading.Mark("a&b", "=1", None, 0, "Not graded."),
        course.grading.Mark("c", "07_course", 1, 1, "Right."),
    ]
    course.grading.save_feedback(tmp_path / "pages", marks, source)
    page = (tmp_path / "pages" / "a&b.html").read_text()
    assert "<script>" not in page and "&lt;script&gt;" in page
    assert "<title>a&amp;b: 0 of 1 points</title>" in page and "Right." not in page
    points = [(t.student, t.points, t.possible) for t in course.grading.totals(marks)]
    assert points == [("a&b", 0, 1), ("c", 1, 1)]
