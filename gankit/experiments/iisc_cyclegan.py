"""Experiments of the IISc report, section 6: CycleGAN, and one with a fused encoder."""

from gankit.experiments import data
from gankit.experiments.cycle_gans import (
    BATCH_SIZE,
    PHOTOGRAPHS_READING,
    fused,
    paper,
    register_translator,
)

# The report's equation has no identity loss.
LOSS = {"identity_weight": 0.0}

for _set, _what in (
    ("monet2photo", "paintings by Monet and photographs"),
    ("summer2winter", "photographs of summer and of winter"),
):
    for _suffix, _form, _build, _reading in (
        ("", "two generators of 6 blocks", paper(blocks=6, **LOSS), ()),
        (
            "-fused",
            "one encoder, two decoders",
            fused(**LOSS),
            ("32 channels next to the image: half of the paper's",),
        ),
        (
            "-fused-wide",
            "one encoder, two decoders of the paper's width",
            fused(width=64, **LOSS),
            (),
        ),
    ):
        register_translator(
            f"iisc/{_set}{_suffix}",
            summary=f"CycleGAN, {_what}, 128 x 128: {_form}",
            source="iisc, section 6",
            data=data.unpaired(_set, 128),
            build=_build,
            batch_size=BATCH_SIZE,
            our_reading=(*PHOTOGRAPHS_READING, *_reading),
        )
