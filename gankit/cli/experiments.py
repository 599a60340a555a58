"""Commands on experiments: `list`, `run`, `sample`, `publish`, `report`."""

import os
import shutil
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gankit.cli.app import app
from gankit.cli.output import sentences, show, table


class Size(StrEnum):
    """How long and on what an experiment trains."""

    smoke = "smoke"
    class_ = "class"
    full = "full"


Name = Annotated[str, typer.Argument(help="Name of an experiment; see gankit list.")]
SizeOption = Annotated[
    Size,
    typer.Option(
        help="smoke: seconds, to see that it works; class: minutes on a laptop; "
        "full: the report's data and budget."
    ),
]
Seed = Annotated[int, typer.Option(min=0, help="Seed of everything.")]
RunFolder = Annotated[
    Path | None,
    typer.Option(
        help="Folder of the run, instead of runs/NAME (class, seed 0) or "
        "runs/NAME@SIZE-seedN."
    ),
]


@app.command("list")
def list_experiments(
    prefix: Annotated[str, typer.Argument(help="Beginning of the names.")] = "",
):
    """List the experiments."""
    with sentences():
        from gankit import experiments

        rows = table("experiment", "what it trains", "steps: class", "full")
        for name in experiments.names(prefix):
            experiment = experiments.find(name)
            rows.add_row(
                name,
                experiment.summary,
                f"{experiment.budgets['class'].steps:,}",
                f"{experiment.budgets['full'].steps:,}",
            )
        show(rows)


@app.command()
def run(
    name: Name,
    size: SizeOption = Size.class_,
    seed: Seed = 0,
    steps: Annotated[
        int | None,
        typer.Option(min=1, help="Total of steps at which to stop, instead of all."),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder of the data sets ($GANKIT_DATA).")
    ] = None,
    out: RunFolder = None,
    devices: Annotated[
        int, typer.Option(min=1, help="Devices to divide each batch among.")
    ] = 1,
):
    """Train an experiment, or go on where it stopped, and score it."""
    with sentences():
        from gankit import experiments, files
        from gankit.backend import device

        # Before anything is trained or loaded: a wrong name costs no time.
        experiments.find(name)
        folder = out or experiments.run_folder(name, size.value, seed)
        try:
            with device.distribute(devices):
                device.setup(seed)
                done = experiments.run(
                    name, size=size.value, seed=seed, steps=steps, data=data, out=out
                )
        except KeyboardInterrupt:
            saved = files.read_history(folder / "history.csv").get("step", [0])[-1]
            typer.echo(
                f"\nStopped; {folder} holds the state of step {int(saved):,}. The same "
                "command goes on from there.",
                err=True,
            )
            raise typer.Exit(130) from None
        _conclude(done, name, size.value, seed, out)


def _conclude(done, name, size, seed, out):
    from gankit import experiments

    _show_scores(done.scores)
    typer.echo(f"{done.folder}/ holds, after step {done.scores['steps']:,}:")
    for file, what in (
        ("samples.png", "samples"),
        ("training.gif", "the same samples from the first step to the last"),
        ("losses.png", "losses of both players, from history.csv"),
        ("scores.png", "scores on the way, from scores.csv"),
        ("scores.json", "scores, settings, versions"),
        ("weights.csv", "norms of all layers, gains of attention"),
        ("tensorboard", "the same curves, for tensorboard --logdir runs"),
        ("confusion.csv", "for which class each class ordered was taken"),
        ("generator.keras", "the generator, for keras.saving.load_model"),
        ("g_ab.keras", "the generator from A to B, likewise"),
        ("g_ba.keras", "the generator from B to A"),
    ):
        if (done.folder / file).exists():
            typer.echo(f"  {file:16} {what}")
    options = "" if size == "class" else f" --size {size}"
    options += f" --seed {seed}" if seed else ""
    options += f" --out {out}" if out else ""
    budget = experiments.find(name).budgets[size].steps
    more = max(budget, 2 * done.scores["steps"])
    typer.echo("Try next:")
    if hasattr(done.model, "sample"):
        first = (f"sample {name}{options} --sample-seed 7", "other latents")
    else:
        first = (f"translate {done.folder} IN.png OUT.png", "a picture of yours")
    for arguments, what in (
        first,
        (f"run {name}{options} --steps {more}", "trains on"),
        ("list", "the other experiments"),
    ):
        typer.echo(f"  {_command()} {arguments:44}  {what}")


