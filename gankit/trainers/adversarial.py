"""The seam between the game and Keras: alternation, gradients, saving.

This module and `gankit.device` are the only ones that know the backends.
"""

import keras
import numpy as np
from keras import ops

from gankit import device
from gankit.datasets import Batches, untuned


class AdversarialModel(keras.Model):
    """Base class of every GAN: two players, each with networks and an optimizer.

    A variant writes two methods, `discriminator_loss(batch)` and
    `generator_loss(batch)`; both receive what `prepare` made of the batch and return a
    scalar. `fit()` then plays algorithm 1 of Goodfellow et al. (2014): in each step
    `discriminator_steps` updates of the discriminators, then `generator_steps` of the
    generators. Gradients are taken with respect to the variables of the player whose
    turn it is; nobody is frozen.

    With `discriminator_steps=k` the data deliver k batches as one: each update of the
    discriminators takes its own slice, the generators see the last (algorithm 1 of
    Arjovsky et al. 2017).

    Args:
        generators: List of the generators' built networks.
        discriminators: List of the discriminators' built networks.
        discriminator_steps: Updates of the discriminators in a step, 1 or more.
        generator_steps: Updates of the generators in a step, 1 or more.

    Raises:
        ValueError: If a number of steps is less than 1, or a network serves both
            players.
    """

    def __init__(
        self,
        generators,
        discriminators,
        *,
        discriminator_steps=1,
        generator_steps=1,
        **kwargs,
    ):
        super().__init__(**kwargs)
        for name, steps in (
            ("discriminator_steps", discriminator_steps),
            ("generator_steps", generator_steps),
        ):
            if not isinstance(steps, int) or steps < 1:
                raise ValueError(
                    f"Expected {name} to be a whole number of at least 1, received "
                    f"{steps!r}: pass how often that player moves in a step."
                )
        if {id(network) for network in generators} & {id(n) for n in discriminators}:
            raise ValueError(
                "Expected generators and discriminators to be different networks, "
                "received one network for both: build a network for each player."
            )
        self.generators = list(generators)
        self.discriminators = list(discriminators)
        self.discriminator_steps = discriminator_steps
        self.generator_steps = generator_steps
        self.seed_generator = keras.random.SeedGenerator()
        self.d_loss_tracker = keras.metrics.Mean(name="d_loss")
        self.g_loss_tracker = keras.metrics.Mean(name="g_loss")
        # The networks are built; `fit` on torch and JAX would else look for a `call`.
        self.built = True

    # What a variant writes.

    def discriminator_loss(self, batch):
        """Returns the scalar that the discriminators minimise on `batch`."""
        raise NotImplementedError

    def generator_loss(self, batch):
        """Returns the scalar that the generators minimise on `batch`."""
        raise NotImplementedError

    def prepare(self, batch):
        """Makes of a batch of data what the losses receive; runs once in each step.

        Images, uint8 in [0, 255], become float32 in [-1, 1]. Override to augment.

        Args:
            batch: What the data set yields: images `(n, h, w, c)`, or a tuple such as
                `(images, labels)`.

        Returns:
            The same structure without a wrapping tuple of one.
        """
        # A `PyDataset` that returns an array arrives as a tuple of one, on torch as
        # a list.
        if isinstance(batch, list | tuple) and len(batch) == 1:
            (batch,) = batch
        if isinstance(batch, list | tuple):
            return tuple(_in_range(part) for part in batch)
        return _in_range(batch)

    # The game.

    def play(self, batch):
        """Plays one step of the game on prepared data and returns both mean losses."""
        turns = range(self.discriminator_steps)
        size = ops.shape(keras.tree.flatten(batch)[0])[0] // self.discriminator_steps
        for turn in turns:
            part = keras.tree.map_structure(
                lambda x, turn=turn: x[turn * size : (turn + 1) * size], batch
            )
            self.d_loss_tracker.update_state(self.move_discriminators(part))
        for _ in range(self.generator_steps):
            loss = self.minimize(
                lambda part=part: self.generator_loss(part),
                self.generators,
                self.generator_optimizer,
            )
            self.g_loss_tracker.update_state(loss)
        return {
            "d_loss": self.d_loss_tracker.result(),
            "g_loss": self.g_loss_tracker.result(),
        }

    def move_discriminators(self, batch):
        """Takes the discriminators' turn on prepared data; returns their loss."""
        return self.minimize(
            lambda: self.discriminator_loss(batch),
            self.discriminators,
            self.discriminator_optimizer,
        )

    def minimize(self, loss, networks, optimizer):
        """Takes one step of `optimizer` down the gradient of `loss`.

        Only the trainable variables of `networks` move; whatever else `loss` updates
        (moving statistics, seeds, singular vectors) is kept.

        Args:
            loss: Function without arguments that returns a scalar; or a tuple of a
                scalar and of tensors that are wanted beside it.
            networks: The networks of the player whose turn it is, which may share
                layers.
            optimizer: That player's optimizer.

        Returns:
            What `loss` returned before the step, without gradient.
        """
        variables = [v for network in networks for v in network.trainable_variables]
        variables = list({id(v): v for v in variables}.values())
        value, gradients = _value_and_gradients(loss, variables, self._state)
        _without_gradient(lambda: optimizer.apply(gradients, variables))
        return keras.tree.map_structure(ops.stop_gradient, value)

    def draw(self, sampler, n):
        """Draws random numbers inside a step, for `n` examples of this replica.

        Replicas of a distributed training share one seed: left alone each would draw
        the same numbers. So each draws for the global batch and takes its share,
        which is what one device with the whole batch would draw.

        Args:
            sampler: Function from a number of examples to a tensor `(number, ...)`.
            n: Examples of this replica.

        Returns:
            Tensor `(n, ...)`.
        """
        replicas, replica = device.replicas()
        if replicas == 1:
            return sampler(n)
        return sampler(replicas * n)[replica * n : (replica + 1) * n]

    def fit(self, x, **kwargs):
        """Plays the game on batches of `x`; arguments as in `keras.Model.fit`."""
        # An endless data set, such as `Batches`, orders itself; asked to shuffle it
        # Keras only warns.
        if getattr(x, "num_batches", 0) is None:
            kwargs.setdefault("shuffle", False)
        return super().fit(untuned(x) if isinstance(x, Batches) else x, **kwargs)

    def _state(self):
        """Every variable that a loss may read or update."""
        # The optimizers' too: a loss may depend on how many steps were taken.
        return [*self.variables, *self.optimizer.variables, *self.metrics_variables]

    def train_step(self, *args):
        if keras.backend.backend() != "jax":
            (data,) = args
            return self.play(self.prepare(data))
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
            logs = self.play(self.prepare(data))
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
                `torch.compile`. `None` leaves it to `gankit.setup`: off on
                TensorFlow with a CPU, where XLA slows convolutions, else Keras's
                `"auto"`.
            **kwargs: `steps_per_execution` or `run_eagerly`, as in
                `keras.Model.compile`.

        Raises:
            ValueError: If one optimizer is given to both players, or in
                `mixed_float16`, which needs a loss scaling that this game lacks.
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
        """Steps of the game that were played, as the optimizers count them."""
        # An optimizer counts no steps of a player without trainable weights.
        return max(
            int(ops.convert_to_numpy(optimizer.iterations)) // turns
            for optimizer, turns in (
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
        # Everything in `variables` that is no weight; Keras saves weights alone, and
        # without the seeds a resumed run would draw the latents of its start again.
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


def _in_range(part):
    """Images in uint8 as float32 in [-1, 1]; all else, such as labels, as it is."""
    if keras.backend.standardize_dtype(part.dtype) == "uint8":
        return ops.cast(part, "float32") / 127.5 - 1.0
    return part


def input_gradient(function, inputs):
    """The gradient of `sum(function(inputs))` with respect to `inputs`.

    It can be differentiated again, for gradient penalties inside a loss. As each
    output depends on its own example alone, row i is the gradient of output i.

    Args:
        function: Maps a batch to one number, or several, per example.
        inputs: Tensor `(n, ...)`.

    Returns:
        A tensor of the shape of `inputs`.
    """
    match keras.backend.backend():
        case "tensorflow":
            import tensorflow as tf

            with tf.GradientTape() as tape:
                tape.watch(inputs)
                total = ops.sum(function(inputs))
            return tape.gradient(total, inputs)
        case "torch":
            import torch

            if not inputs.requires_grad:
                inputs = inputs.detach().requires_grad_(True)
            total = ops.sum(function(inputs))
            return torch.autograd.grad(total, inputs, create_graph=True)[0]
        case "jax":
            import jax

            return jax.grad(lambda x: ops.sum(function(x)))(inputs)


def _value_and_gradients(loss, variables, state):
    """The value of `loss()` and its gradients with respect to `variables`.

    Of a tuple the gradients are those of its first entry. `state()` lists all variables
    that the loss may read or update; only JAX asks. A variable that the loss does not
    depend on gets zeros.
    """
    match keras.backend.backend():
        case "tensorflow":
            import tensorflow as tf

            # Watching one player alone spares the tape the other player's forward
            # pass.
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch([v.value for v in variables])
                value = loss()
                # Keras sums the gradients of replicas; one device with the whole
                # batch would average them.
                share = _scalar(value) / device.replicas()[0]
            return value, tape.gradient(
                share, [v.value for v in variables], unconnected_gradients="zero"
            )
        case "torch":
            import torch

            value = loss()
            if not variables or not _scalar(value).requires_grad:
                # torch refuses what the others answer with zeros.
                return value, [torch.zeros_like(v.value) for v in variables]
            # Unlike `backward`, this leaves nothing behind in the other player.
            gradients = torch.autograd.grad(
                _scalar(value),
                [v.value for v in variables],
                allow_unused=True,
                materialize_grads=True,
            )
            return value, list(gradients)
        case "jax":
            import jax

            moving = {id(v) for v in variables}
            others = [v for v in state() if id(v) not in moving]

            def value_and_updates(values, other_values):
                # A nested scope does not see its parent's values: pass them all.
                mapping = [
                    *zip(variables, values, strict=True),
                    *zip(others, other_values, strict=True),
                ]
                with keras.StatelessScope(state_mapping=mapping) as scope:
                    value = loss()
                updates = [scope.get_current_value(v) for v in others]
                return _scalar(value), (value, updates)

            (_, (value, updates)), gradients = jax.value_and_grad(
                value_and_updates, has_aux=True
            )([v.value for v in variables], [v.value for v in others])
            for variable, update in zip(others, updates, strict=True):
                variable.assign(update)
            return value, gradients


def _scalar(value):
    return value[0] if isinstance(value, tuple) else value


def _without_gradient(function):
    if keras.backend.backend() == "torch":
        import torch

        with torch.no_grad():
            return function()
    return function()
