"""Experiments of the DTU report, section 2: horses and zebras by CycleGAN."""

from gankit.experiments import data
from gankit.experiments.cycle_gans import (
    BATCH_SIZE,
    DRAWN_FORM,
    DRAWN_STEPS,
    PHOTOGRAPHS_READING,
    paper,
    register_translator,
)

# After the report's translations of a few pixels and flips, on generated images.
CONSISTENCY = {"consistency_weight": 1.0}

_OUR_READING = (
    "9 residual blocks, no dropout: the report tried several numbers and names none; "
    "patches of 70 x 70",
    "class and smoke are of drawn animals, with 3 blocks and a width of 16",
)

for _name, _what, _options, _reading in (
    ("horse2zebra", "CycleGAN", {}, ()),
    (
        "horse2zebra-cr",
        "CycleGAN with consistency regularisation",
        CONSISTENCY,
        (
            "shifts of up to 4 pixels; the mean over patches in place of the sum; as "
            "many steps as without, where the report has 220 epochs against 180",
        ),
    ),
    (
        "horse2zebra-cr100",
        "CycleGAN with a hundredfold consistency regularisation",
        {"consistency_weight": 100.0},
        (),
    ),
    (
        "horse2zebra-cr-real",
        "CycleGAN with consistency regularisation on real images",
        {**CONSISTENCY, "consistency_on": "real"},
        ("on real images, as in the paper that the report follows",),
    ),
    (
        "horse2zebra-cr-both",
        "CycleGAN with consistency regularisation on all images",
        {**CONSISTENCY, "consistency_on": "both"},
        (),
    ),
    (
        "horse2zebra-cr-aligned",
        "CycleGAN with consistency regularisation, maps aligned",
        {**CONSISTENCY, "consistency_aligned": True},
        ("the map of a mirrored image is mirrored back before it is compared",),
    ),
    (
        "horse2zebra-l2",
        "CycleGAN with L2 for cycle and identity",
        {"cycle_loss": "l2", "identity_loss": "l2"},
        (),
    ),
):
    register_translator(
        f"dtu/{_name}",
        summary=f"{_what}, horses and zebras of 128 x 128",
        source="dtu, section 2",
        data=data.unpaired("horse2zebra", 128),
        build=paper(**_options),
        batch_size=BATCH_SIZE,
        our_reading=(*PHOTOGRAPHS_READING, *_OUR_READING, *_reading),
    )

# Without a GPU: half the sides, half the width.
SMALL_STEPS = 5000
SMALL_FORM = {"width": 32, "steps": SMALL_STEPS}

for _name, _what, _options in (
    ("horse2zebra-half", "CycleGAN", {}),
    (
        "horse2zebra-cr-half",
        "CycleGAN with consistency regularisation",
        CONSISTENCY,
    ),
):
    register_translator(
        f"dtu/{_name}",
        summary=f"{_what} at half width, horses and zebras of 64 x 64",
        source="dtu, section 2",
        data=data.unpaired("horse2zebra", 64),
        build=paper(**SMALL_FORM, **_options),
        batch_size=8,
        full=(SMALL_STEPS, 50),
        our_reading=(
            "half the sides and half the width of all networks, for machines without "
            f"a GPU; {SMALL_STEPS:,} steps with batches of 8, the rate constant for "
            "one half of them",
            *PHOTOGRAPHS_READING[1:],
            *_OUR_READING,
        ),
    )

for _suffix, _what, _form in (
    ("", "", {}),
    ("-batch-norm", ", batch normalisation", {"norm": "batch"}),
    ("-1-block", ", one residual block", {"blocks": 1}),
    ("-6-blocks", ", six residual blocks", {"blocks": 6}),
    ("-dropout", ", half of a block's values dropped", {"dropout": 0.5}),
):
    _form = {**DRAWN_FORM, **_form}
    register_translator(
        f"dtu/stripes{_suffix}",
        summary=f"CycleGAN on drawn animals, plain and striped, 64 x 64{_what}",
        source="dtu, section 2, in small",
        data=data.stripes,
        build=paper(drawn_form=_form),
        batch_size=BATCH_SIZE,
        full=(DRAWN_STEPS, 50),
        our_reading=(
            f"drawn animals in place of photographs; residual blocks: "
            f"{_form['blocks']}; a width of {_form['width']}",
        ),
    )
