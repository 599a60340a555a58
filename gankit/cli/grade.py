"""Commands of a course: `grade` and `handout`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from gankit.cli.app import app
from gankit.cli.output import show, table

Notebooks = Annotated[
    Path, typer.Option(help="Folder of the notebooks or of the teachers' edition.")
]


@app.command()
def grade(
    folder: Annotated[
        Path, typer.Argument(help="Folder with what the class handed in.")
    ],
    out: Annotated[Path, typer.Option(help="File for the marks.")] = Path("marks.csv"),
    notebooks: Notebooks = Path("notebooks"),
    seconds: Annotated[
        float, typer.Option(min=1, help="Time limit for an answer, in seconds.")
    ] = 60,
    memory: Annotated[
        float,
        typer.Option(
            min=0.1, help="Memory limit for an answer, in GiB, libraries excluded."
        ),
    ] = 4,
):
    """Grade the exercises that a class handed in.

    Writes marks, totals and a page of feedback for each student. docs/grading.md says
    what is run, and how.
    """
    # Checks take milliseconds and must not wait for a training on the GPU.
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    from gankit.course import grading

    marks = grading.grade(
        folder, notebooks, seconds=seconds, memory=int(memory * 2**30)
    )
    totals = grading.totals(marks)
    _show_summaries(grading.summarise(marks, notebooks))
    _show_totals(totals)
    predictions = grading.read_predictions(folder, notebooks)
    if predictions:
        _show_predictions(grading.count_predictions(predictions))

    def beside(end):
        return out.with_name(f"{out.stem}-{end}")

    tables = (out, marks), (beside("totals.csv"), totals)
    for path, rows in (*tables, (beside("predictions.csv"), predictions)):
        if rows:
            grading.save_table(path, rows)
            typer.echo(path)
    grading.save_feedback(beside("feedback"), marks, notebooks)
    typer.echo(beside("feedback"))


def _show_summaries(summaries):
    rows = table("notebook", "exercise", "right", "commonest reason")
    for one in summaries:
        reason = f"{one.reason} ({one.count} of {one.students})" if one.reason else ""
        exercise = f"{one.exercise}. {one.title}"
        right = f"{one.right} of {one.students}"
        rows.add_row(one.notebook, exercise, right, _plain(reason))
    show(rows, "Exercises")


def _show_totals(totals):
    rows = table("student", "points")
    for total in totals:
        rows.add_row(_plain(total.student), f"{total.points} of {total.possible}")
    show(rows, "Students")


def _show_predictions(counts):
    rows = table("notebook", "before", "prediction", "students")
    above = None
    for notebook, number, question, words, count in counts:
        head = (notebook, _plain(question)) if (notebook, number) != above else ("", "")
        above = notebook, number
        rows.add_row(*head, _plain(words), str(count))
    show(rows, "Predictions")


def _plain(text):
    """Text without control characters, which would steer a terminal."""
    return "".join(c if c.isprintable() else " " for c in text)


@app.command()
def handout(
    out: Annotated[Path, typer.Argument(help="Folder that holds the wheel.")],
    notebooks: Notebooks = Path("notebooks"),
):
    """Write the students', the teachers' and the nbgrader edition.

    make handout builds the wheel and then calls this.
    """
    from gankit import course

    for path in course.exercises.handout(out, notebooks):
        typer.echo(path)
