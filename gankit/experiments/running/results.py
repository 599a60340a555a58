"""What a run leaves behind: scores, models, pictures."""

import dataclasses

import numpy as np

from gankit import files, plotting
from gankit.experiments.running import record as run_record
from gankit.experiments.running import translations
from gankit.experiments.running.watchers import layout, stages
from gankit.experiments.scoring.adversarial import class_scores
from gankit.experiments.scoring.conditional import conditional_scores
from gankit.experiments.scoring.translations import TranslationScorer


def conclude(model, experiment, images, judges, record, folder, steps, budget):
    """Scores the model, leaves its files and returns its history and scores."""
    scorer, judge = judges
    history = files.read_history(folder / "history.csv")
    done = model.steps_done
    sample_scores = _sample_scores(model, scorer)
    unpaired = translations.is_unpaired(images)
    profile, profile_scores = (
        (None, []) if unpaired else class_scores(model, images, scorer)
    )
    label_scores = ()
    if judge:
        label_scores, counts = conditional_scores(model, images, scorer, judge)
        names = ",".join(judge.class_names)
        np.savetxt(
            folder / "confusion.csv", counts, "%d", ",", header=names, comments=""
        )
    scores = {
        **record,
        "steps": done,
        "steps_asked": steps,
        "budget": budget.steps,
        "seconds": round(record["seconds"], 1),
        "commit": run_record.commit(),
        "scores": [
            dataclasses.asdict(
                dataclasses.replace(s, report=experiment.reported.get(s.name))
            )
            for s in [
                *experiment.score(model, images, history),
                *sample_scores,
                *profile_scores,
                *label_scores,
            ]
        ],
        "baselines": _baselines(scorer),
    }
    model.save(folder / "gan.keras")
    grid = layout(images)
    title = f"{experiment.name}: losses to step {done:,}"
    if unpaired:
        translations.save(model, images, folder)
        curves = translations.loss_curves(history, model, title)
    else:
        generator = model.ema_generator or model.generator
        generator.save(folder / "generator.keras")
        plotting.save_grid(
            folder / "samples.png",
            model.sample(grid.count),
            scale=grid.scale,
            colours=256,
        )
        curves = plotting.loss_curves(history, loss=model.adversarial_loss, title=title)
    curves.savefig(folder / "losses.png", dpi=120)
    if sample_scores:
        _plot_scores(folder, experiment.name, scorer, sample_scores[0])
    if profile is not None:
        profile.save(folder / "classes.csv")
    plotting.save_film(folder / "training.gif", folder / "samples", scale=grid.scale)
    plotting.save_stages(
        folder / "stages.png", folder / "samples", stages(experiment, budget)
    )
    run_record.write_json(folder / "scores.json", scores)
    return history, scores


def _sample_scores(model, scorer):
    if scorer is None:
        return []
    if isinstance(scorer, TranslationScorer):
        return scorer(model)
    return scorer(model.sample(scorer.n, seed=1), value_range=(0, 255))


def _baselines(scorer):
    lines = scorer.baselines if scorer else {}
    return {
        line: [dataclasses.asdict(score) for score in scores]
        for line, scores in lines.items()
    }


def _plot_scores(folder, name, scorer, last):
    """Draws how the leading score went; a resumed run has the first part in a file."""
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
