"""Commands on one experiment: `show`, `run`, `sample`, `publish`."""

import os
import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from gankit.cli.app import app
from gankit.cli.output import paragraph, show, table
from gankit.cli.scores import Data
from gankit.experiments.running.registry import LARGEST_SEED

Name = Annotated[str, typer.Argument(help="Name of an experiment; see gankit list.")]
SizeOption = Annotated[
    Literal["smoke", "class", "full"],
    typer.Option(help="smoke: seconds. class: minutes. full: the report's budget."),
]
WidthOption = Annotated[
    Literal["full", "half"],
    typer.Option(help="half: networks of half the width, where there are any."),
]
Seed = Annotated[
    int, typer.Option(min=0, max=LARGEST_SEED, help="Seed of the whole run.")
]
RunFolder = Annotated[
    Path | None,
    typer.Option(help="Folder of the run. Default: runs/NAME or runs/NAME@SIZE-seedN."),
]


@app.command("show")
def show_experiment(name: Name, width: WidthOption = "full"):
    """Show everything about one experiment."""
    from gankit import experiments, pretrained

    experiment = experiments.find(name, width=width)
    runs = experiments.find_runs(experiment.name)
    steps = {size: budget.steps for size, budget in experiment.budgets.items()}
    typer.echo(experiment.name)
    paragraph(experiment.summary)
    typer.echo()
    data = {scores["data"]: None for _, scores in runs if "data" in scores}
    data = data or [getattr(experiment.data, "__name__", "").strip("_")]
    half = experiment.width == "full" and f"{name}-half" in experiments.names()
    for what, words in (
        ("source", experiment.source),
        ("data", ", ".join(data)),
        ("batch size", str(experiment.batch_size)),
        ("steps", ", ".join(f"{size} {n:,}" for size, n in steps.items())),
        ("width", experiment.width + (", or --width half" if half else "")),
        ("reported", _listed(experiment.reported)),
        (
            "saved model",
            "".join(
                f'gankit.pretrained("{card.name}"), {card.bytes / 1e6:.1f} MB'
                for card in pretrained()
                if card.name == experiment.name
            ),
        ),
    ):
        if words:
            paragraph(words, f"{what:12}")
    if experiment.our_reading:
        typer.echo("\nOur reading of what the report leaves open:")
        for words in experiment.our_reading:
            paragraph(words, "- ")
    for folder, scores in runs:
        typer.echo()
        _show_scores(scores, f"{_how_far(scores)}\n({folder})")
    if not runs:
        typer.echo("\nNo results yet.")
    if half and experiments.find_runs(f"{name}-half"):
        typer.echo(f"\nResults at half width: gankit show {name} --width half")
    typer.echo("\nTry:")
    for option, size in (("", "class"), (" --size full", "full")):
        time = f"{steps[size]:,} steps{_minutes(runs, steps[size])}"
        _suggest(f"run {_call(experiment)}{option}", time)


def _call(experiment):
    """The name and options that select an experiment."""
    if experiment.width == "half" and experiment.base:
        return f"{experiment.base} --width half"
    return experiment.name


def _minutes(runs, steps):
    """How long so many steps take, by a run on a machine like this one if any."""
    from gankit.backend import device

    here = device.name()
    timed = [scores for _, scores in runs if scores["steps"] and "seconds" in scores]
    timed.sort(key=lambda scores: scores["device"] != here)
    if not timed:
        return ""
    seconds = steps * timed[0]["seconds"] / timed[0]["steps"]
    time = f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:,.0f} min"
    on = "this kind of machine" if timed[0]["device"] == here else timed[0]["device"]
    return f", about {time} on {on}"