def _command():
    """How to call gankit from here: by name where the environment is active."""
    called = Path(sys.argv[0])
    found = shutil.which("gankit")
    if found and Path(found).resolve() == called.resolve():
        return "gankit"
    return os.path.relpath(called)


@app.command()
def sample(
    name: Name,
    count: Annotated[int, typer.Option(min=1, help="How many images.")] = 64,
    sample_seed: Annotated[int, typer.Option(min=0, help="Seed of the latents.")] = 0,
    to: Annotated[
        Path | None,
        typer.Option(
            help="A .png file for one grid, or a folder for one file per image; "
            "samples-SEED.png in the run's folder if not given."
        ),
    ] = None,
    size: SizeOption = Size.class_,
    seed: Seed = 0,
    out: RunFolder = None,
):
    """Draw samples from a trained experiment."""
    with sentences():
        from gankit import experiments, plotting

        experiments.find(name)
        folder = out or experiments.run_folder(name, size.value, seed)
        images = experiments.load(folder).model.sample(count, seed=sample_seed)
        to = to or folder / f"samples-{sample_seed}.png"
        if to.suffix == ".png":
            to.parent.mkdir(parents=True, exist_ok=True)
            plotting.save_grid(to, images, scale=2)
        else:
            plotting.save_each(to, images)
        typer.echo(f"{count} samples: {to}")


@app.command()
def publish(
    name: Name,
    size: SizeOption = Size.full,
    seed: Seed = 0,
    out: RunFolder = None,
):
    """Copy scores, history and samples of a run to results/."""
    with sentences():
        from gankit import experiments

        typer.echo(experiments.publish(name, size=size.value, seed=seed, out=out))


@app.command()
def report(
    prefix: Annotated[str, typer.Argument(help="Beginning of the names.")] = "",
):
    """Print what the reports say beside what the runs gave."""
    with sentences():
        from gankit import experiments

        for name in experiments.names(prefix):
            experiment = experiments.find(name)
            found = experiments.find_runs(name)
            if not found:
                rows = table("score", "report", "ours")
                for score, value in experiment.reported.items():
                    rows.add_row(score, f"{value:g}", "not run")
                show(rows, f"{name}: not run")
            for folder, scores in found:
                _show_scores(scores, f"{name}: {_how_far(scores)} ({folder})")


def _how_far(scores):
    steps = f"{scores['steps']:,}"
    if scores["steps"] < scores["budget"]:
        steps += f" of {scores['budget']:,}"
    return f"{scores['size']}, seed {scores['seed']}, {steps} steps"


def _show_scores(scores, title=None):
    reported = any(score["report"] is not None for score in scores["scores"])
    report = ["report"] if reported else []
    rows = table("score", *report, "ours", "95 %", "real images", "n real/fake")
    baseline = {
        score["name"]: f"{score['value']:.3g}"
        for score in scores.get("baselines", {}).get("real against real", [])
    }
    for score in scores["scores"]:
        if reported:
            report = ["" if score["report"] is None else f"{score['report']:g}"]
        interval = score.get("interval")
        sides = (score["n_real"], score["n_fake"])
        counts = ["–" if n is None else f"{n:,}" for n in sides]
        rows.add_row(
            score["name"],
            *report,
            f"{score['value']:.3g}",
            "" if interval is None else "{:.3g} to {:.3g}".format(*interval),
            baseline.get(score["name"], ""),
            "" if sides == (None, None) else "/".join(counts),
        )
    show(rows, title)
    extractors = {score["extractor"]: None for score in scores["scores"]}
    for extractor in filter(None, extractors):
        typer.echo(f"Features of {extractor}.")
