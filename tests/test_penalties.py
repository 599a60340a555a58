"""Gradient penalties against closed forms and other software, and inside a step."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from gankit.backend.gradients import value_and_gradients
from gankit.callbacks import checkpoint
from gankit.datasets import Batches
from gankit.losses.penalties import R1, R2, GradientPenalty, Penalty, slopes
from gankit.networks import dcgan
from gankit.trainers import GAN, AdversarialModel, ConditionalGAN, CycleGAN

SHAPE = (4, 4, 1)


def _linear_critic(scale):
    """`f(x) = <w, x>` with `||w|| = scale`."""
    critic = keras.Sequential(
        [keras.Input(SHAPE), layers.Flatten(), layers.Dense(1, use_bias=False)]
    )
    w = np.random.default_rng(0).normal(size=(16, 1)).astype("float32")
    critic.layers[-1].kernel.assign(scale * w / np.linalg.norm(w))
    return critic


def _curved_critic():
    """A critic whose slope differs from image to image, with weights of a seed."""
    image = keras.Input(SHAPE)
    x = layers.Dense(8, "tanh", name="hidden")(layers.Flatten()(image))
    x = layers.Dense(1, dtype="float32")(x)
    critic = keras.Model(image, x)
    rng = np.random.default_rng(3)
    critic.set_weights([rng.normal(0, 0.5, w.shape) for w in critic.get_weights()])
    return critic


def _generator():
    latent = keras.Input((6,))
    return keras.Model(latent, layers.Reshape(SHAPE)(layers.Dense(16, "tanh")(latent)))


def _gan(penalties, *, critic=None, rate=0.05, variant=GAN, **kwargs):
    gan = variant(
        _generator(),
        critic or _curved_critic(),
        latent_dim=6,
        penalties=penalties,
        **kwargs,
    )
    gan.compile(keras.optimizers.SGD(rate), keras.optimizers.SGD(rate))
    return gan


def _images(n, seed):
    return np.random.default_rng(seed).uniform(-1, 1, (n, *SHAPE)).astype("float32")


def _float(value):
    return float(ops.convert_to_numpy(ops.stop_gradient(value)))


def _value_and_gradients(penalty, critic, real, fake):
    """The penalty and its gradients by the critic's weights, as NumPy arrays."""
    seeds = [penalty.seed_generator.state] if hasattr(penalty, "seed_generator") else []
    value, gradients = value_and_gradients(
        lambda: penalty(critic, real, fake),
        critic.trainable_variables,
        lambda: [*critic.variables, *seeds],
    )
    assert keras.backend.standardize_dtype(value.dtype) == "float32"
    return _float(value), [ops.convert_to_numpy(gradient) for gradient in gradients]


@pytest.mark.parametrize(
    ("make", "expected", "slope"),
    [
        (lambda: GradientPenalty(7.0), 7 * (3 - 1) ** 2, 14 * (3 - 1)),
        (lambda: GradientPenalty(7.0, 0.0), 7 * 3**2, 14 * 3),
        (lambda: R1(7.0), 3.5 * 3**2, 7 * 3),
        # The trainer alone regards `every`.
        (lambda: R2(7.0, every=4), 3.5 * 3**2, 7 * 3),
    ],
    ids=["centred at 1", "centred at 0", "R1", "R2"],
)
def test_penalties_of_a_linear_critic_and_their_gradients(make, expected, slope):
    critic = _linear_critic(3.0)
    w = critic.get_weights()[0]
    value, (gradient,) = _value_and_gradients(
        make(), critic, _images(5, 0), _images(5, 1)
    )
    assert value == pytest.approx(expected)
    np.testing.assert_allclose(gradient, slope * w / 3, rtol=1e-4)


def test_each_penalty_looks_at_its_own_images():
    """The slope of <x, x> / 2 is the norm of x."""
    real, fake = _images(5, 0), 3.0 * _images(5, 1)

    def critic(x):
        return ops.sum(ops.square(x), axis=(1, 2, 3)) / 2

    def mean_square(x):
        return float(np.mean(np.sum(x**2, axis=(1, 2, 3))))

    assert _float(R1(2.0)(critic, real, fake)) == pytest.approx(mean_square(real))
    assert _float(R2(2.0)(critic, real, fake)) == pytest.approx(mean_square(fake))
    penalty = GradientPenalty(1.0, 0.0, seed=0)
    points = ops.convert_to_numpy(GradientPenalty(seed=0).points(real, fake))
    assert _float(penalty(critic, real, fake)) == pytest.approx(mean_square(points))
    share = (points - fake) / (real - fake)
    np.testing.assert_allclose(np.ptp(share, axis=(1, 2, 3)), 0, atol=1e-3)