@app.command()
def run(
    name: Name,
    size: SizeOption = "class",
    width: WidthOption = "full",
    seed: Seed = 0,
    steps: Annotated[
        int | None,
        typer.Option(min=1, help="Step at which to stop, instead of all steps."),
    ] = None,
    data: Data = None,
    out: RunFolder = None,
    devices: Annotated[
        int, typer.Option(min=1, help="Devices to divide each batch among.")
    ] = 1,
    together: Annotated[
        bool,
        typer.Option(
            "--workers",
            help="Train with other machines that run the same command; see "
            "docs/devices.md.",
        ),
    ] = False,
    other_machine: Annotated[
        bool,
        typer.Option(
            "--other-machine",
            help="Resume a run of a machine with other cores, precision or versions; "
            "its bits then differ.",
        ),
    ] = False,
):
    """Train an experiment, or resume it, and score it."""
    from gankit import experiments, files
    from gankit.backend import device
    from gankit.experiments.running import workers

    if together and devices > 1:
        raise ValueError(
            "Expected --workers without --devices, as workers train on all their "
            f"devices, received --devices {devices}: leave it out."
        )
    # Before anything is trained or loaded: a wrong name costs no time.
    experiment = experiments.find(name, width=width)
    name = experiment.name
    folder = out or experiments.run_folder(name, size, seed)
    try:
        with workers.joined() if together else device.distribute(devices):
            device.setup(seed)
            options = {"data": data, "out": out, "other_machine": other_machine}
            done = experiments.run(name, size=size, seed=seed, steps=steps, **options)
    except KeyboardInterrupt:
        saved = files.read_history(folder / "history.csv").get("step", [0])[-1]
        typer.echo(
            f"\nStopped. {folder} holds the state of step {int(saved):,}; the same "
            "command resumes from there.",
            err=True,
        )
        raise typer.Exit(130) from None
    if together and (number := device.workers()[1]):
        typer.echo(f"Worker {number} is done: worker 0 has the files.")
        return
    _conclude(done, experiment, size, seed, data, out, devices, together)


def _conclude(done, experiment, size, seed, data, out, devices, together):
    folder = shlex.quote(str(done.folder))
    _show_scores(done.scores)
    typer.echo(f"\n{done.folder}/ holds, after step {done.scores['steps']:,}:")
    for file, what in (
        ("samples.png", "samples"),
        ("training.webp", "the same samples throughout the training"),
        ("losses.png", "the losses, from history.csv"),
        ("scores.png", "scores during training, from scores.csv"),
        ("scores.json", "scores, settings, versions"),
        ("weights.csv", "norms of all layers, gains of attention"),
        ("tensorboard", f"the same curves, for tensorboard --logdir {folder}"),
        ("confusion.csv", "classes found by a classifier, per requested class"),
        ("generator.keras", "the generator, for keras.saving.load_model"),
        ("g_ab.keras", "the generator from A to B, likewise"),
        ("g_ba.keras", "the generator from B to A"),
    ):
        if (done.folder / file).exists():
            typer.echo(f"  {file:16} {what}")
    options = "" if size == "class" else f" --size {size}"
    options += f" --seed {seed}" if seed else ""
    options += f" --out {shlex.quote(str(out))}" if out else ""
    again = f" --data {shlex.quote(str(data))}" if data else ""
    again += f" --devices {devices}" if devices > 1 else ""
    again += " --workers" if together else ""
    call = f"{_call(experiment)}{options}"
    more = max(experiment.budgets[size].steps, 2 * done.scores["steps"])
    typer.echo("Try next:")
    if hasattr(done.model, "sample"):
        _suggest(f"sample {call} --sample-seed 7", "draws other samples")
    else:
        _suggest(f"translate {folder} IN.png OUT.png", "translates a picture")
    _suggest(f"run {call}{again} --steps {more}", "trains longer")
    _suggest("list", "lists the other experiments")


def _suggest(arguments, what):
    """Prints a command, by name where the environment is active, and what it does."""
    called, found = Path(sys.argv[0]), shutil.which("gankit")
    by_name = found and Path(found).resolve() == called.resolve()
    command = "gankit" if by_name else shlex.quote(os.path.relpath(called))
    if called.name == "__main__.py":
        command = "python -m gankit"
    typer.echo(f"  {command} {arguments}\n      {what}")


