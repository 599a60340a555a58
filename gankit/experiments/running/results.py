"""What a run leaves: scores, models, pictures."""

import dataclasses
import re
import warnings

import keras

from gankit import files, plotting
from gankit.experiments.running import record, watchers
from gankit.experiments.running.measures import Measure
from gankit.experiments.running.saved import find_runs


def conclude(run, classifier):
    """Scores the model of a run and writes its files.

    Args:
        run: The `RunInProgress`.
        classifier: The classifier that checks the classes of samples, or `None`.

    Returns:
        The history and the content of `scores.json`.
    """
    model, task, scorer, folder = run.model, run.task, run.scorer, run.folder
    history = files.read_history(folder / "history.csv")
    sample_scores = task.sample_scores(scorer)
    class_scores = task.class_scores(scorer, classifier, folder)
    found = [
        *run.experiment.score(model, task.data, history),
        *sample_scores,
        *class_scores,
    ]
    reported = run.experiment.reported
    scores = {
        **run.record,
        "steps": model.steps_done,
        "steps_asked": run.steps,
        "budget": run.budget.steps,
        "seconds": round(run.record["seconds"], 1),
        "commit": record.commit(),
        "scores": [
            dataclasses.asdict(dataclasses.replace(s, report=reported.get(s.name)))
            for s in found
        ],
        "baselines": {
            line: [dataclasses.asdict(score) for score in of_line]
            for line, of_line in (scorer.baselines if scorer else {}).items()
        },
    }
    model.save(folder / "gan.keras")
    task.save(folder)
    _draw(run, history, sample_scores)
    files.write_json(folder / "scores.json", scores)
    return history, scores


def _draw(run, history, sample_scores):
    """Draws losses, scores, the film of the training and its stages."""
    folder, name = run.folder, run.experiment.name
    title = f"{name}: losses to step {run.model.steps_done:,}"
    run.task.loss_curves(history, title).savefig(folder / "losses.png", dpi=120)
    if sample_scores:
        _draw_scores(run, sample_scores[0])
    scale, frames = run.task.layout.scale, folder / "samples"
    plotting.save_film(folder / "training.webp", frames, scale=scale)
    plotting.save_stages(folder / "stages.png", frames, watchers.stages(run))


def _draw_scores(run, last):
    """Draws the course of the leading score, also that of other seeds that are here."""
    measure = Measure.of(dataclasses.asdict(last))
    curves = {f"seed {run.record['seed']}": _on_the_way(run.folder, last)}
    for folder, scores in find_runs(run.experiment.name):
        alike = any(Measure.of(score) == measure for score in scores["scores"])
        if scores["size"] == run.size and alike:
            curves.setdefault(f"seed {scores['seed']}", _on_the_way(folder, last))
    curves = {label: curve for label, curve in curves.items() if curve}
    if not curves:
        return
    lines = {
        line: next(score for score in scores if score.name == last.name)
        for line, scores in run.scorer.baselines.items()
    }
    plotting.score_curves(
        curves,
        baselines=lines,
        title=f"{run.experiment.name}: {last.name}",
        better="lower",
    ).savefig(run.folder / "scores.png", dpi=120)


def _on_the_way(folder, last):
    """A score during a training, as `gankit.plotting.score_curves` takes it."""
    try:
        rows = files.read_history(folder / "scores.csv")
    except ValueError as error:  # of another seed, as that of this run was written
        warnings.warn(f"A curve is left out. {error}", stacklevel=2)
        return []
    return [
        (int(step), dataclasses.replace(last, value=value, interval=None, std=None))
        for step, value in zip(
            rows.get("step", ()), rows.get(last.name, ()), strict=True
        )
    ]


def save_network(network, path):
    """Saves a network so that it computes in float32, whatever it was trained in.

    Args:
        network: A built `keras.Model`.
        path: The file, which ends in `.keras`.
    """
    if "bfloat16" in (config := network.to_json()):
        weights = network.get_weights()
        config = re.sub("(mixed_)?bfloat16", "float32", config)
        network = keras.models.model_from_json(config)
        network.set_weights(weights)
    network.save(path)
