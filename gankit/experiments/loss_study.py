"""Losses side by side on one network: what the loss changes and what its rate does.

All losses get the same network (the Shallow DCGAN), data, batches, seeds and learning
rates: 5e-5 is the WGAN paper's, 2e-4 the DCGAN paper's, 1e-3 Adam's own default.
"""

import tomllib
from pathlib import Path

from keras.optimizers import Adam

from gankit.experiments import data
from gankit.experiments.running.registry import Budget, budgets, experiment
from gankit.experiments.running.study import Study, register_study
from gankit.experiments.scoring.adversarial import adversarial_scores, classifier_scorer
from gankit.networks import dcgan
from gankit.trainers import GAN

RATES = ("5e-5", "2e-4", "1e-3")
LATENT_DIM = 100
# `loss_study.toml` describes the fields.
CASES = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


def _register(label, case, rate):
    def build(images):
        discriminator = case.get("discriminator", {})
        networks = dcgan.shallow(images.image_shape, LATENT_DIM, **discriminator)
        gan = GAN(*networks, latent_dim=LATENT_DIM, **case["gan"])
        adam = {"beta_1": 0.5, **case.get("adam", {})}
        gan.compile(Adam(float(rate), **adam), Adam(float(rate), **adam))
        return gan

    name = f"losses/{label}-{rate}"
    experiment(
        name,
        summary=f"{case['summary']}, rate {rate}",
        source="dtu, section 1.2; imperial, section 2.1; iisc, section 5",
        data=data.mnist,
        score=adversarial_scores,
        scorer=classifier_scorer,
        scorings=2,
        batch_size=64,
        budgets=budgets(in_class=Budget(300, 15), full=Budget(400, 20)),
        our_reading=(
            "400 steps of 64 digits, half a pass over MNIST: the study compares how "
            "training begins",
            "one discriminator update per step, and Adam with beta_1 0.5 and epsilon "
            "1e-7 unless the name says otherwise, for the Wasserstein loss too",
            "the critic whose weights are clipped keeps its batch normalisation",
        ),
    )(build)
    return name


register_study(
    Study(
        "losses",
        "four losses at three learning rates, and single changes, over three seeds",
        (
            *(
                _register(label, case, rate)
                for label, case in CASES["losses"].items()
                for rate in RATES
            ),
            *(
                _register(label, case, "2e-4")
                for label, case in CASES["changes"].items()
            ),
        ),
    )
)
