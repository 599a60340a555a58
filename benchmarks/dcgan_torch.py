"""The same networks and the same step in plain PyTorch, channels-last."""

import contextlib

import numpy as np
import torch
from torch import nn
from torch.nn import functional

BATCH_SIZE = 128


def _generator():
    return nn.Sequential(
        nn.Linear(100, 7 * 7 * 128, bias=False),
        nn.Unflatten(1, (128, 7, 7)),
        nn.BatchNorm2d(128),
        nn.ReLU(),
        nn.ConvTranspose2d(128, 64, 5, 2, padding=2, output_padding=1, bias=False),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.ConvTranspose2d(64, 1, 5, 2, padding=2, output_padding=1),
        nn.Tanh(),
    ).to(memory_format=torch.channels_last)


def _discriminator():
    return nn.Sequential(
        nn.Conv2d(1, 64, 5, 2, padding=2),
        nn.LeakyReLU(0.2),
        nn.Conv2d(64, 128, 5, 2, padding=2, bias=False),
        nn.BatchNorm2d(128),
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        nn.Linear(7 * 7 * 128, 1),
    ).to(memory_format=torch.channels_last)


def build(precision):
    """Returns a function that trains a number of steps."""
    torch.manual_seed(0)
    generator, discriminator = _generator(), _discriminator()
    g_optimizer = torch.optim.Adam(generator.parameters(), 2e-4, (0.5, 0.999))
    d_optimizer = torch.optim.Adam(discriminator.parameters(), 2e-4, (0.5, 0.999))
    rng = np.random.default_rng(0)
    images = torch.from_numpy(rng.integers(0, 256, (6400, 1, 28, 28), "uint8"))

    def autocast():
        if precision == "float32":
            return contextlib.nullcontext()
        return torch.autocast("cpu", torch.bfloat16)

    def step():
        chosen = images[torch.randint(len(images), (BATCH_SIZE,))]
        real = chosen.to(memory_format=torch.channels_last).float() / 127.5 - 1
        with autocast():
            with torch.no_grad():
                fake = generator(torch.randn(BATCH_SIZE, 100))
            real_logits = discriminator(real)
            fake_logits = discriminator(fake)
            d_loss = (
                functional.softplus(-real_logits.float()).mean()
                + functional.softplus(fake_logits.float()).mean()
            )
        d_optimizer.zero_grad()
        d_loss.backward()
        d_optimizer.step()
        discriminator.requires_grad_(False)
        with autocast():
            fake_logits = discriminator(generator(torch.randn(BATCH_SIZE, 100)))
            g_loss = functional.softplus(-fake_logits.float()).mean()
        g_optimizer.zero_grad()
        g_loss.backward()
        g_optimizer.step()
        discriminator.requires_grad_(True)

    def train(steps):
        for _ in range(steps):
            step()

    return train
