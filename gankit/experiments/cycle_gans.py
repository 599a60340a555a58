"""What the experiments with CycleGAN share: the paper's networks, budgets, scores."""

from keras.optimizers import Adam

from gankit.experiments import data
from gankit.experiments.running.registry import Budget, Experiment, register
from gankit.experiments.scoring.translations import losses_at_the_end, photograph_scorer
from gankit.networks import cyclegan
from gankit.trainers import CycleGAN
from gankit.trainers.schedules import ConstantThenLinearDecay

BATCH_SIZE = 4
STEPS = 10_000
# For drawings of 64 x 64, in minutes on a CPU.
DRAWN_STEPS = 1500
DRAWN_FORM = {"width": 16, "blocks": 3}

PHOTOGRAPHS_READING = (
    f"{STEPS:,} steps with batches of {BATCH_SIZE}, where the paper has batches of 1 "
    "and 200 epochs; the rate is constant for one half of them",
    "pictures are enlarged by a tenth, cropped and mirrored in the step",
    "both halves of the least-squares loss have the factor 1/2, as in the report's "
    "equations; the authors' generator has none",
)


def paper(*, width=64, blocks=9, steps=STEPS, drawn_form=DRAWN_FORM, **options):
    """Makes a builder of the paper's CycleGAN; a smaller one for drawn animals.

    Args:
        width: Channels of all networks next to the image.
        blocks: Residual blocks of a generator.
        steps: Steps of a full run; the rate is constant for one half of them.
        drawn_form: Options of `cyclegan.generator` for drawn animals; the
            discriminators share its width and its normalisation.
        **options: Those of `gankit.CycleGAN`.

    Returns:
        Function `(data) -> gankit.CycleGAN`, compiled.
    """

    def build(images):
        drawn = data.is_drawn(images)
        form = drawn_form if drawn else {"width": width, "blocks": blocks}
        generators = [
            cyclegan.generator(name=name, **form) for name in ("g_ab", "g_ba")
        ]
        judge = {key: form[key] for key in ("width", "norm") if key in form}
        return _trainer(images, generators, judge, steps, options)

    return build


def fused(*, width=32, blocks=3, **options):
    """Makes a builder as `paper` does, of generators with one encoder.

    Args:
        width: Channels of the generators next to the image.
        blocks: Residual blocks of the encoder, and of each decoder.
        **options: Those of `gankit.CycleGAN`.

    Returns:
        Function `(data) -> gankit.CycleGAN`, compiled.
    """

    def build(images):
        drawn = data.is_drawn(images)
        form = DRAWN_FORM if drawn else {"width": width, "blocks": blocks}
        generators = cyclegan.fused_generators(**form)
        judge = {"width": DRAWN_FORM["width"]} if drawn else {}
        return _trainer(images, generators, judge, STEPS, options)

    return build


def _trainer(images, generators, judge, steps, options):
    gan = CycleGAN(
        *generators,
        *(
            cyclegan.patch70(images.image_shape, name=name, **judge)
            for name in ("d_a", "d_b")
        ),
        **{"preprocessing": "resize_crop_flip", **options},
    )
    half = (DRAWN_STEPS if data.is_drawn(images) else steps) // 2
    gan.compile(
        *(Adam(ConstantThenLinearDecay(2e-4, half, half), 0.5) for _ in range(2))
    )
    return gan


def register_translator(
    name, *, full=(STEPS, 500), in_class=(DRAWN_STEPS, 50), **fields
):
    """Registers an experiment with a translator.

    Args:
        name: As in `Experiment`.
        full: Steps and steps of an epoch of the size `full`.
        in_class: The same of the size `class`.
        **fields: Further fields of `Experiment`.
    """
    return register(
        Experiment(
            **{
                "name": name,
                "score": losses_at_the_end,
                "scorer": photograph_scorer,
                "scorings": 3,
                "stages": tuple(full[0] * share // 10 for share in (1, 3, 10)),
                "budgets": {
                    "smoke": Budget(steps=2, epoch_steps=1),
                    "class": Budget(*in_class),
                    "full": Budget(*full),
                },
                **fields,
            }
        )
    )
