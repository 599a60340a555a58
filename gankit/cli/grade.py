"""Commands of a course: `grade` and `handout`."""

from pathlib import Path
from typing import Annotated

import typer

from gankit.cli.app import app
from gankit.cli.output import sentences, show, table

Notebooks = Annotated[
    Path,
    typer.Option(help="Folder of the course's notebooks, or the teachers' edition."),
]


@app.command()
def grade(
    folder: Annotated[
        Path, typer.Argument(help="Folder with a sub-folder for each student.")
    ],
    out: Annotated[Path, typer.Option(help="The marks.")] = Path("marks.csv"),
    notebooks: Notebooks = Path("notebooks"),
    seconds: Annotated[
        float, typer.Option(min=1, help="Most seconds for an answer.")
    ] = 60,
    memory: Annotated[
        float,
        typer.Option(min=0.1, help="Most GiB for an answer, beside the libraries'."),
    ] = 4,
):
    """Grade the exercises in the notebooks that a class handed in.

    See docs/grading.md for what is run of them, and how.
    """
    with sentences():
        from gankit import course
        from gankit.course.grading.predictions import counts

        marks = course.grading.grade(
            folder, notebooks, seconds=seconds, memory=int(memory * 2**30)
        )
        course.grading.save_marks(out, marks)
        _show_shares(course.grading.shares(marks, notebooks))
        typer.echo(out)
        if predicted := course.grading.predictions(folder, notebooks):
            path = out.with_name(f"{out.stem}-predictions.csv")
            course.grading.save_predictions(path, predicted)
            _show_predictions(counts(predicted))
            typer.echo(path)


def _show_shares(found):
    rows = table("notebook", "exercise", "right", "commonest reason")
    for one in found:
        reason = f"{one.reason} ({one.count} of {one.students})" if one.reason else ""
        rows.add_row(
            one.notebook,
            f"{one.exercise}. {one.title}",
            f"{one.right} of {one.students}",
            _plain(reason),
        )
    show(rows, "Exercises")


def _show_predictions(found):
    rows = table("notebook", "before", "prediction", "students")
    above = None
    for notebook, number, question, words, count in found:
        head = (notebook, _plain(question)) if (notebook, number) != above else ("", "")
        above = notebook, number
        rows.add_row(*head, _plain(words), str(count))
    show(rows, "Predictions")


def _plain(text):
    """Text that rich prints as it is."""
    from rich.markup import escape

    return escape("".join(c if c.isprintable() else " " for c in text))


@app.command()
def handout(
    out: Annotated[Path, typer.Argument(help="Folder that holds the wheel.")],
    notebooks: Notebooks = Path("notebooks"),
):
    """Write the students' and the teachers' edition; `make handout` calls this."""
    with sentences():
        from gankit import course

        for path in course.exercises.handout(out, notebooks):
            typer.echo(path)