def test_interpolation_is_uniform_with_one_number_per_pair():
    # With x = 1 and G(z) = 0, the interpolated point equals the share of x, and here
    # the slope does too. Its even moments are 1/3 and 1/5 for U(0, 1); 1 and 3 for
    # N(0, 1).
    n = 20_000
    real, fake = np.ones((n, 1, 1, 1), "float32"), np.zeros((n, 1, 1, 1), "float32")
    for power, moment in ((2, 1 / 3), (3, 1 / 5)):
        value = GradientPenalty(1.0, 0.0, seed=0)(
            lambda x, power=power: x**power / power, real, fake
        )
        assert _float(value) == pytest.approx(moment, rel=0.03)
    # Points in the plane serve as images; both coordinates of a pair share one number.
    value = GradientPenalty(center=0.0)(
        lambda x: ops.square(x[:, 0] - x[:, 1]),
        np.ones((50, 2), "float32"),
        np.zeros((50, 2), "float32"),
    )
    assert _float(value) == pytest.approx(0, abs=1e-6)


def test_a_flat_critic_has_a_gradient():
    critic = _linear_critic(1.0)
    critic.layers[-1].kernel.assign(np.zeros((16, 1)))
    value, (gradient,) = _value_and_gradients(
        GradientPenalty(), critic, _images(3, 0), _images(3, 1)
    )
    assert value == pytest.approx(10, rel=1e-4)
    assert np.all(np.isfinite(gradient))


PENALTIES = {
    "gradient_penalty": lambda **kw: GradientPenalty(seed=5, **kw),
    "r1": lambda **kw: R1(3.0, **kw),
    "r2": lambda **kw: R2(3.0, **kw),
}


@pytest.mark.parametrize("name", PENALTIES)
def test_gradients_equal_numeric_gradients(name):
    critic, batch = _curved_critic(), (_images(6, 0), _images(6, 1))
    _, gradients = _value_and_gradients(PENALTIES[name](), critic, *batch)
    weights, rng, h = critic.get_weights(), np.random.default_rng(0), 1e-2
    for _ in range(3):
        direction = [rng.normal(size=w.shape) / 10 for w in weights]
        values = []
        for sign in (1, -1):
            pairs = zip(weights, direction, strict=True)
            critic.set_weights([w + sign * h * d for w, d in pairs])
            # With one seed, the points are the same.
            values.append(_float(PENALTIES[name]()(critic, *batch)))
        numeric = (values[0] - values[1]) / (2 * h)
        exact = sum(np.vdot(g, d) for g, d in zip(gradients, direction, strict=True))
        assert exact == pytest.approx(numeric, rel=1e-2, abs=1e-3)


@pytest.mark.parametrize("name", PENALTIES)
def test_torch_computes_the_same_penalties_and_gradients(name):
    torch = pytest.importorskip("torch")
    critic, (real, fake) = _curved_critic(), (_images(6, 0), _images(6, 1))
    value, gradients = _value_and_gradients(PENALTIES[name](), critic, real, fake)

    points = ops.convert_to_numpy(PENALTIES[name]().points(real, fake))
    weights = [torch.tensor(w, requires_grad=True) for w in critic.get_weights()]
    kernel, bias, last, last_bias = weights
    x = torch.tensor(points, requires_grad=True)
    logits = torch.tanh(x.reshape(6, 16) @ kernel + bias) @ last + last_bias
    (slope,) = torch.autograd.grad(logits.sum(), x, create_graph=True)
    norms = slope.reshape(6, 16).norm(dim=1)
    if name == "gradient_penalty":
        expected = 10 * ((norms - 1) ** 2).mean()
    else:
        expected = 3 / 2 * (norms**2).mean()
    expected.backward()
    assert value == pytest.approx(expected.item(), rel=1e-5)
    for gradient, weight in zip(gradients[:3], weights[:3], strict=True):
        np.testing.assert_allclose(gradient, weight.grad.numpy(), rtol=1e-4, atol=1e-6)
    # No slope depends on the last bias.
    assert weights[3].grad is None and not gradients[3].any()


