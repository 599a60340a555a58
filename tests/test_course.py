"""Editions for a class and marks for what it hands in."""

import ast
import csv
import json
import os
import socket
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gankit import course
from gankit.cli import app
from gankit.course.exercises import dependencies, editions, packing
from gankit.course.grading.marks import GradingProcess

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
            "def verdict(what, expected, yours):\n"
            "    right = yours is not None and np.isclose(yours, expected)\n"
            "    word = 'right' if right else 'wrong'\n"
            "    print(f'{what}: expected {expected}, yours {yours}, {word}')\n"
            "    return bool(right)",
            id="verdict",
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
            "def check_1(answer):\n"
            "    x = np.random.normal(size=3)\n"
            "    sums = [(factor * x).sum(), (answer(x)).sum()]\n"
            "    return verdict('double', 2.0 * x.sum(), sums[1])\n\n"
            "_ = check_1(double)",
            "assert check_1(lambda x: 2 * x)",
        ),
        *_exercise(
            2,
            "A quarter",
            "quarter = ...  # your code",
            "def check_2(value):\n    return verdict('quarter', rate / 2, value)\n\n"
            "_ = check_2(quarter)",
            "assert check_2(0.25)",
        ),
        *_exercise(
            3,
            "Twice",
            "def twice(function): ...  # your code",
            "def check_3(answer):\n"
            "    return verdict('twice', 9, answer(lambda x: 3 * x)(1))\n\n"
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
    for page in ("report_rubric.md", "teaching.md"):
        (docs / page).write_text("words")
    (folder / "reports").mkdir()
    (folder / "reports" / "dtu.ipynb").write_text("{}")
    with pytest.raises(ValueError, match="Expected a wheel"):
        course.exercises.handout(out, folder)
    with zipfile.ZipFile(out / "gankit-1.0-py3-none-any.whl", "w") as wheel:
        wheel.write(Path(course.__file__), "gankit/course/__init__.py")
    result = CliRunner().invoke(app, ["handout", str(out), "--notebooks", str(folder)])
    assert result.exit_code == 0
    both = {}
    for edition in ("students", "teachers"):
        with zipfile.ZipFile(out / f"gankit-{edition}.zip") as archive:
            both[edition] = {
                name: archive.read(name).decode("utf-8", "replace")
                for name in archive.namelist()
            }
    assert "report_rubric.md" in both["students"] and "teaching.md" in both["teachers"]
    assert "teaching.md" not in both["students"]
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
        assert marks["right", number].seconds < 8
    mark, reason = result("wrong", 1)
    assert mark == 0 and reason.startswith("double: expected")
    assert result("wrong", 2) == (0, "quarter: expected 0.25, yours 4, wrong.")
    assert result("wrong", 3) == (0, "Not answered.")
    assert result("hanging", 1) == (0, "It did not finish within 4 seconds.")
    assert result("crashing", 1)[1] == "The check raised an error: KeyError: 'x'."
    assert "exited with code 0 before the check" in result("crashing", 2)[1]
    assert "stopped by SIGSEGV before the check" in result("crashing", 3)[1]
    assert result("leaving", 1)[1].startswith("The answer raised an error: SystemExit")
    assert result("leaving", 2)[1].startswith(
        "The answer is not valid Python: SyntaxError"
    )
    for number in (1, 2):
        assert result("greedy", number)[1].endswith("needs more memory than allowed.")
    assert result("noisy", 2)[0] == 0
    assert result("broken", 2)[1].startswith("Expected a notebook, received 07_course")
    assert result("other", None)[1].startswith(
        "This is not one of the course's notebooks"
    )
    assert result("absent", None)[1] == "There is no notebook in the folder."
    assert sum(mark.mark for mark in marks.values()) == 3

    (one, two, _) = course.grading.summarise(list(marks.values()), source)
    assert (one.right, one.students) == (1, 8) and two.right == 1
    assert one.reason and one.count >= 1


# What the grader says if an answer does not pass without its code.
ALONE = "It passes only together with its own code"


def test_tampering_gains_nothing_and_is_reported(tmp_path, source):
    submitted = tmp_path / "class"
    always = "def check_1(answer):\n    return True\n\n_ = check_1(double)"
    wrong = "def double(x):\n    return 3 * x\n"
    patch = "np.isclose = lambda *a, **k: True\n"
    _submit(submitted, "edited", {1: wrong}, c1=always)
    (check,) = [c["source"] for c in INVENTED["cells"] if c.get("id") == "c2"]
    _submit(submitted, "commented", RIGHT, c2=check + "  #")
    _submit(submitted, "redefined", {1: wrong + always})
    _submit(submitted, "patched", {1: patch + wrong})
    late = "def double(x):\n    np.isclose = lambda *a, **k: True\n    return 3 * x"
    _submit(submitted, "late", {1: late})
    frames = (
        "import sys\n\ndef double(x):\n    frame = sys._getframe()\n"
        "    while 'verdict' not in frame.f_globals or 'theirs' in frame.f_globals:\n"
        "        frame = frame.f_back\n"
        "    frame = sys._getframe()\n"
        "    while frame.f_code.co_name != 'check_1':\n        frame = frame.f_back\n"
        "    frame.f_globals['verdict'] = lambda *a: True\n    return 3 * x"
    )
    _submit(submitted, "frames", {1: frames})
    # A function that is given a function cannot be played back.
    live = "np.isclose = lambda *a, **k: True\ndef twice(function):\n"
    live += "    np.isclose = lambda *a, **k: True\n    return function"
    _submit(submitted, "live", {3: live})
    forged = "import json, os\nword = json.dumps({'right': True, 'reason': 'Right.',"
    forged += "'replaced': [], 'results': [{'value': 4}]}).encode()\n"
    forged += "for n in range(3, 64):\n    try:\n        os.write(n, word)\n"
    forged += "    except OSError:\n        pass\nos._exit(0)"
    _submit(submitted, "forged", {2: forged})
    marks = _graded(submitted, source)
    assert (
        "its check cell was changed; the course's check was used"
        in marks["edited", 1].reason
    )
    assert "double: expected" in marks["edited", 1].reason
    assert marks["commented", 2].reason == "Right."
    assert "the answer defines check_1" in marks["redefined", 1].reason
    assert marks["patched", 1].reason.endswith("it replaced numpy.isclose.")
    assert marks["late", 1].reason.startswith(f"{ALONE}: double")
    assert marks["late", 1].reason.endswith("it replaced numpy.isclose.")
    assert marks["frames", 1].reason.startswith(ALONE)
    assert "replaced numpy.isclose" in marks["live", 3].reason
    assert marks["forged", 2].reason.startswith(ALONE)
    right = {key for key, mark in marks.items() if mark.mark}
    assert right == {("commented", number) for number in (1, 2, 3)}


def test_there_is_no_network_and_nothing_outlives_its_answer(tmp_path, source):
    submitted, marker = tmp_path / "class", f"grading-{os.getpid()}"
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        address = server.getsockname()
        _submit(
            submitted,
            "online",
            {
                2: f"import socket\nsocket.create_connection({address}, 3)\n"
                "quarter = 0.25"
            },
        )
        outlive = (
            f"import subprocess, time\nsubprocess.Popen(['sh', '-c', 'sleep 50; : "
            f"{marker}'], start_new_session=True)\ntime.sleep(50)"
        )
        _submit(submitted, "sleeper", {2: outlive})
        marks = _graded(submitted, source, seconds=3)
        with pytest.raises(TimeoutError):
            server.accept()
    assert marks["online", 2].mark == 0
    assert "Error" in marks["online", 2].reason
    assert marks["sleeper", 2].mark == 0
    time.sleep(0.2)
    lines = [p.read_bytes() for p in Path("/proc").glob("[0-9]*/cmdline") if _is(p)]
    assert not any(marker.encode() in line for line in lines)


def _is(path):
    try:
        path.read_bytes()
    except OSError:
        return False
    return True


def test_where_namespaces_are_not_allowed_python_refuses():
    tried = (
        "import os, socket, subprocess\n"
        "from gankit.course.exercises import sandbox\n"
        "sandbox.refuse()\n"
        "for call in (socket.socket, lambda: subprocess.run(['true']), os.fork,\n"
        "             lambda: os.kill(os.getppid(), 0), lambda: os.system('true')):\n"
        "    try:\n        call()\n        print('allowed')\n"
        "    except PermissionError as error:\n        print('refused')\n"
    )
    result = subprocess.run([sys.executable, "-c", tried], capture_output=True)
    assert result.stdout.split() == [b"refused"] * 5


def test_a_grading_process_that_ends_is_a_row_and_another_starts(source):
    (_, two, _) = course.exercises.exercises(INVENTED)
    answer = course.grading.submissions.Answer("quarter = 0.25", False, ())
    with GradingProcess(source, 30, 2**30) as grading:
        assert grading.grade("07_course", two, answer, [])[0] == 1
        grading.process.kill()
        assert grading.grade("07_course", two, answer, [])[:2] == (
            0,
            "It stopped the grading process.",
        )
        assert grading.grade("07_course", two, answer, [])[0] == 1


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
    chosen, missing = dependencies.select(above, {"rate", "verdict", "nothing"})
    assert [s.cell for s in chosen] == [1, 3, 3, 4] and missing == {"nothing"}
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


def test_answers_travel_as_data():
    import keras
    import numpy as np

    network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    value = (1, [2.5, None, ...], {"a": np.arange(6.0).reshape(2, 3)}, network)
    back = packing.unpack(json.loads(json.dumps(packing.pack(value))))
    assert back[:2] == value[:2]
    np.testing.assert_array_equal(back[2]["a"], value[2]["a"])
    inputs = np.ones((4, 3), "float32")
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(back[3](inputs)),
        keras.ops.convert_to_numpy(network(inputs)),
        rtol=1e-6,
    )
    tensor = keras.ops.convert_to_tensor([1.0, 2.0])
    np.testing.assert_array_equal(packing.unpack(packing.pack(tensor)), [1, 2])
    with pytest.raises(packing.Unpackable):
        packing.pack([print])


def test_the_command_writes_marks_and_tabulates_predictions(tmp_path, source):
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
