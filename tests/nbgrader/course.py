"""Has nbgrader itself assign and grade a lesson: a course of two students.

    make nbgrader

runs it with the folder of nbgrader's environment. One student hands in the solution of
every exercise and gets a point for each, the other hands in nothing and gets none.
"""

import csv
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from gankit.course import exercises

LESSON = "00_why_gans_fail"
SOURCE = Path(__file__).parents[2] / "notebooks" / f"{LESSON}.ipynb"

# In seconds for a cell, and for its output.
CONFIG = """
c = get_config()
c.CourseDirectory.course_id = "gankit"
c.ExecutePreprocessor.timeout = 600
c.ExecutePreprocessor.iopub_timeout = 60
"""


def main(environment):
    complete = exercises.read(SOURCE)
    found = exercises.exercises(complete)
    edition = exercises.nbgrader_edition(exercises.student_edition(complete), found)
    with tempfile.TemporaryDirectory() as folder:
        points = _grade(Path(folder), environment, edition)
    print(f"{LESSON}, {len(found)} exercises: {points}")
    possible = float(len(found))
    assert points == {"solved": (possible, possible), "empty": (0.0, possible)}


def _grade(course, environment, edition):
    """Points and possible points by student."""

    # nbgrader looks for alembic among the commands, and for kernels here first.
    path = os.pathsep.join([str(environment / "bin"), os.environ["PATH"]])
    variables = {"PATH": path, "JUPYTER_PATH": str(course / "jupyter")}
    variables["PYTHONWARNINGS"] = "ignore"
    kernel = course / "jupyter" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    described = {"argv": command, "display_name": "gankit", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(described), encoding="utf-8")

    def nbgrader(*arguments):
        subprocess.run(
            [environment / "bin" / "nbgrader", *arguments, "--log-level=ERROR"],
            cwd=course,
            env=os.environ | variables,
            check=True,
        )

    (course / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
    _write(course / "source" / LESSON, edition)
    nbgrader("generate_assignment", LESSON, "--create")
    release = course / "release" / LESSON / f"{LESSON}.ipynb"
    text = release.read_text(encoding="utf-8")
    assert "BEGIN SOLUTION" in json.dumps(edition) and "HIDDEN TESTS" not in text
    for student in ("solved", "empty"):
        handed_in = json.loads(text)
        if student == "solved":
            answers = {
                grade_id: cell["source"]
                for grade_id, cell in _marked(edition)
                if cell["metadata"]["nbgrader"]["solution"]
            }
            for grade_id, cell in _marked(handed_in):
                cell["source"] = answers.get(grade_id, cell["source"])
        _write(course / "submitted" / student / LESSON, handed_in)
    nbgrader("autograde", LESSON, "--create")
    nbgrader("export", "--to=grades.csv")
    with (course / "grades.csv").open(newline="", encoding="utf-8") as file:
        return {
            row["student_id"]: (float(row["score"]), float(row["max_score"]))
            for row in csv.DictReader(file)
        }


def _marked(notebook):
    """The cells with nbgrader's metadata, with their ids."""
    for cell in notebook["cells"]:
        if data := cell["metadata"].get("nbgrader"):
            yield data["grade_id"], cell


def _write(folder, notebook):
    folder.mkdir(parents=True)
    path = folder / f"{LESSON}.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