@pytest.mark.parametrize("name", PENALTIES)
def test_bfloat16_is_close_to_float32(name):
    # Of fewer images, single slopes near 1 outweigh the rounding of all others.
    batch = _images(256, 0), _images(256, 1)
    exact, exact_gradients = _value_and_gradients(
        PENALTIES[name](), _curved_critic(), *batch
    )
    keras.config.set_dtype_policy("mixed_bfloat16")
    critic = _curved_critic()
    assert critic.get_layer("hidden").compute_dtype == "bfloat16"
    value, gradients = _value_and_gradients(PENALTIES[name](), critic, *batch)
    # One number in bfloat16 has a relative error of up to 2^-9.
    assert value == pytest.approx(exact, rel=1e-2) and value != exact
    one, other = (
        np.concatenate([gradient.ravel() for gradient in list_of])
        for list_of in (exact_gradients, gradients)
    )
    assert np.linalg.norm(one - other) < 0.03 * np.linalg.norm(one)


# Inside a training step.


class _Counter(layers.Layer):
    """Counts in a variable how often it is called in inference mode."""

    def __init__(self):
        super().__init__()
        self.count = self.add_weight(
            shape=(), dtype="float32", initializer="zeros", trainable=False
        )

    def call(self, x, training=False):
        if not training:
            self.count.assign(self.count + 1.0)
        return x


def test_every_leaves_out_the_updates_in_between():
    """Also their forward pass, and with a network that changes its own state."""
    image, counter = keras.Input(SHAPE), _Counter()
    critic = keras.Model(image, _curved_critic()(counter(image)))
    gan = _gan([R1(3.0, every=3)], critic=critic, discriminator_steps=2)
    # Updates 0 to 7, of which 0, 3 and 6 compute the penalty.
    gan.fit(_images(32, 0), batch_size=8, verbose=0)
    assert _float(counter.count) == 3


def test_every_k_is_k_times_the_penalty_in_every_kth_update():
    latents = ops.convert_to_tensor(_images(8, 2).reshape(8, 16)[:, :6])
    real = _images(8, 0)

    def step(gan):
        return gan.fit(real, batch_size=8, shuffle=False, verbose=0).history

    def build(penalties):
        gan = _gan(penalties)
        gan.sample_latent = lambda n, seed=None: latents
        return gan

    gan = build([R1(3.0, every=2), R2(5.0, every=3)])
    for update in range(4):
        due = {"r1": update % 2 == 0, "r2": update % 3 == 0}
        expected = build(
            [R1(2 * 3.0)] * due["r1"] + [R2(3 * 5.0)] * due["r2"],
        )
        expected.run_eagerly = True
        expected.set_weights(gan.get_weights())
        logs, expected_logs = step(gan), step(expected)
        for one, other in zip(gan.get_weights(), expected.get_weights(), strict=True):
            np.testing.assert_allclose(one, other, atol=1e-6)
        assert logs["d_loss"] == pytest.approx(expected_logs["d_loss"])
        # Logged as the penalty itself.
        for name, k in (("r1", 2), ("r2", 3)):
            known = expected_logs[name][0] / k if due[name] else 0.0
            assert logs[name][0] == pytest.approx(known, rel=1e-5)


