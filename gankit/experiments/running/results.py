"""What a run leaves: scores, models, pictures."""

import dataclasses

from gankit import files, plotting
from gankit.experiments.running import record, watchers


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
        _draw_scores(folder, name, run.scorer, sample_scores[0])
    scale, frames = run.task.layout.scale, folder / "samples"
    plotting.save_film(folder / "training.webp", frames, scale=scale)
    plotting.save_stages(folder / "stages.png", frames, watchers.stages(run))


def _draw_scores(folder, name, scorer, last):
    """Draws the course of the leading score, also that of a run before it resumed."""
    rows = files.read_history(folder / "scores.csv")
    if not rows:
        return
    on_the_way = [
        (int(step), dataclasses.replace(last, value=value, interval=None, std=None))
        for step, value in zip(rows["step"], rows[last.name], strict=True)
    ]
    lines = {
        line: next(score for score in scores if score.name == last.name)
        for line, scores in scorer.baselines.items()
    }
    plotting.score_curves(
        {name: on_the_way},
        baselines=lines,
        title=f"{name}: {last.name}",
        better="lower",
    ).savefig(folder / "scores.png", dpi=120)
