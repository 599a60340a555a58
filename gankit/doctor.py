"""A callback that watches a GAN being trained and says in plain words what is wrong."""

import sys
from dataclasses import dataclass

import keras
import numpy as np
from keras import ops
from tqdm import tqdm

from gankit.constraints import WeightClipping
from gankit.trainers import AdversarialModel

# Real images and samples that a look at the game compares.
COUNT = 32
# Steps between two looks; a look costs less than a step.
LOOK_EVERY = 25
# Steps that a suspicion must hold, at every look, before it is voiced: in the first
# few hundred all samples are alike, and either player may be far ahead.
PATIENCE = 300
# Weights that moved by less than their rounding, relative to their size, stood still.
STILL = 1e-7
# The bound of images in [-1, 1], with room for rounding.
RANGE = 1.01


@dataclass(frozen=True)
class Finding:
    """What a `TrainingDoctor` found.

    Attributes:
        kind: `"not_finite"`, `"still"`, `"discriminator_won"`, `"swapped"`,
            `"collapse"`, `"clipping"`, `"range"` or `"data"`.
        step: Steps done when it was found.
        sentence: What is seen, what it means and what to try.
    """

    kind: str
    step: int
    sentence: str


class TrainingStopped(RuntimeError):
    """Ends `fit()` where going on makes no sense.

    Attributes:
        finding: The `Finding` that says why.
    """

    def __init__(self, finding):
        super().__init__(f"Stopped after step {finding.step:,}. {finding.sentence}")
        self.finding = finding


def _say(sentence):
    tqdm.write(sentence, file=sys.stderr)


