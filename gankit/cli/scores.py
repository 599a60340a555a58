"""Commands that score images: `fid`, `score`, `baselines`."""

import dataclasses
import json
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from gankit.cli.app import app
from gankit.cli.output import show, table

IMAGES_HELP = "a folder, statistics (.npz) or a part of a data set, as cifar10:test"
Real = Annotated[str, typer.Argument(help=f"Real images: {IMAGES_HELP}.")]
Fake = Annotated[str, typer.Argument(help=f"Generated images: {IMAGES_HELP}.")]
Features = Annotated[
    int, typer.Option(help="Features of the network: 64, 192, 768 or 2048.")
]
ResizeOption = Annotated[
    Literal["tf1", "torch", "clean"],
    typer.Option(help="As FID's authors (tf1), pytorch-fid or clean-fid do it."),
]
Weights = Annotated[
    str, typer.Option(help="File with the network's weights; auto looks for it.")
]
BatchSize = Annotated[int, typer.Option(min=1, help="Images in a batch.")]
Count = Annotated[
    int | None, typer.Option(min=2, help="Images per side, instead of all.")
]


def _existing(folder):
    from gankit.datasets import data_folder

    data_folder(folder)
    return folder


Data = Annotated[
    Path | None,
    typer.Option(help="Folder of the data sets ($GANKIT_DATA).", callback=_existing),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def fid(
    real: Real,
    fake: Fake,
    features: Features = 2048,
    resize: ResizeOption = "tf1",
    weights: Weights = "auto",
    batch_size: BatchSize = 64,
    count: Count = None,
    data: Data = None,
    as_json: Json = False,
):
    """Print the Fréchet inception distance of two image sets."""
    from gankit import metrics

    extractor = metrics.inception_extractor(features, resize, weights)
    _print_scores(real, fake, extractor, ("frechet",), batch_size, count, data, as_json)


@app.command()
def score(
    real: Annotated[
        str,
        typer.Argument(
            help=f"Real images: {IMAGES_HELP}. Or, alone, the name of a saved model.",
            show_default=False,
        ),
    ],
    fake: Annotated[
        str | None,
        typer.Argument(help=f"Generated images: {IMAGES_HELP}.", show_default=False),
    ] = None,
    classifier: Annotated[
        bool,
        typer.Option(
            "--classifier",
            help="Use a classifier trained on the data set REAL instead of the FID "
            "network. It needs no download and gives FCD instead of FID.",
        ),
    ] = False,
    features: Features = 2048,
    resize: ResizeOption = "tf1",
    weights: Weights = "auto",
    batch_size: BatchSize = 64,
    count: Count = None,
    data: Data = None,
    as_json: Json = False,
):
    """Print FID, KID, MIND, precision, recall, density, coverage.

    With the name of a saved model alone, score that model again and compare.
    """
    from gankit import metrics

    if fake is None:
        _score_again(real, data, as_json)
        return
    if classifier:
        known = metrics.find_images(real, folder=data).data
        if known is None:
            raise ValueError(
                f"Expected a labelled data set to train a classifier on, received "
                f"{real}: name one such as mnist:test, or leave out --classifier."
            )
        extractor = metrics.classifier_for(known, folder=data).extractor
    else:
        extractor = metrics.inception_extractor(features, resize, weights)
    _print_scores(
        real, fake, extractor, metrics.KINDS, batch_size, count, data, as_json
    )


def _score_again(name, data, as_json):
    from gankit import experiments

    if ":" in name or Path(name).exists():
        raise ValueError(
            f"Expected two sets of images, or the name of a saved model, received "
            f"{name} alone: name the generated images after it."
        )
    scores = experiments.rescore(name, data)
    if as_json:
        _print_json(scores)
    else:
        rows = table("score", "stored [95 % interval]", "now", "")
        for each in scores:
            stored = f"{each.stored:.4g}"
            if each.interval:
                stored += " [{:.4g}, {:.4g}]".format(*each.interval)
            now, verdict = "", "another network"
            if each.now is not None:
                now, verdict = f"{each.now:.4g}", "holds" if each.holds else "differs"
            rows.add_row(each.name, stored, now, verdict)
        show(rows, str(experiments.find_card(name)))
    if not scores or not all(each.holds for each in scores):
        raise typer.Exit(1)


@app.command()
def baselines(
    real: Real,
    source: Annotated[
        str | None, typer.Option(help=f"Images to be translated: {IMAGES_HELP}.")
    ] = None,
    features: Features = 2048,
    resize: ResizeOption = "tf1",
    weights: Weights = "auto",
    batch_size: BatchSize = 64,
    count: Annotated[
        int | None, typer.Option(min=2, help="Images per side of every line.")
    ] = None,
    data: Data = None,
    as_json: Json = False,
):
    """Print what real images score against real images."""
    from gankit import metrics

    extractor = metrics.inception_extractor(features, resize, weights)
    lines = metrics.baselines(
        _array(real, extractor, data),
        extractor,
        value_range=(0, 255),
        n=count,
        source=None if source is None else _array(source, extractor, data),
        batch_size=batch_size,
        progress=sys.stderr.isatty(),
    )
    if as_json:
        _print_json(lines)
        return
    for line, scores in lines.items():
        typer.echo(f"{line}:")
        for each in scores:
            typer.echo(f"  {each}")


def _array(name, extractor, data):
    """All images of that name in one array, for disjoint sets to be drawn from."""
    import numpy as np

    from gankit import metrics

    images = metrics.find_images(name, channels=extractor.channels, folder=data).images
    if isinstance(images, metrics.FeatureStatistics):
        raise ValueError(
            f"Expected images, as sets of them are drawn, received the statistics in "
            f"{name}: name a folder or a data set."
        )
    if isinstance(images, np.ndarray):
        return images
    batches = list(images)
    if len({batch.shape[1:] for batch in batches}) > 1:
        raise ValueError(
            f"Expected images of one size in {name}, received several: scale them to "
            "one first."
        )
    return np.concatenate(batches)


def _print_scores(real, fake, extractor, kinds, batch_size, count, data, as_json):
    from gankit import metrics

    def side(source, what, keep_features):
        return source.features(
            extractor,
            keep_features=keep_features,
            batch_size=batch_size,
            progress=what if sys.stderr.isatty() else None,
            folder=data,
        )

    sources = [
        metrics.find_images(name, count=count, channels=extractor.channels, folder=data)
        for name in (real, fake)
    ]
    # Real images against real ones have nothing to copy.
    held_out = sources[0].held_out if sources[1].data is None else None
    keep = kinds != ("frechet",) or held_out is not None
    scorer = metrics.Scorer(
        side(sources[0], real, keep),
        extractor,
        value_range=(0, 255),
        kinds=kinds,
        held_out=None if held_out is None else side(held_out, "held out", keep),
    )
    scores = scorer(side(sources[1], fake, keep), value_range=(0, 255))
    if as_json:
        _print_json(scores)
        return
    for each in scores:
        typer.echo(each)


def _print_json(scores):
    typer.echo(json.dumps(scores, indent=2, default=dataclasses.asdict))