@pytest.mark.skipif(
    keras.backend.backend() == "torch", reason="torch compiles nothing here"
)
@pytest.mark.parametrize(
    ("options", "names"),
    # XLA draws other points than TensorFlow does.
    [({}, [*PENALTIES]), ({"jit_compile": True}, ["r1", "r2"])],
)
def test_compiled_steps_equal_eager_ones(options, names):
    latents = ops.convert_to_tensor(_images(8, 2).reshape(8, 16)[:, :6])
    results = []
    for how in ({"run_eagerly": True}, options):
        gan = _gan([PENALTIES[name](every=2) for name in names])
        gan.generator.set_weights([np.full((6, 16), 0.1), np.zeros(16)])
        gan.sample_latent = lambda n, seed=None: latents
        gan.compile(keras.optimizers.SGD(5e-3), keras.optimizers.SGD(5e-3), **how)
        logs = gan.fit(_images(24, 0), batch_size=8, shuffle=False, verbose=0).history
        results.append([*gan.get_weights(), *(logs[name] for name in sorted(logs))])
    for one, two in zip(*results, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("how", ["saved", "checkpoint"])
def test_a_resumed_training_ends_like_one_that_was_not_stopped(tmp_path, how):
    def make():
        return _gan([GradientPenalty(every=2), R1(1.0, every=3)])

    images = np.random.default_rng(0).integers(0, 256, (32, *SHAPE), dtype="uint8")

    def train(gan, start, steps):
        batches = Batches(images, batch_size=8, seed=0, start_step=start)
        gan.fit(batches, steps_per_epoch=steps, verbose=0)

    gan = make()
    train(gan, 0, 3)
    if how == "saved":
        gan.save(tmp_path / "gan.keras")
        resumed = keras.saving.load_model(tmp_path / "gan.keras")
    else:
        checkpoint.save(gan, tmp_path / "state.npz")
        keras.utils.set_random_seed(77)
        resumed = make()
        checkpoint.restore(resumed, tmp_path / "state.npz")
    assert [p.get_config() for p in resumed.penalties] == [
        {"weight": 10.0, "center": 1.0, "every": 2, "seed": None},
        {"gamma": 1.0, "every": 3},
    ]
    for model in (gan, resumed):
        train(model, 3, 3)
    for one, other in zip(gan.variables, resumed.variables, strict=True):
        np.testing.assert_array_equal(
            ops.convert_to_numpy(one), ops.convert_to_numpy(other)
        )


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_a_penalised_critic_trains(images, precision):
    keras.config.set_dtype_policy(precision)
    gan = GAN(
        dcgan.generator((8, 4), (2, 2), image_shape=(8, 8, 1), latent_dim=6),
        dcgan.discriminator((4, 8), (2, 2), image_shape=(8, 8, 1)),
        loss="relativistic",
        latent_dim=6,
        penalties=[make(every=2) for make in PENALTIES.values()],
    )
    gan.compile(keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3))
    before = [ops.convert_to_numpy(v) for v in gan.discriminator.trainable_variables]
    history = gan.fit(
        Batches(images, batch_size=8, seed=0), steps_per_epoch=3, verbose=0
    ).history
    assert set(history) == {"d_loss", "g_loss", *PENALTIES}
    assert all(np.isfinite(values[0]) for values in history.values())
    assert history["d_loss"][0] == pytest.approx(np.log(2), abs=0.2)
    assert history["gradient_penalty"][0] > 1  # not part of d_loss
    after = [ops.convert_to_numpy(v) for v in gan.discriminator.trainable_variables]
    assert all(np.all(np.isfinite(a)) for a in after)
    assert sum(np.any(b != a) for b, a in zip(before, after, strict=True)) >= 4


class _WithoutPenalty(GAN):
    def discriminator_loss(self, real):
        return ops.mean(self.discriminator(real, training=True))


class _Points(AdversarialModel):
    """A model of one's own: a WGAN of points on the line."""

    def __init__(self, **kwargs):
        generator, critic = (
            keras.Sequential([keras.Input((1,)), layers.Dense(1)]) for _ in range(2)
        )
        super().__init__([generator], [critic], **kwargs)
        self.generator, self.critic = generator, critic

    def discriminator_loss(self, real):
        fake = ops.stop_gradient(self.generator(ops.ones_like(real)))
        self.penalize(self.critic, real, fake)
        return ops.mean(self.critic(fake)) - ops.mean(self.critic(real))

    def generator_loss(self, real):
        return -ops.mean(self.critic(self.generator(ops.ones_like(real))))


def test_a_model_of_ones_own_takes_penalties():
    gan = _Points(penalties=[GradientPenalty(2.0), R1(6.0, every=2)])
    gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.1))
    gan.generator.set_weights([np.array([[-2.0]]), np.zeros(1)])
    gan.critic.set_weights([np.array([[4.0]]), np.zeros(1)])
    real = np.full((8, 1), 3.0, "float32")
    history = gan.fit(real, batch_size=4, shuffle=False, verbose=0).history
    # The critic 4 x gives -8 and 12. Then w falls by 0.1 times the slope of
    # -5 w + 2 (w - 1)^2 + 2 * 3 w^2, and the second update is without R1.
    second = 4.0 - 0.1 * (-5 + 4 * 3 + 12 * 4)
    third = second - 0.1 * (-5 + 4 * (abs(second) - 1) * np.sign(second))
    assert history["d_loss"][0] == pytest.approx(-5 * (4.0 + second) / 2, rel=1e-5)
    assert history["gradient_penalty"][0] == pytest.approx(
        (2 * 9 + 2 * (abs(second) - 1) ** 2) / 2, rel=1e-5
    )
    assert history["r1"][0] == pytest.approx(3 * 4.0**2)
    assert gan.critic.get_weights()[0][0, 0] == pytest.approx(third, rel=1e-5)