@app.command()
def sample(
    name: Name,
    count: Annotated[int, typer.Option(min=1, help="Number of images.")] = 64,
    sample_seed: Annotated[
        int, typer.Option(min=0, max=LARGEST_SEED, help="Seed of the latents.")
    ] = 0,
    to: Annotated[
        Path | None,
        typer.Option(help="An image file for one grid, or a folder for single images."),
    ] = None,
    label: Annotated[
        int | None,
        typer.Option(min=0, help="The only class to draw, of a conditional model."),
    ] = None,
    size: SizeOption = "class",
    width: WidthOption = "full",
    seed: Seed = 0,
    out: RunFolder = None,
):
    """Draw samples from a run, or else from a saved model."""
    from gankit import experiments, plotting, pretrained
    from gankit.datasets.image_files import SUFFIXES

    name = experiments.find(name, width=width).name
    folder = out or experiments.run_folder(name, size, seed)
    if not (out or folder.exists()) and name in {card.name for card in pretrained()}:
        typer.echo(f"No run in {folder}: the saved model draws.")
        model = pretrained(name)
    else:
        model = experiments.load(folder).model
    if not hasattr(model, "sample" if label is None else "sample_labels"):
        raise ValueError(
            f"Expected a model that draws samples (of classes), received {name}: leave "
            f"--label out, or use gankit translate {shlex.quote(str(folder))} IN.png "
            "OUT.png."
        )
    of_class = {} if label is None else {"labels": [label] * count}
    images = model.sample(count, seed=sample_seed, **of_class)
    to = to or folder / f"samples-{sample_seed}.png"
    if to.suffix.lower() in SUFFIXES:
        to.parent.mkdir(parents=True, exist_ok=True)
        plotting.save_grid(to, images, scale=2)
    else:
        plotting.save_each(to, images)
    typer.echo(f"{count} samples: {to}")


@app.command()
def publish(
    name: Name,
    size: SizeOption = "full",
    width: WidthOption = "full",
    seed: Seed = 0,
    out: RunFolder = None,
    weights: Annotated[
        bool,
        typer.Option("--weights", help="Save the generator's weights in weights/."),
    ] = False,
    discriminators: Annotated[
        bool, typer.Option("--discriminators", help="Save the discriminator's as well.")
    ] = False,
):
    """Copy results of a run to results/, weights to weights/."""
    from gankit import experiments

    name = experiments.find(name, width=width).name
    typer.echo(experiments.publish(name, size=size, seed=seed, out=out))
    if weights or discriminators:
        folder = out or experiments.run_folder(name, size, seed)
        run = experiments.load(folder)
        typer.echo(experiments.save_weights(run, discriminators=discriminators))


def _how_far(scores):
    """Size, seed, steps, time and place of a run, in one line."""
    steps = f"{scores['steps']:,}"
    if scores["steps"] < scores["budget"]:
        steps += f" of {scores['budget']:,}"
    words = f"{scores['size']}, seed {scores['seed']}: {steps} steps"
    if "seconds" in scores:
        words += f" in {scores['seconds']:,.0f} s on {scores['device']}"
    return words


def _show_scores(scores, title=None):
    from gankit.experiments import SavedRun

    rows = table("score", "ours [95 % interval]", "real")
    baseline = SavedRun(None, scores).baseline
    counts = (None, None)
    for score in scores["scores"]:
        if counts != (counts := (score["n_real"], score["n_fake"])):
            n = zip(counts, ("real", "generated"), strict=True)
            said = ", ".join(f"{count:,} {what}" for count, what in n if count)
            rows.add_row(f"of {said} images:" if said else "")
        name = re.sub(
            r", (training|held-out|generated) images$", r" (\1)", score["name"]
        )
        value = f"{score['value']:.3g}"
        if interval := score.get("interval"):
            value += " [{:.3g}, {:.3g}]".format(*interval)
        real = baseline.get(score["name"])
        rows.add_row(name, value, "" if real is None else f"{real:.3g}")
    show(rows, title)
    extractors = {score["extractor"]: None for score in scores["scores"]}
    for extractor in filter(None, extractors):
        paragraph(f"Features of {extractor}.")
    reported = {s["name"]: s["report"] for s in scores["scores"] if s["report"]}
    if reported:
        paragraph(_listed(reported), "The report: ")


def _listed(values):
    return "; ".join(f"{name} {value:g}" for name, value in values.items())
