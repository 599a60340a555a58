"""The callback that runs the checks and reports their findings."""

import sys

import keras
import numpy as np
from keras import ops
from tqdm import tqdm

from gankit.callbacks.doctor import draws, players, samples
from gankit.callbacks.doctor.findings import Finding, TrainingStopped
from gankit.callbacks.doctor.samples import to_float
from gankit.trainers import AdversarialModel

# Number of real images and samples to compare.
COUNT = 32
# Steps between two comparisons, each of which costs less than a step.
LOOK_EVERY = 25
# Steps for which a patient sign must persist before it is reported. In the first few
# hundred steps all samples are alike, and either player may be far ahead.
PATIENCE = 300


def _say(sentence):
    tqdm.write(sentence, file=sys.stderr)


class TrainingDoctor(keras.callbacks.Callback):
    """Watches a GAN at the end of every epoch of `fit()` and explains what goes wrong.

    It recognises seventeen kinds of faults: a loss or weight that is not finite; a
    player that is not updated, whose learning rate is too large or negative, whose
    steps its optimizer's epsilon makes too small, or that is updated together with the
    other; a missing training flag; a discriminator that has won, that rates samples
    above real images, that ends in a sigmoid which its loss applies, too, or that sees
    a single label; samples that are all alike; clipping that leaves a critic no
    freedom, or a slope that runs away in spite of a penalty; latents or augmentation
    that never change; samples of the wrong range; images of the wrong range, or of
    which most are the same.

    Each fault is reported once. The first kind stops the training with an exception. To
    keep later callbacks from saving the broken state, put the doctor first in the list.

    The doctor changes nothing in the model, not even its seeds: training ends with the
    same weights with or without it. It compares logits only if the networks take no
    labels, and samples only if the model can draw them.

    Args:
        images: Real images `(n, height, width, channels)`, as `fit()` receives them;
            for a translator a pair of such arrays.
        seed: Seed of the latents and of the choice of images.
        say: Function that receives each sentence; by default it writes to stderr, above
            a progress bar.

    Attributes:
        findings: List of all `Finding`s so far.

    Raises:
        ValueError: If `images` has another shape or holds fewer than two images.
        TrainingStopped: From `fit()`, when a loss or weight is NaN or infinite.

    Example:

    >>> doctor = TrainingDoctor(images)
    >>> gan.fit(batches, steps_per_epoch=50, epochs=20, callbacks=[doctor])
    >>> [finding.kind for finding in doctor.findings]
    ['discriminator_won']

    References:
        The generator's gradient once the discriminator has won: Arjovsky and Bottou
        2017, section 2 (https://arxiv.org/abs/1701.04862). Distances between samples
        as a sign of collapse: Salimans et al. 2016, section 3.2
        (https://arxiv.org/abs/1606.03498). Clipped weights at their bounds: Gulrajani
        et al. 2017, section 3 (https://arxiv.org/abs/1704.00028).
    """

    def __init__(self, images, *, seed=0, say=_say):
        super().__init__()
        domains = images if isinstance(images, list | tuple) else (images,)
        self.domains = []
        for domain in domains:
            if np.ndim(domain) != 4 or len(domain) < 2:
                raise ValueError(
                    "Expected two or more real images (n, height, width, channels), "
                    f"received the shape {np.shape(domain)}: pass the images that "
                    "fit() trains on."
                )
            chosen = np.random.default_rng(seed).permutation(len(domain))[:COUNT]
            self.domains.append(np.asarray(domain)[chosen])
        self.images = self.domains[0]
        self.seed = seed
        self.say = say
        self.findings = []
        self._reported = set()
        self._since = {}
        self._updated_players = set()
        self._updates = []
        self._images_fit = True
        self._last_look = None

    def on_train_begin(self, logs=None):
        self._weights = self._read_weights()
        # An exception in an earlier `fit()` may have left the observer in place.
        if self._observe_update not in self.model.update_observers:
            self.model.update_observers.append(self._observe_update)
        if self._last_look is not None:
            return
        self._step = self._last_look = self.model.steps_done
        self._report(draws.latents(self.model, COUNT))
        if self._is_unconditional():
            self._report(draws.augmentation(self.model, self.images))
        for name, real, given in zip("AB", self._real(), self.domains, strict=False):
            domain = f" of domain {name}" if len(self.domains) > 1 else ""
            signs = list(samples.data_range(real, given, domain))
            self._images_fit &= not any(sign.holds for sign in signs)
            self._report(signs)
        for player in self._players(self._weights):
            self._report(players.learning_rate(player))
            if player.network in self.model.discriminators:
                self._report(players.probabilities(player, self._losses))

    def on_train_end(self, logs=None):
        self.model.update_observers.remove(self._observe_update)

    def on_epoch_end(self, epoch, logs=None):
        self._step = self.model.steps_done
        before, self._weights = self._weights, self._read_weights()
        self._check_finite(logs or {})
        self._report(players.mixed_updates(self._updates, self.model))
        watched = self._players(before)
        for player in watched:
            self._updated_players |= {player.name} if player.is_updated else set()
            for check in (players.standstill, players.training_flag, players.clipping):
                self._report(check(player))
            if player.network in self.model.discriminators:
                classes = getattr(self.model, "num_classes", 0)
                self._report(players.label_tables(player, classes))
            if self._can_improve(player, logs or {}):
                self._report(players.epsilon(player))
        for penalty in self.model.penalties:
            self._report(players.runaway(penalty, logs or {}, self._equilibrium))
        # Wrong images or an idle player cause further faults, which would distract.
        all_updated = all(player.name in self._updated_players for player in watched)
        due = self._step - self._last_look >= LOOK_EVERY
        if all_updated and self._images_fit and due:
            self._last_look = self._step
            self._compare_samples()

    # Inputs of the checks.

    def _networks(self):
        """Yields every network with its optimizer and a name for it."""
        for player in ("discriminator", "generator"):
            networks = getattr(self.model, f"{player}s")
            for network in networks:
                name = player if len(networks) == 1 else f"{player} {network.name}"
                yield network, getattr(self.model, f"{player}_optimizer"), name

    def _players(self, before):
        return [
            players.Player(name, network, optimizer, before, self._weights)
            for network, optimizer, name in self._networks()
        ]

    def _read_weights(self):
        """Reads all weights, and what optimizers remember of the gradients."""
        read = [v for network, _, _ in self._networks() for v in network.weights]
        for player in ("generator", "discriminator"):
            optimizer = getattr(self.model, f"{player}_optimizer")
            read += [optimizer.iterations, *players.mean_squares(optimizer).values()]
        return {id(variable): ops.convert_to_numpy(variable) for variable in read}

    @property
    def _losses(self):
        """The model's `gankit.losses.AdversarialLoss`, `None` if it has another one."""
        return getattr(self.model, "adversarial_loss", None)

    @property
    def _equilibrium(self):
        """The discriminator's loss when it can only guess, 0 if it is unknown."""
        return getattr(self._losses, "discriminator_equilibrium", 0.0)

    def _can_improve(self, player, logs):
        """Whether small gradients are a fault: not at the minimum of a player's loss.

        A discriminator that has won is there, and a generator with an idle opponent.
        """
        scale = self._equilibrium
        if player.network in self.model.discriminators and scale > 0:
            return logs.get("d_loss", scale) > samples.WON * scale
        return all(finding.kind != "still" for finding in self.findings)

    def _observe_update(self, networks):
        if networks not in self._updates:
            self._updates.append(networks)

    def _is_unconditional(self):
        """Whether the networks take only latents and only images, no labels."""
        two = (getattr(self.model, p, None) for p in ("generator", "discriminator"))
        return all(len(getattr(player, "inputs", ())) == 1 for player in two)

    def _real(self):
        """The images of each domain, as the networks receive them."""
        with keras.StatelessScope():
            if self._is_unconditional():
                return [to_float(self.model.prepare(self.images))]
            # The model's own method may expect labels as well.
            real = AdversarialModel.prepare(self.model, self.domains)
            return [to_float(x) for x in (real if isinstance(real, tuple) else [real])]

    # Reporting.

    def _report(self, signs):
        """Reports signs that hold, patient ones after `PATIENCE` steps."""
        for sign in signs:
            key = sign.kind, sign.about
            if not sign.patient:
                if sign.holds:
                    self._add_finding(key, sign.sentence)
                continue
            if not sign.holds:
                self._since.pop(key, None)
                continue
            since = self._since.setdefault(key, self._step)
            if self._step - since >= PATIENCE:
                self._add_finding(
                    key, f"{sign.sentence} This has been so since step {since:,}."
                )

    def _add_finding(self, key, sentence):
        if key not in self._reported:
            self._reported.add(key)
            self.findings.append(Finding(key[0], self._step, sentence))
            self.say(f"gankit doctor, step {self._step:,}: {sentence}")

    def _check_finite(self, logs):
        broken = [name for name, value in logs.items() if not np.isfinite(value)]
        for network, _, name in self._networks():
            if not all(
                np.isfinite(self._weights[id(v)]).all() for v in network.weights
            ):
                broken.append(f"weights of the {name}")
        if not broken:
            return
        finding = Finding(
            "not_finite",
            self._step,
            f"NaN or infinity in {', '.join(broken)}: every further step would spread "
            "it. Lower both learning rates, to a tenth for a start; with a Wasserstein "
            "loss, clip the critic's weights or penalise its gradient; in a loss of "
            "your own, look for a logarithm, a root or a quotient that reaches 0.",
        )
        self.findings.append(finding)
        self.on_train_end()  # Keras does not call it after an exception.
        raise TrainingStopped(finding)

    def _compare_samples(self):
        """Compares samples and real images, and the discriminator's logits for both.

        Networks are called in training mode, with batch statistics. The scope discards
        all changes to their state.
        """
        model = self.model
        if self._is_unconditional():
            with keras.StatelessScope():
                latent = model.sample_latent(len(self.images), seed=self.seed)
                fake = to_float(model.generator(latent, training=True))
                (real,) = self._real()
                logits = [model.discriminator(x, training=True) for x in (real, fake)]
            self._report(samples.verdict(*logits, self._losses))
        elif hasattr(model, "sample"):
            fake = model.sample(len(self.images), seed=self.seed) / 127.5 - 1.0
            (real,) = self._real()
        else:
            return
        self._report(samples.sample_range(real, fake))
        self._report(samples.collapse(real, fake))