def test_a_conditional_gan_penalises_with_the_labels():
    image, label = keras.Input((1, 1, 1)), keras.Input((), dtype="int32")
    apart = layers.Flatten()(image) - ops.cast(label, "float32")[:, None]
    scale = layers.Dense(1, use_bias=False, kernel_initializer="ones")
    latent, wanted = keras.Input((2,)), keras.Input((), dtype="int32")
    shade = layers.Dense(1, kernel_initializer="zeros")(latent)
    shade = shade + ops.cast(wanted, "float32")[:, None]
    gan = ConditionalGAN(
        keras.Model([latent, wanted], layers.Reshape((1, 1, 1))(shade)),
        keras.Model([image, label], scale(apart**2)),
        num_classes=5,
        latent_dim=2,
        penalties=[R1(2.0), R2(2.0)],
    )
    gan.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    gan.check_batch = lambda parts: None  # these numbers are in no range of images
    labels = np.array([0, 3, 4, 1], "int32")
    real = labels.astype("float32").reshape(-1, 1, 1, 1) + 2.0
    history = gan.fit(real, y=labels, batch_size=4, verbose=0).history
    # D is (image - label)^2: its slope is 4 at these images, 0 at fakes of the class.
    assert history["r1"][0] == pytest.approx(16.0)
    assert history["r2"][0] == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: R1(0.0), "gamma to be a finite number above 0, received 0.0"),
        (lambda: R2(-1), "gamma to be a finite number above 0, received -1"),
        (
            lambda: GradientPenalty(0),
            "weight to be a finite number above 0, received 0",
        ),
        (lambda: R1(1.0, every=0), "every to be a whole number from 1 up, received 0"),
        (lambda: GradientPenalty(every=1.5), "from 1 up, received 1.5"),
        (lambda: _gan(R1(1.0)), "list of different penalties, received <"),
        (lambda: _gan(["r1"]), "different penalties, received \\['r1'\\]: pass"),
        (lambda: _gan([R1(1.0), R1(2.0)]), "list of different penalties"),
    ],
)
def test_wrong_uses_get_a_sentence(make, sentence):
    with pytest.raises(ValueError, match=sentence) as error:
        make()
    assert len(str(error.value).splitlines()) == 1


def test_what_a_cyclegan_cannot_do_gets_a_sentence():
    image = keras.Input(SHAPE)
    for options, sentence in (
        ({"penalties": [R2(1.0)]}, "penalties r2, received CycleGAN"),
        ({"loss": "relativistic"}, "received only those of fakes: choose"),
    ):
        networks = [keras.Model(image, layers.Dense(1)(image)) for _ in range(4)]
        gan = CycleGAN(*networks, pool_size=0, **options)
        gan.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
        with pytest.raises(ValueError, match=sentence):
            gan.fit(_images(8, 0), y=_images(8, 1), batch_size=8, verbose=0)


def test_penalties_that_a_model_does_not_apply_get_a_sentence():
    gan = _gan([R1(1.0)], variant=_WithoutPenalty)
    with pytest.raises(ValueError, match="penalties r1, received _WithoutPenalty"):
        gan.fit(_images(8, 0), batch_size=8, verbose=0)


def test_an_unfinished_penalty_cannot_be_made():
    class Half(Penalty):
        def points(self, real, fake):
            return real

    with pytest.raises(TypeError, match="abstract.*of_slopes"):
        Half()


def test_slopes_equal_the_norms_of_the_gradients():
    """Compares with the known gradient of a quadratic function."""
    images = np.random.default_rng(0).normal(size=(5, 4, 4, 1)).astype("float32")
    found = slopes(lambda x: ops.sum(ops.square(x), axis=(1, 2, 3)), images)
    norms = 2 * np.linalg.norm(images.reshape(5, -1), axis=1)
    np.testing.assert_allclose(ops.convert_to_numpy(found), norms, rtol=1e-5)
