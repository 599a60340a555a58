"""The base class of every GAN: alternating updates inside Keras's `fit()`."""

import contextvars
import itertools

import keras
import numpy as np
from keras import ops

from gankit.backend import device
from gankit.backend.arguments import check_number
from gankit.backend.gradients import (
    scalar,
    value_and_gradients,
    value_or_zero,
    without_gradient,
)
from gankit.datasets.checks import are_levels
from gankit.losses.penalties import Penalty
from gankit.trainers.first_batch import batch_sizes, first_batch

# Arguments of `keras.Model.fit`.
_WITHOUT_MEANING = (
    *("validation_data", "validation_split", "class_weight", "sample_weight"),
)

# The penalties of the update that is computed now, or None. Each replica of a
# distributed training is a thread, which has its own.
_penalty_terms = contextvars.ContextVar("_penalty_terms", default=None)


class AdversarialModel(keras.Model):
    """Base class of every GAN: generators and discriminators, each with an optimizer.

    To write your own GAN, subclass this class and define two losses,
    `discriminator_loss(batch)` and `generator_loss(batch)`. Both receive what
    `prepare` made of the batch and return a scalar. The base class alternates the
    updates, computes each player's gradients and handles saving.

    A training step does `discriminator_steps` updates of the discriminators, then
    `generator_steps` updates of the generators. Each update takes gradients with
    respect to one player's variables only, so no network is ever frozen.

    With `discriminator_steps=k` the data must deliver k batches as one. Each update of
    the discriminators takes its own slice, and the generators see the last one.

    `discriminator_loss` returns the adversarial loss alone, which is logged as
    `d_loss`, so that it can be compared with its value at the equilibrium. For the
    `penalties`, it calls `penalize`:

    >>> def discriminator_loss(self, real):
    ...     fake = keras.ops.stop_gradient(self.generator(self.latents(real)))
    ...     self.penalize(self.critic, real, fake)
    ...     return keras.ops.mean(self.critic(fake)) - keras.ops.mean(self.critic(real))

    Each penalty is logged by its own name, `gradient_penalty`, `r1` or `r2`: the mean
    over the updates that computed it (0 if none did), not multiplied by `every`.

    Args:
        generators: List of the generators' built networks.
        discriminators: List of the discriminators' built networks.
        discriminator_steps: Discriminator updates per step, at least 1.
        generator_steps: Generator updates per step, at least 1.
        penalties: List of penalties of `gankit.losses`, such as `[R1(10.0)]`, which
            the discriminators minimise too.
        **kwargs: As in `keras.Model`, such as `name`.

    Attributes:
        update_observers: Functions of a list of networks. Each is called whenever an
            update of these networks is traced. `TrainingDoctor` adds one.

    Raises:
        ValueError: If a number of steps is less than 1, one network serves as both
            generator and discriminator, or `penalties` is no list of different
            penalties.

    References:
        Goodfellow et al. 2014, algorithm 1 (https://arxiv.org/abs/1406.2661); slices:
        Arjovsky et al. 2017, algorithm 1 (https://arxiv.org/abs/1701.07875).
    """

    # The names of the arrays in a batch, `("images", "labels")` for example. If a
    # subclass sets them, `fit` refuses other batches.
    batch_parts = None

    def __init__(
        self,
        generators,
        discriminators,
        *,
        discriminator_steps=1,
        generator_steps=1,
        penalties=(),
        **kwargs,
    ):
        super().__init__(**kwargs)
        for network in (*generators, *discriminators):
            shaped = hasattr(network, "input_shape") or not self.batch_parts
            if not (shaped and getattr(network, "built", False)):
                raise ValueError(
                    "Expected built networks that begin with a keras.Input, received "
                    f"{type(network).__name__}: add one, or with x = keras.Input(shape)"
                    " wrap a subclassed network as keras.Model(x, network(x))."
                )
        if {id(network) for network in generators} & {id(n) for n in discriminators}:
            raise ValueError(
                "Expected generators and discriminators to be different networks, "
                "received one network for both: build a network for each player."
            )
        if (
            not isinstance(penalties, list | tuple)
            or not all(isinstance(penalty, Penalty) for penalty in penalties)
            or len({penalty.name for penalty in penalties}) < len(penalties)
        ):
            raise ValueError(
                "Expected penalties to be a list of different penalties, received "
                f"{penalties!r}: pass objects such as [gankit.losses.R1(10.0)]."
            )
        self.generators = list(generators)
        self.discriminators = list(discriminators)
        self.discriminator_steps = check_number(
            "discriminator_steps", discriminator_steps, 1
        )
        self.generator_steps = check_number("generator_steps", generator_steps, 1)
        self.update_observers = []
        self._devices = device.count()
        # Whether each part of a batch consists of levels that are not uint8.
        self._levels = ()
        self.seed_generator = keras.random.SeedGenerator()
        self.d_loss_tracker = keras.metrics.Mean(name="d_loss")
        self.g_loss_tracker = keras.metrics.Mean(name="g_loss")
        self.penalties = list(penalties)
        self.penalty_trackers = [keras.metrics.Mean(name=p.name) for p in penalties]
        # Keras saves the seeds that a model holds itself.
        self._penalty_seeds = [
            p.seed_generator for p in penalties if hasattr(p, "seed_generator")
        ]
        # The networks are already built. Without this flag, `fit` on torch and JAX
        # would look for a `call` method.
        self.built = True

    # What a subclass defines.

    def discriminator_loss(self, batch):
        """Returns the discriminators' loss on `batch`, a scalar, without penalties."""
        raise NotImplementedError

    def generator_loss(self, batch):
        """Returns the scalar that the generators minimise on `batch`."""
        raise NotImplementedError

    def prepare(self, batch):
        """Turns a batch of data into what the losses receive, once in each step.

        Images, uint8 in [0, 255], become float32 in [-1, 1], and so do other images
        that `fit` found to be levels from 0 to 255. Override to augment.

        Args:
            batch: What the data set yields: images `(n, h, w, c)`, or a tuple such as
                `(images, labels)`.

        Returns:
            The same structure. A tuple of one becomes its only entry.
        """
        # A `PyDataset` that returns an array arrives as a tuple of one, on torch as
        # a list. `train_on_batch` adds None for targets and weights.
        while isinstance(batch, list | tuple):
            batch = tuple(part for part in batch if part is not None)
            if len(batch) > 1:
                pairs = itertools.zip_longest(batch, self._levels[: len(batch)])
                return tuple(_in_range(*pair) for pair in pairs)
            (batch,) = batch
        return _in_range(batch, any(self._levels))

    # `fit` hands the trainable variables to the optimizers, so they are the players'
    # alone: an averaged copy of a generator, for one, has no optimizer.

    @property
    def trainable_variables(self):
        players = [*self.generators, *self.discriminators]
        owned = {id(v) for network in players for v in network.trainable_variables}
        return [v for v in super().trainable_variables if id(v) in owned]

    @property
    def non_trainable_variables(self):
        trained = {id(v) for v in self.trainable_variables}
        return [v for v in self.variables if id(v) not in trained]

    @property
    def trainable_weights(self):
        return self.trainable_variables

    @property
    def non_trainable_weights(self):
        trained = {id(v) for v in self.trainable_variables}
        return [v for v in self.weights if id(v) not in trained]

    # The training step.

    def update_players(self, batch):
        """Updates both players alternately on prepared data; returns a dict of logs."""
        updates = self.discriminator_steps
        n = ops.shape(keras.tree.flatten(batch)[0])[0]
        size = -(-n // updates)
        for update in range(updates):
            # In a short last batch the parts overlap, so none is empty.
            start = update * (n - size) // max(1, updates - 1)
            part = keras.tree.map_structure(
                lambda x, start=start: x[start : start + size], batch
            )
            self.d_loss_tracker.update_state(self.update_discriminators(part))
        for _ in range(self.generator_steps):
            loss = self.minimize(
                lambda part=part: self.generator_loss(part),
                self.generators,
                self.generator_optimizer,
            )
            self.g_loss_tracker.update_state(loss)
        trackers = (self.d_loss_tracker, self.g_loss_tracker, *self.penalty_trackers)
        return {tracker.name: tracker.result() for tracker in trackers}

    def update_discriminators(self, batch):
        """Updates the discriminators once; returns their loss, without penalties."""
        return self.minimize(
            lambda: self.discriminator_loss(batch),
            self.discriminators,
            self.discriminator_optimizer,
        )

    def penalize(self, discriminator, real, fake):
        """Adds the model's penalties to the discriminators' loss of this update.

        Call it inside the loss, once for each discriminator. Outside of an update it
        does nothing.

        Args:
            discriminator: The network, or a function of images that calls it in
                inference mode.
            real: Real images `(n, ...)`.
            fake: The loss's generated images `(n, ...)`.
        """
        terms = _penalty_terms.get()
        if terms is None:
            return
        for penalty, tracker in zip(self.penalties, self.penalty_trackers, strict=True):
            # Drawn in every update, outside of what may be skipped.
            points = penalty.points(real, fake)

            def value(penalty=penalty, points=points):
                return penalty.at(discriminator, points)

            if penalty.every == 1:
                term, due = value(), True
            else:
                # The optimizer's count is saved with it, so a resumed run keeps time.
                due = self.discriminator_optimizer.iterations % penalty.every == 0
                term = value_or_zero(due, value, lambda: self.variables)
            tracker.update_state(
                ops.stop_gradient(term), sample_weight=ops.cast(due, "float32")
            )
            terms.append(penalty.every * term)

    def minimize(self, loss, networks, optimizer):
        """Takes one step of `optimizer` down the gradient of `loss`.

        Only the trainable variables of `networks` are updated. What else `loss`
        changes is kept: moving statistics, seeds, singular vectors. What `loss` passes
        to `penalize` is minimised too.

        Args:
            loss: Function without arguments that returns a scalar, or a tuple whose
                first entry is the scalar to minimise.
            networks: The networks of the player to update. They may share layers.
            optimizer: That player's optimizer.

        Returns:
            What `loss` returned before the step, without gradient.

        Raises:
            ValueError: If the model has penalties, and a discriminator's loss does not
                call `penalize`.
        """
        for observer in self.update_observers:
            observer(networks)
        variables = [v for network in networks for v in network.trainable_variables]
        variables = list({id(v): v for v in variables}.values())
        trained = {id(network) for network in networks}
        expects_penalties = self.penalties and any(
            id(network) in trained for network in self.discriminators
        )

        def total():
            terms = []
            token = _penalty_terms.set(terms)
            value = loss()
            _penalty_terms.reset(token)
            if expects_penalties and not terms:
                names = ", ".join(penalty.name for penalty in self.penalties)
                raise ValueError(
                    "Expected a discriminator's loss to call penalize, as the model "
                    f"has the penalties {names}, received {type(self).__name__}, "
                    "whose loss does not: call it, or leave penalties out."
                )
            return sum(terms, scalar(value)), value

        (_, value), gradients = value_and_gradients(total, variables, self._state)
        without_gradient(lambda: optimizer.apply(gradients, variables))
        return keras.tree.map_structure(ops.stop_gradient, value)

    def draw(self, sampler, n):
        """Draws random numbers inside a step, as `gankit.backend.device.draw` does."""
        return device.draw(sampler, n)

    def fit(self, x=None, y=None, **kwargs):
        """Trains on batches, of which it looks at the first.

        Images may be levels from 0 to 255, of any type, or floats from -1 to 1. Nothing
        else is certain, so it is refused.

        Args:
            x: Images, an array `(n, ...)`; or a tuple of arrays, `Batches` or another
                data set, whose batches contain what the model trains on.
            y: Labels `(n,)` of a conditional model, with an array `x`.
            **kwargs: As in `keras.Model.fit`, but without validation and weights. For
                `Batches`, `steps_per_epoch` is `Batches.steps_per_pass` by default.

        Returns:
            The `History` of `keras.Model.fit`.

        Raises:
            ValueError: If the first batch (for arrays and `Batches`, any image or
                label) does not fit the model, or an argument has no meaning.
        """
        for name in _WITHOUT_MEANING:
            if kwargs.get(name) is not None:
                raise ValueError(
                    f"Expected no {name}, as a GAN has no loss of single images, "
                    f"received {type(kwargs[name]).__name__}: leave it out, and score "
                    "samples during the training with gankit.callbacks.ScoreCallback."
                )
        x = self._checked(x, y, kwargs.get("batch_size"))
        if kwargs.get("steps_per_epoch") is None and hasattr(x, "steps_per_pass"):
            kwargs["steps_per_epoch"] = x.steps_per_pass
        # `Batches`, a `tf.data.Dataset` or a generator has its own order. If asked to
        # shuffle it, Keras only warns.
        if not hasattr(x, "__getitem__") or getattr(x, "num_batches", 0) is None:
            kwargs.setdefault("shuffle", False)
        if hasattr(x, "for_fit"):
            x = x.for_fit()
        elif device.workers()[0] > 1:
            raise ValueError(
                "Expected gankit.datasets.Batches, which give each worker its share of "
                f"a batch, received {type(x).__name__}: pass Batches."
            )
        return super().fit(x, **kwargs)

    def train_on_batch(self, x, y=None):
        """Trains for one step on one batch; returns the logs, a dict of floats.

        Args:
            x: The batch: images, or a tuple of arrays.
            y: Labels `(n,)` of a conditional model.

        Raises:
            ValueError: As in `fit`.
        """
        n = len(x[0] if isinstance(x, list | tuple) else x)
        return super().train_on_batch(self._checked(x, y, n), return_dict=True)

    def _checked(self, x, y, batch_size):
        """Returns the data for Keras, after a look at their first batch."""
        parts, x = first_batch(x if y is None else (x, y))
        self.check_batch(parts)
        steps, devices = self.discriminator_steps, self._devices
        sizes = batch_sizes(x, len(parts[0]), batch_size, devices)
        if any(n == "unknown" or n % (steps * devices) for n in sizes):
            received = ", the last of ".join(map(str, sizes))
            raise ValueError(
                f"Expected batches of a multiple of {steps * devices} images "
                f"(discriminator_steps={steps}, devices={devices}), received batches "
                f"of {received}: choose such a size, and pass gankit.datasets.Batches, "
                "whose last batch is full, or drop the remainder."
            )
        return x

    def check_batch(self, parts):
        """Refuses data that the model cannot train on, and notes their range.

        Override it to check the parts of your own batches.

        Args:
            parts: Tuple of NumPy arrays, the first batch or all of the data.

        Raises:
            ValueError: If a part is empty, or images have another shape or range.
        """
        names = self.batch_parts or ("batch",) * len(parts)
        if len(parts) != len(names) or not all(map(len, parts)):
            raise ValueError(
                f"Expected batches of {' and '.join(names)} that are not empty, "
                f"received {len(parts)} arrays, of shape {parts[0].shape} first: pass, "
                "or map a data set to, what the model takes."
            )
        shape = getattr(self.discriminators[0], "input_shape", None)
        shape = shape[0] if isinstance(shape, list) else shape
        levels = []
        for name, part in zip(names, parts, strict=True):
            if self.batch_parts and name != "labels" and not _fits(part.shape, shape):
                raise ValueError(
                    f"Expected {name} of shape {shape}, which the discriminator takes, "
                    f"received {part.shape}: add a missing axis with images[..., None],"
                    " resize, or build networks for this shape."
                )
            unknown = part.ndim == 4 and part.dtype != np.uint8
            levels.append(unknown and are_levels(part, name))
        if tuple(levels) != self._levels:
            self._levels = tuple(levels)
            self.train_function = None  # traced for another range

    def call(self, *args, **kwargs):
        raise NotImplementedError(
            "Expected sample() or translate() for images, or gankit.metrics for scores,"
            " received a call, predict() or evaluate() of the whole GAN: use those."
        )

    def _state(self):
        """Every variable that a loss may read or update."""
        # The optimizers' too: a loss may depend on how many steps were taken.
        return [*self.variables, *self.optimizer.variables, *self.metrics_variables]

    def train_step(self, *args):
        if keras.backend.backend() != "jax":
            (data,) = args
            return self.update_players(self.prepare(data))
        values, data = args
        groups = (
            self.trainable_variables,
            self.non_trainable_variables,
            self.optimizer.variables,
            self.metrics_variables,
        )
        mapping = [
            pair
            for variables, group in zip(groups, values, strict=True)
            for pair in zip(variables, group, strict=True)
        ]
        with keras.StatelessScope(state_mapping=mapping) as scope:
            logs = self.update_players(self.prepare(data))
        return logs, tuple(
            [scope.get_current_value(v) for v in variables] for variables in groups
        )

    # Compiling, saving, loading.

    def compile(
        self,
        generator_optimizer,
        discriminator_optimizer,
        *,
        jit_compile=None,
        **kwargs,
    ):
        """Sets the optimizers of both players.

        Args:
            generator_optimizer: Keras optimizer of the generators.
            discriminator_optimizer: Keras optimizer of the discriminators, another
                instance.
            jit_compile: Whether to compile with XLA (TensorFlow, JAX) or
                `torch.compile`. `None` leaves the choice to `gankit.setup`: off on
                TensorFlow with a CPU, where XLA slows convolutions, else Keras's
                `"auto"`.
            **kwargs: `steps_per_execution` or `run_eagerly`, as in
                `keras.Model.compile`.

        Raises:
            ValueError: If both players get the same optimizer, or the dtype policy is
                `mixed_float16`, which needs loss scaling.
        """
        generator_optimizer = keras.optimizers.get(generator_optimizer)
        discriminator_optimizer = keras.optimizers.get(discriminator_optimizer)
        if generator_optimizer is discriminator_optimizer:
            raise ValueError(
                "Expected two optimizers, received one instance for both players: "
                "make one for the generator and another for the discriminator."
            )
        if keras.config.dtype_policy().name == "mixed_float16":
            raise ValueError(
                "Expected the dtype policy float32 or mixed_bfloat16, received "
                "mixed_float16, whose gradients underflow without loss scaling: call "
                "gankit.setup(precision='mixed_bfloat16')."
            )
        if jit_compile is None:
            jit_compile = device.default_jit_compile()
        discriminators = {
            id(v) for network in self.discriminators for v in network.variables
        }
        super().compile(
            optimizer=keras.optimizers.MultiOptimizer(
                lambda variable: (
                    discriminator_optimizer
                    if id(variable) in discriminators
                    else generator_optimizer
                )
            ),
            jit_compile=jit_compile,
            **kwargs,
        )
        self.generator_optimizer = generator_optimizer
        self.discriminator_optimizer = discriminator_optimizer
        self.optimizer.build(self.trainable_variables)
        self._compile_options = kwargs

    @property
    def steps_done(self):
        """Training steps done so far, as the optimizers count them."""
        # An optimizer counts no steps of a player without trainable weights.
        return max(
            int(ops.convert_to_numpy(optimizer.iterations)) // updates
            for optimizer, updates in (
                (self.discriminator_optimizer, self.discriminator_steps),
                (self.generator_optimizer, self.generator_steps),
            )
        )

    def get_compile_config(self):
        if not self.compiled:
            return {}
        serialize = keras.saving.serialize_keras_object
        # Not jit_compile: it belongs to the device that loads the model.
        return {
            "generator_optimizer": serialize(self.generator_optimizer),
            "discriminator_optimizer": serialize(self.discriminator_optimizer),
            **self._compile_options,
        }

    def compile_from_config(self, config):
        self.compile(**keras.saving.deserialize_keras_object(config))

    def _seed_states(self):
        # Everything in `variables` that is no weight. Keras saves weights only, and
        # without the seeds a resumed run would repeat the latents of its start.
        weights = {id(v) for v in self.weights}
        return [v for v in self.variables if id(v) not in weights]

    def save_own_variables(self, store):
        super().save_own_variables(store)
        for i, state in enumerate(self._seed_states()):
            store[f"seed_{i}"] = ops.convert_to_numpy(state)

    def load_own_variables(self, store):
        for i, state in enumerate(self._seed_states()):
            state.assign(np.asarray(store[f"seed_{i}"]))
        names = [name for name in store.keys() if not name.startswith("seed_")]
        super().load_own_variables({name: store[name] for name in names})


def _in_range(part, levels):
    """Converts levels to float32 in [-1, 1]; leaves all else, such as labels."""
    if levels or keras.backend.standardize_dtype(part.dtype) == "uint8":
        return ops.cast(part, "float32") / 127.5 - 1.0
    return part


def _fits(shape, expected):
    return len(shape) == len(expected) and all(
        b in (None, a) for a, b in zip(shape, expected, strict=True)
    )
