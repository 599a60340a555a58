"""A GAN with the relativistic loss, without and with the penalties R1 and R2."""

from dcgan_gankit import trainer

import gankit


def build(precision, every):
    """Returns a function that trains a number of steps.

    Args:
        precision: Number format.
        every: How many updates of the discriminator have one penalty, as text; `"0"`
            trains without.
    """
    gankit.setup(0, precision=precision)
    penalties = [
        kind(0.1, every=int(every))
        for kind in (gankit.losses.R1, gankit.losses.R2)
        if int(every)
    ]
    generator, _ = gankit.networks.dcgan.shallow()
    _, discriminator = gankit.networks.dcgan.shallow(batch_norm=False)
    gan = gankit.GAN(
        generator,
        discriminator,
        latent_dim=100,
        loss="relativistic",
        penalties=penalties,
    )
    return trainer(gan)