class TrainingDoctor(keras.callbacks.Callback):
    """Watches a GAN at the end of every epoch of `fit()` and says what is wrong.

    It knows eight faults: a loss or weight that is not finite; a player that does not
    move; a discriminator that has won, or that rates samples above real images;
    samples that are all alike; clipping that leaves a critic no freedom; samples, or
    images, of the wrong range. Each is said once. The first ends the training with an
    exception, before any callback after this one keeps the spoilt state: let the
    doctor come first.

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
        self._images_fit = True
        self._looked = None

    def on_train_begin(self, logs=None):
        self._weights = self._read_weights()
        if self._looked is None:
            self._step = self._looked = self._steps_done()
            if self._plays_with_images() or hasattr(self.model, "sample"):
                self._check_images()

    def on_epoch_end(self, epoch, logs=None):
        self._step = self._steps_done()
        before, self._weights = self._weights, self._read_weights()
        self._check_finite(logs or {})
        for network, optimizer, name in self._networks():
            self._check_movement(network, optimizer, name, before)
            self._check_clipping(network, name)
        # What wrong images or an idle player make of the game is no fault of its own.
        playing = all(name in self._moved for _, _, name in self._networks())
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

    def _read_weights(self):
        return {
            id(variable): ops.convert_to_numpy(variable)
            for network, _, _ in self._networks()
            for variable in network.weights
        }

    def _steps_done(self):
        # The optimizer of a discriminator without trainable weights counts no steps.
        model = self.model
        turns = int(ops.convert_to_numpy(model.generator_optimizer.iterations))
        return max(model.steps_done, turns // model.generator_steps)

    def _plays_with_images(self):
        """Whether the generator takes latents alone, the discriminator images alone."""
        players = (getattr(self.model, p, None) for p in ("generator", "discriminator"))
        return all(len(getattr(player, "inputs", ())) == 1 for player in players)

    def _real(self):
        with keras.StatelessScope():
            if self._plays_with_images():
                return _to_float(self.model.prepare(self.images))
            # A variant's own method may expect labels as well.
            return _to_float(AdversarialModel.prepare(self.model, self.images))

    # What becomes of a suspicion.

    def _find(self, kind, sentence, about=""):
        if (kind, about) not in self._said:
            self._said.add((kind, about))
            self.findings.append(Finding(kind, self._step, sentence))
            self.say(f"gankit doctor, step {self._step:,}: {sentence}")

    def _suspect(self, kind, holds, sentence, about=""):
        """Voices what has held at every look for `PATIENCE` steps."""
        if not holds:
            self._since.pop((kind, about), None)
            return
        since = self._since.setdefault((kind, about), self._step)
        if self._step - since >= PATIENCE:
            self._find(kind, f"{sentence} So it has been since step {since:,}.", about)

    # Checks of every adversarial model.

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

    def _check_movement(self, network, optimizer, name, before):
        moved = size = 0.0
        for variable in network.trainable_variables:
            weight = self._weights[id(variable)]
            step = weight - before[id(variable)]
            moved += float(np.vdot(step, step))
            size += float(np.vdot(weight, weight))
        if moved > STILL**2 * size:
            self._moved.add(name)
            return
        if not network.trainable_variables:
            why = (
                "it has no trainable weights. Set `trainable` back to True before "
                "compile(): each turn moves its own player alone, nobody needs freezing"
            )
        elif float(ops.convert_to_numpy(optimizer.learning_rate)) == 0.0:
            why = "its learning rate is 0. Set another, such as 2e-4 for Adam"
        else:
            why = (
                "it gets no gradient. Look for a stop_gradient or a NumPy function "
                "between it and its loss, for a loss that is flat, such as a hinge "
                "whose margins are all kept, or for weights all at their clipping bound"
            )
        self._find(
            "still",
            f"The {name} does not move, and a game needs two players: {why}.",
            name,
        )

    def _check_clipping(self, network, name):
        clipped = [
            (np.abs(self._weights[id(variable)]), variable.constraint.c)
            for variable in network.trainable_variables
            if isinstance(variable.constraint, WeightClipping)
        ]
        count = sum(weight.size for weight, _ in clipped)
        # Rounding may leave a clipped weight just below its bound.
        share = sum(np.sum(w > 0.999 * c) for w, c in clipped) / max(count, 1)
        self._suspect(
            "clipping",
            share > 0.9,
            f"{share:.0%} of the {name}'s clipped weights lie at their bounds: such a "
            "critic can only choose signs, and teaches the generator little. Try wider "
            "bounds with a lower learning rate, or a gradient penalty.",
            name,
        )

    # Checks of models that make images.

    def _check_images(self):
        images = self._real()
        low, high = images.min(), images.max()
        # Bright images in uint8 may all lie above 0; floats that do come in [0, 1].
        halved = self.images.dtype != np.uint8 and low >= 0
        self._images_fit = bool(-RANGE <= low <= high <= RANGE and not halved)
        if not self._images_fit:
            self._find(
                "data",
                f"The images reach the networks with values from {low:.4g} to "
                f"{high:.4g}, but a generator's tanh gives -1 to 1: the range alone "
                "tells real from fake. Pass images as uint8, 0 to 255, which the step "
                "scales, or scale them to [-1, 1].",
            )

    def _look(self):
        """Compares samples with real images, by eye and by the discriminator's.

        Networks are called as in the game, with the statistics of the batch; what that
        changes in them stays in the scope.
        """
        model = self.model
        if self._plays_with_images():
            with keras.StatelessScope():
                latent = model.sample_latent(len(self.images), seed=self.seed)
                fake = _to_float(model.generator(latent, training=True))
                real = self._real()
                logits = [model.discriminator(x, training=True) for x in (real, fake)]
            self._check_verdict(*logits)
        elif hasattr(model, "sample"):
            fake = model.sample(len(self.images), seed=self.seed) / 127.5 - 1.0
            real = self._real()
        else:
            return
        self._check_range(real, fake)
        self._check_collapse(real, fake)

    def _check_range(self, real, fake):
        low, high = fake.min(), fake.max()
        values = f"Samples have values from {low:.3g} to {high:.3g}, but the images'"
        if max(-low, high) > RANGE:
            self._find(
                "range",
                f"{values} end at -1 and 1: the range alone tells them from real, and "
                "sample() cuts it off. End the generator with a tanh.",
            )
        # A tenth of the pixels is enough for a generator that could to go there.
        self._suspect(
            "range",
            low >= 0 and np.mean(real < -0.5) > 0.1,
            f"{values} begin at -1: the generator cannot make their dark half. End it "
            "with a tanh, not with a sigmoid or ReLU.",
        )

    def _check_collapse(self, real, fake):
        # The variance over images is half their mean squared distance in pairs.
        spread = np.sqrt(fake.var(axis=0).sum() / max(real.var(axis=0).sum(), 1e-12))
        contrast = [np.sqrt(x.var(axis=(1, 2, 3)).mean()) for x in (fake, real)]
        # Grey samples that are alike have not begun yet, rather than collapsed.
        formed = contrast[0] > 0.5 * contrast[1] or np.abs(fake).mean() > 0.9
        self._suspect(
            "collapse",
            formed and spread < 0.2,
            f"Samples have collapsed: two of them differ by {spread:.1%} of what two "
            "real images do, as the generator makes one picture of all latents. Start "
            "anew with a lower learning rate for the generator, more "
            "discriminator_steps or another loss.",
        )

    def _check_verdict(self, real_logits, fake_logits):
        real, fake = (
            _to_float(logits).reshape(len(logits), -1).mean(axis=1)
            for logits in (real_logits, fake_logits)
        )
        # 1 where every real image is rated above every sample, -1 the other way round.
        order = np.sign(real[:, None] - fake).mean()
        self._suspect(
            "swapped",
            order < -0.8,
            "The discriminator rates samples above real images: its loss rewards the "
            "mistake. Look for real and fake interchanged in it, as arguments, as "
            "labels (real is 1) or in the sign of a Wasserstein loss.",
        )
        game = getattr(self.model, "adversarial_loss", None)
        # Where it cannot tell, a Wasserstein loss is 0: there is no scale to win on.
        if not game or game.discriminator_equilibrium <= 0:
            return
        loss = float(_to_float(game.discriminator(real_logits, fake_logits)))
        self._suspect(
            "discriminator_won",
            loss < 0.03 * game.discriminator_equilibrium,
            f"The discriminator has won: its loss is {loss:.2g}, and would be "
            f"{game.discriminator_equilibrium:.3g} if it could not tell. So sure a "
            "judge leaves the generator a useless gradient, with the minimax loss none "
            "at all. Lower the discriminator's learning rate or raise the generator's, "
            "smooth the labels (real_label=0.9), or train on more images.",
        )


def _to_float(tensor):
    return ops.convert_to_numpy(ops.cast(tensor, "float32"))
