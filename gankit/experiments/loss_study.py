"""Losses side by side on one network: what is due to the loss, and what to its rate.

Every loss gets the same network (the Shallow DCGAN), data, batches, seeds and learning
rates: 5e-5 is the WGAN paper's, 2e-4 the DCGAN paper's, 1e-3 Adam's own default.
"""

from keras.optimizers import Adam

from gankit.experiments import data
from gankit.experiments.running.registry import Budget, Experiment, register
from gankit.experiments.running.study import Study, register_study
from gankit.experiments.scoring.adversarial import adversarial_scores, classifier_scorer
from gankit.networks import dcgan
from gankit.trainers import GAN

RATES = ("5e-5", "2e-4", "1e-3")
LATENT_DIM = 100

# Of each: what it is, options of the critic, of the game, and beta_1 of Adam.
LOSSES = {
    "minimax": ("the saturating minimax loss", {}, {"loss": "minimax"}, 0.5),
    "non-saturating": (
        "the non-saturating loss",
        {},
        {"loss": "non_saturating"},
        0.5,
    ),
    "wasserstein-spectral": (
        "the Wasserstein loss, spectral normalisation without batch normalisation",
        {"batch_norm": False, "spectral_norm": True},
        {"loss": "wasserstein"},
        0.5,
    ),
    "wasserstein-clipping": (
        "the Wasserstein loss, weights clipped to 0.01",
        {},
        {"loss": "wasserstein", "weight_clipping": 0.01},
        0.5,
    ),
}
# At the DCGAN paper's rate alone: one change each to a loss above.
CHANGES = {
    "non-saturating-beta09": (
        "the non-saturating loss with beta_1 = 0.9",
        {},
        {"loss": "non_saturating"},
        0.9,
    ),
    "non-saturating-smooth": (
        "the non-saturating loss with real labels of 0.9",
        {},
        {"loss": "non_saturating", "real_label": 0.9},
        0.5,
    ),
    "wasserstein-spectral-batch": (
        "the Wasserstein loss, spectral and batch normalisation together",
        {"spectral_norm": True},
        {"loss": "wasserstein"},
        0.5,
    ),
}


def _build(critic, game, beta_1, rate):
    def build(images):
        generator, discriminator = dcgan.shallow(
            images.image_shape, LATENT_DIM, **critic
        )
        gan = GAN(generator, discriminator, latent_dim=LATENT_DIM, **game)
        gan.compile(Adam(rate, beta_1), Adam(rate, beta_1))
        return gan

    return build


def _register(label, what, critic, game, beta_1, rate):
    return register(
        Experiment(
            name=f"losses/{label}-{rate}",
            summary=f"{what}, learning rate {rate}",
            source="dtu, section 1.2; imperial, section 2.1; iisc, section 5",
            data=data.mnist,
            build=_build(critic, game, beta_1, float(rate)),
            score=adversarial_scores,
            scorer=classifier_scorer,
            scorings=2,
            batch_size=64,
            budgets={
                "smoke": Budget(steps=2, epoch_steps=1),
                "class": Budget(steps=300, epoch_steps=15),
                "full": Budget(steps=400, epoch_steps=20),
            },
            our_reading=(
                "400 steps of 64 digits, half a pass over MNIST: a comparison of how "
                "they begin",
                "one discriminator step each, and Adam with beta_1 0.5 where nothing "
                "else is said, for Wasserstein too",
                "the critic whose weights are clipped keeps its batch normalisation",
            ),
        )
    ).name


register_study(
    Study(
        "losses",
        "four losses at three learning rates, and three changes, over three seeds",
        (
            *(
                _register(label, *options, rate)
                for label, options in LOSSES.items()
                for rate in RATES
            ),
            *(_register(label, *options, "2e-4") for label, options in CHANGES.items()),
        ),
    )
)
