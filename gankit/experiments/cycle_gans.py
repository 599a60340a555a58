"""What all CycleGAN experiments share: networks of the paper, budgets and scores."""

from keras.optimizers import Adam

from gankit.experiments import data
from gankit.experiments.running.registry import Budget, budgets, experiment
from gankit.experiments.scoring.translations import losses_at_the_end, photograph_scorer
from gankit.networks import cyclegan
from gankit.trainers import CycleGAN
from gankit.trainers.schedules import ConstantThenLinearDecay

BATCH_SIZE = 4
STEPS = 10_000
# For drawings of 64 x 64: minutes on a CPU.
DRAWN_STEPS = 1500
DRAWN_FORM = {"width": 16, "blocks": 3}
FULL = Budget(STEPS, epoch_steps=100)
IN_CLASS = Budget(DRAWN_STEPS, epoch_steps=50)

PAPER_READING = (
    "the learning rate stays constant for the first half of the steps and then falls "
    "linearly to zero, as in the paper",
    "photographs are enlarged by a tenth, cropped at random and mirrored at random",
    "both terms of the least-squares loss are halved, as in the report's equations; "
    "the authors' code does not halve the generator's",
)
PHOTOGRAPHS_READING = (
    f"{STEPS:,} steps with batches of {BATCH_SIZE}; the paper has 200 epochs with "
    "batches of 1",
    *PAPER_READING,
)


def training(full=FULL, in_class=IN_CLASS):
    """Returns the fields of an `Experiment` that say how long it trains.

    Args:
        full: The `Budget` of the size `"full"`.
        in_class: The `Budget` of the size `"class"`.
    """
    return {
        "budgets": budgets(in_class=in_class, full=full),
        "stages": tuple(full.steps * share // 10 for share in (1, 3, 10)),
    }


def translator(name, **fields):
    """Registers the function it decorates as the `build` of a translator.

    Args:
        name: As in `experiment`.
        **fields: As in `experiment`. Defaults: the losses at the end as `score`, the
            scorer of photographs, three scorings, and the budgets of `training()`.

    Returns:
        A decorator that returns the function unchanged.
    """
    shared = {
        "score": losses_at_the_end,
        "scorer": photograph_scorer,
        "scorings": 3,
        **training(),
    }
    return experiment(name, **{**shared, **fields})


def paper(images, *, width=64, blocks=9, steps=STEPS, drawn_form=DRAWN_FORM, **options):
    """Builds the CycleGAN of the paper, or a smaller one for drawn animals.

    Args:
        images: The `gankit.datasets.UnpairedImageData`.
        width: Channels of the first layer of all four networks.
        blocks: Residual blocks of a generator.
        steps: Training steps at full size. The learning rate falls from the middle on.
        drawn_form: Options of `cyclegan.generator` for drawn animals. The
            discriminators take their width and normalisation from it.
        **options: Options of `gankit.CycleGAN`.

    Returns:
        A `gankit.CycleGAN`, compiled.
    """
    drawn = data.is_drawn(images)
    form = drawn_form if drawn else {"width": width, "blocks": blocks}
    generators = [cyclegan.generator(name=name, **form) for name in ("g_ab", "g_ba")]
    patches = {key: form[key] for key in ("width", "norm") if key in form}
    return _compiled(images, generators, patches, steps, options)


def fused(images, *, width=32, blocks=3, **options):
    """Builds a CycleGAN whose two generators share one encoder.

    Args:
        images: As in `paper`.
        width: Channels of the first layer of the generators.
        blocks: Residual blocks of the encoder, and of each decoder.
        **options: Options of `gankit.CycleGAN`.

    Returns:
        A `gankit.CycleGAN`, compiled.
    """
    drawn = data.is_drawn(images)
    form = DRAWN_FORM if drawn else {"width": width, "blocks": blocks}
    generators = cyclegan.fused_generators(**form)
    patches = {"width": DRAWN_FORM["width"]} if drawn else {}
    return _compiled(images, generators, patches, STEPS, options)


def _compiled(images, generators, patches, steps, options):
    gan = CycleGAN(
        *generators,
        *(
            cyclegan.patch70(images.image_shape, name=name, **patches)
            for name in ("d_a", "d_b")
        ),
        **{"preprocessing": "resize_crop_flip", **options},
    )
    steps = DRAWN_STEPS if data.is_drawn(images) else steps
    gan.compile(*falling_rate(2e-4, steps))
    return gan


def falling_rate(rate, steps):
    """Two Adams whose rate stays constant for one half of the steps and then falls."""
    half = steps // 2
    schedules = (ConstantThenLinearDecay(rate, half, steps - half) for _ in range(2))
    return [Adam(schedule, 0.5) for schedule in schedules]
