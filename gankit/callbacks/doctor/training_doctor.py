"""The callback: when it looks, what at, and how long it waits with a suspicion."""

import sys

import keras
import numpy as np
from keras import ops
from tqdm import tqdm

from gankit.callbacks.doctor import draws, players, samples
from gankit.callbacks.doctor.findings import Finding, TrainingStopped
from gankit.callbacks.doctor.samples import to_float
from gankit.trainers import AdversarialModel

# Real images and samples that a look at the game compares.
COUNT = 32
# Steps between two looks; a look costs less than a step.
LOOK_EVERY = 25
# Steps that a suspicion must hold, at every look, before it is voiced: in the first
# few hundred all samples are alike, and either player may be far ahead.
PATIENCE = 300


def _say(sentence):
    tqdm.write(sentence, file=sys.stderr)


class TrainingDoctor(keras.callbacks.Callback):
    """Watches a GAN at the end of every epoch of `fit()` and says what is wrong.

    It knows thirteen faults: a loss or weight that is not finite; a player that does
    not move, that leaps, or that moves in the other's turn; a forgotten training flag;
    a discriminator that has won, or that rates samples above real images; samples that
    are all alike; clipping that leaves a critic no freedom; latents, or augmentation,
    that do not change; samples, or images, of the wrong range. Each is said once. The
    first ends the training with an exception, before any callback after this one keeps
    the spoilt state: let the doctor come first.

    Looking changes nothing in the model, its seeds included: a training with the doctor
    ends with the weights of one without. Models that take labels are not asked for
    logits, and models that draw no samples are spared all that concerns images.

    Args:
        images: Real images `(n, height, width, channels)`, as `fit()` gets them.
        seed: Seed of the latents and of the choice of images.
        say: Function that is called with each sentence; by default it goes to stderr,
            above a progress bar.

    Attributes:
        findings: List of `Finding`, in the order in which they were made.

    Raises:
        ValueError: If `images` is of another shape, or there are fewer than two.
        TrainingStopped: Out of `fit()`, when a loss or weight is NaN or infinite.

    Example:

    >>> doctor = TrainingDoctor(images)
    >>> gan.fit(batches, steps_per_epoch=50, epochs=20, callbacks=[doctor])
    >>> [finding.kind for finding in doctor.findings]
    ['discriminator_won']

    References:
        What a discriminator that has won does to the generator's gradient: Arjovsky
        and Bottou 2017, section 2 (https://arxiv.org/abs/1701.04862). Distances
        between samples as a sign of collapse: Salimans et al. 2016, section 3.2
        (https://arxiv.org/abs/1606.03498). Clipped weights at their bounds: Gulrajani
        et al. 2017, section 3 (https://arxiv.org/abs/1704.00028).
    """

    def __init__(self, images, *, seed=0, say=_say):
        super().__init__()
        if np.ndim(images) != 4 or len(images) < 2:
            raise ValueError(
                "Expected two or more real images (n, height, width, channels), "
                f"received the shape {np.shape(images)}: pass the images that fit() "
                "trains on."
            )
        chosen = np.random.default_rng(seed).permutation(len(images))[:COUNT]
        self.images = np.asarray(images)[chosen]
        self.seed = seed
        self.say = say
        self.findings = []
        self._said = set()
        self._since = {}
        self._moved = set()
        self._turns = []
        self._images_fit = True
        self._looked = None

    def on_train_begin(self, logs=None):
        self._weights = self._read_weights()
        self._listen()
        if self._looked is not None:
            return
        self._step = self._looked = self.model.steps_done
        self._weigh(draws.latents(self.model, COUNT))
        if self._plays_with_images():
            self._weigh(draws.augmentation(self.model, self.images))
        if self._plays_with_images() or hasattr(self.model, "sample"):
            signs = list(samples.data_range(self._real(), self.images))
            self._images_fit = not any(sign.holds for sign in signs)
            self._weigh(signs)
        for player in self._players(self._weights):
            self._weigh(players.leaps(player))

    def on_train_end(self, logs=None):
        self.model.update_observers.remove(self._note_update)

    def on_epoch_end(self, epoch, logs=None):
        self._step = self.model.steps_done
        before, self._weights = self._weights, self._read_weights()
        self._check_finite(logs or {})
        self._weigh(players.mixed_turns(self._turns, self.model))
        watched = self._players(before)
        for player in watched:
            self._moved |= {player.name} if player.moved else set()
            for check in (players.standstill, players.forgotten_flag, players.clipped):
                self._weigh(check(player))
        # What wrong images or an idle player make of the game is no fault of its own.
        playing = all(player.name in self._moved for player in watched)
        if playing and self._images_fit and self._step - self._looked >= LOOK_EVERY:
            self._looked = self._step
            self._look()

    # What the checks read.

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
        return {
            id(variable): ops.convert_to_numpy(variable)
            for network, _, _ in self._networks()
            for variable in network.weights
        }

    def _listen(self):
        """Notes whose networks each update moves, when the step is traced."""
        # An interrupted `fit()` may have left this observer in place.
        if self._note_update not in self.model.update_observers:
            self.model.update_observers.append(self._note_update)

    def _note_update(self, networks):
        if networks not in self._turns:
            self._turns.append(networks)

    def _plays_with_images(self):
        """Whether the generator takes latents alone, the discriminator images alone."""
        two = (getattr(self.model, p, None) for p in ("generator", "discriminator"))
        return all(len(getattr(player, "inputs", ())) == 1 for player in two)

    def _real(self):
        with keras.StatelessScope():
            if self._plays_with_images():
                return to_float(self.model.prepare(self.images))
            # A variant's own method may expect labels as well.
            return to_float(AdversarialModel.prepare(self.model, self.images))

    # What becomes of a sign.

    def _weigh(self, signs):
        """Voices signs, patient ones when they were there for `PATIENCE` steps."""
        for sign in signs:
            key = sign.kind, sign.about
            if not sign.patient:
                if sign.holds:
                    self._find(key, sign.sentence)
                continue
            if not sign.holds:
                self._since.pop(key, None)
                continue
            since = self._since.setdefault(key, self._step)
            if self._step - since >= PATIENCE:
                self._find(key, f"{sign.sentence} So it has been since step {since:,}.")

    def _find(self, key, sentence):
        if key not in self._said:
            self._said.add(key)
            self.findings.append(Finding(key[0], self._step, sentence))
            self.say(f"gankit doctor, step {self._step:,}: {sentence}")

    def _check_finite(self, logs):
        spoilt = [name for name, value in logs.items() if not np.isfinite(value)]
        for network, _, name in self._networks():
            if not all(
                np.isfinite(self._weights[id(v)]).all() for v in network.weights
            ):
                spoilt.append(f"weights of the {name}")
        if not spoilt:
            return
        finding = Finding(
            "not_finite",
            self._step,
            f"NaN or infinity in {', '.join(spoilt)}: every further step would spread "
            "it. Lower both learning rates, to a tenth for a start; with a Wasserstein "
            "loss clip the critic's weights or penalise its gradient; in a loss of "
            "your own look for a logarithm, a root or a quotient that reaches 0.",
        )
        self.findings.append(finding)
        raise TrainingStopped(finding)

    def _look(self):
        """Compares samples with real images, by eye and by the discriminator's.

        Networks are called as in the game, with the statistics of the batch; what that
        changes in them stays in the scope.
        """
        model = self.model
        if self._plays_with_images():
            with keras.StatelessScope():
                latent = model.sample_latent(len(self.images), seed=self.seed)
                fake = to_float(model.generator(latent, training=True))
                real = self._real()
                logits = [model.discriminator(x, training=True) for x in (real, fake)]
            game = getattr(model, "adversarial_loss", None)
            self._weigh(samples.verdict(*logits, game))
        elif hasattr(model, "sample"):
            fake = model.sample(len(self.images), seed=self.seed) / 127.5 - 1.0
            real = self._real()
        else:
            return
        self._weigh(samples.sample_range(real, fake))
        self._weigh(samples.collapse(real, fake))
