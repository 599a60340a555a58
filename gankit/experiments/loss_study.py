"""Losses side by side on one network: what the loss changes and what its rate does.

All losses get the same network (the Shallow DCGAN), data, batches, seeds and learning
rates: 5e-5 is the WGAN paper's, 2e-4 the DCGAN paper's, 1e-3 Adam's own default.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from keras.optimizers import Adam

from gankit.experiments import data
from gankit.experiments.running.registry import Budget, experiment
from gankit.experiments.running.study import Study, register_study
from gankit.experiments.scoring.adversarial import adversarial_scores, classifier_scorer
from gankit.networks import dcgan
from gankit.trainers import GAN

RATES = ("5e-5", "2e-4", "1e-3")
LATENT_DIM = 100


@dataclass(frozen=True)
class Case:
    """A loss with its settings.

    Attributes:
        summary: In words.
        gan: Options of `gankit.GAN`.
        discriminator: Options of the discriminator.
        adam: Options of Adam.
    """

    summary: str
    gan: Mapping
    discriminator: Mapping = field(default_factory=dict)
    adam: Mapping = field(default_factory=dict)


LOSSES = {
    "minimax": Case("Minimax loss", gan={"loss": "minimax"}),
    "non-saturating": Case("Non-saturating loss", gan={"loss": "non_saturating"}),
    "wasserstein-spectral": Case(
        "Wasserstein loss, spectral norm, no batch norm",
        gan={"loss": "wasserstein"},
        discriminator={"batch_norm": False, "spectral_norm": True},
    ),
    "wasserstein-clipping": Case(
        "Wasserstein loss, clipping",
        gan={"loss": "wasserstein", "weight_clipping": 0.01},
    ),
}
# One change each to a loss above, at the DCGAN paper's rate only.
CHANGES = {
    "non-saturating-beta09": Case(
        "Non-saturating loss, beta_1 0.9",
        gan={"loss": "non_saturating"},
        adam={"beta_1": 0.9},
    ),
    "non-saturating-smooth": Case(
        "Non-saturating loss, real labels of 0.9",
        gan={"loss": "non_saturating", "real_label": 0.9},
    ),
    "wasserstein-spectral-batch": Case(
        "Wasserstein loss, spectral and batch norm",
        gan={"loss": "wasserstein"},
        discriminator={"spectral_norm": True},
    ),
    "non-saturating-relu": Case(
        "Non-saturating loss, ReLU in the discriminator",
        gan={"loss": "non_saturating"},
        discriminator={"negative_slope": 0.0},
    ),
    "non-saturating-averaged": Case(
        "Non-saturating loss, averaged generator",
        gan={"loss": "non_saturating", "ema": 0.99},
    ),
    "minimax-tiny-epsilon": Case(
        "Minimax loss, Adam's epsilon 1e-20",
        gan={"loss": "minimax"},
        adam={"epsilon": 1e-20},
    ),
    "wasserstein-spectral-5": Case(
        "Wasserstein loss, spectral norm, five critic updates, averaged generator",
        gan={"loss": "wasserstein", "discriminator_steps": 5, "ema": 0.99},
        discriminator={"batch_norm": False, "spectral_norm": True},
    ),
    # Adam divides by the root of a mean over 1 / (1 - beta_2) steps.
    "minimax-short-memory": Case(
        "Minimax loss, Adam's beta_2 0.9 and epsilon 1e-20",
        gan={"loss": "minimax"},
        adam={"beta_2": 0.9, "epsilon": 1e-20},
    ),
    "minimax-beta2-09": Case(
        "Minimax loss, Adam's beta_2 0.9",
        gan={"loss": "minimax"},
        adam={"beta_2": 0.9},
    ),
}


def _builder(case, rate):
    def build(images):
        networks = dcgan.shallow(images.image_shape, LATENT_DIM, **case.discriminator)
        gan = GAN(*networks, latent_dim=LATENT_DIM, **case.gan)
        adam = {"beta_1": 0.5, **case.adam}
        gan.compile(Adam(rate, **adam), Adam(rate, **adam))
        return gan

    return build


def _register(label, case, rate):
    name = f"losses/{label}-{rate}"
    experiment(
        name,
        summary=f"{case.summary}, rate {rate}",
        source="dtu, section 1.2; imperial, section 2.1; iisc, section 5",
        data=data.mnist,
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
            "400 steps of 64 digits, half a pass over MNIST: the study compares how "
            "training begins",
            "one discriminator update per step, and Adam with beta_1 0.5 and epsilon "
            "1e-7 unless the name says otherwise, for the Wasserstein loss too",
            "the critic whose weights are clipped keeps its batch normalisation",
        ),
    )(_builder(case, float(rate)))
    return name


register_study(
    Study(
        "losses",
        "four losses at three learning rates, and single changes, over three seeds",
        (
            *(
                _register(label, case, rate)
                for label, case in LOSSES.items()
                for rate in RATES
            ),
            *(_register(label, case, "2e-4") for label, case in CHANGES.items()),
        ),
    )
)
