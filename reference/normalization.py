"""Normalisation to mean 0 and variance 1: over the samples of each feature, or over the features of each sample.

Both share this: with the mean m and the variance v of M numbers, s = sqrt(v + epsilon) and y = (x - m) / s,
each x[i] goes into every y[k] three times: directly, through m and through v. With dv/dx[i] = 2 (x[i] - m) / M,

    dy[k]/dx[i] = ([k = i] - 1/M - y[k] y[i] / M) / s

and summed over k with an upstream gradient g, where mean() is over the M numbers,

    dx = (g - mean(g) - y mean(g y)) / s

What g has in common with a constant, and with y itself, is taken out: shifting or stretching x changes nothing
in y. (The second is exact only for epsilon = 0, but the formula holds for any: y here has the s that was
divided by.)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from reference._arrays import Array, constant, floating, misfit, not_run, upstream

Axes = tuple[int, ...]


class BatchNorm:
    """out = gamma y + beta, with y = (x - m) / sqrt(v + epsilon) for each feature: with m and v of the batch.

    gamma and beta are repeated along all axes but the feature's, so their gradients are summed over these:

        dgamma = sum(dout y)        dbeta = sum(dout)        g = dout gamma

    and dx follows from g as derived above. Without `train` m and v are the running statistics, which are
    constants: dx = g / sqrt(v + epsilon), and the other two are as before.

    x: (N, D, ...), features along axis 1; an image's channels are its features. gamma, beta: (D,). Each forward in
    training moves the running statistics towards the batch's, from mean 0 and variance 1 at the start:

        running = momentum * running + (1 - momentum) * batch

    where the variance is the mean squared deviation. Integers are taken as float64, other dtypes are kept.
    backward returns dx and stores dgamma and dbeta, new arrays each time. gamma and beta are the caller's arrays,
    not copies, so that an optimiser can update them in place: run backward before it does.
    Raises ValueError for shapes that do not fit and for no samples in training, RuntimeError for backward before
    forward.
    """

    def __init__(self, gamma: ArrayLike, beta: ArrayLike, momentum: float = 0.9, epsilon: float = 1e-5) -> None:
        self.gamma: Array = np.asarray(gamma)
        self.beta: Array = np.asarray(beta)
        self.momentum = momentum
        self.epsilon = epsilon
        self.running_mean: Array = np.zeros(self.gamma.shape)
        self.running_var: Array = np.ones(self.gamma.shape)
        self.y: Array | None = None
        self.dgamma: Array | None = None
        self.dbeta: Array | None = None

    def forward(self, x: ArrayLike, train: bool = True) -> Array:
        """gamma y + beta, a new array of x's shape."""
        x, gamma, beta = floating(x), floating(self.gamma), floating(self.beta)
        features = x.shape[1:2]
        if not features:
            raise ValueError(f"BatchNorm.forward: x of shape {x.shape} has no features: expected (N, D, ...)")
        for name, array in (("gamma", gamma), ("beta", beta)):
            if array.shape != features:
                need = f"{name} needs the shape {features}, one number for each feature"
                raise misfit("BatchNorm", name, array.shape, "x", x.shape, need)
        self._axes, self._train = (0, *range(2, x.ndim)), train
        if train:
            if x.size == 0:
                raise ValueError(f"BatchNorm.forward: x of shape {x.shape} has no sample: a mean needs one at least")
            mean, var = _statistics(x, self._axes)
            self._remember(mean.reshape(features), var.reshape(features))
        else:
            mean, var = (self._wide(v, x).astype(x.dtype) for v in (self.running_mean, self.running_var))
        self._deviation = np.sqrt(var + constant(self.epsilon, x))
        self.y = np.asarray((x - mean) / self._deviation)
        out = np.asarray(self._wide(gamma, x) * self.y + self._wide(beta, x))
        self._out_dtype = out.dtype
        return out

    def backward(self, dout: ArrayLike) -> Array:
        """dx, of x's shape; dgamma and dbeta are stored."""
        if self.y is None:
            raise not_run("BatchNorm")
        dout = upstream(dout, self.y.shape, self._out_dtype, "BatchNorm")
        self.dgamma = np.sum(dout * self.y, axis=self._axes)
        self.dbeta = np.sum(dout, axis=self._axes)
        g = dout * self._wide(floating(self.gamma), dout)
        return _gradient(g, self.y, self._deviation, self._axes) if self._train else np.asarray(g / self._deviation)

    def _remember(self, mean: Array, var: Array) -> None:
        """Moves the running statistics; new arrays, so that one that was looked up stays what it was."""
        self.running_mean = self.momentum * self.running_mean + (1 - self.momentum) * mean
        self.running_var = self.momentum * self.running_var + (1 - self.momentum) * var

    def _wide(self, values: Array, x: Array) -> Array:
        """One number for each feature, shaped to broadcast against x."""
        return values.reshape(-1, *(1 for _ in x.shape[2:]))


class LayerNorm:
    """out = gamma y + beta, with y = (x - m) / sqrt(v + epsilon) for each sample: m and v are over the last axis.

    gamma and beta are repeated along all other axes, so their gradients are summed over these:

        dgamma = sum(dout y)        dbeta = sum(dout)        g = dout gamma

    and dx follows from g as derived above, where mean() is over the last axis.

    x: (..., D). gamma, beta: (D,). There is no difference between training and use. Dtypes, errors, and whose
    arrays are whose are as for BatchNorm.
    """

    def __init__(self, gamma: ArrayLike, beta: ArrayLike, epsilon: float = 1e-5) -> None:
        self.gamma: Array = np.asarray(gamma)
        self.beta: Array = np.asarray(beta)
        self.epsilon = epsilon
        self.y: Array | None = None
        self.dgamma: Array | None = None
        self.dbeta: Array | None = None

    def forward(self, x: ArrayLike) -> Array:
        """gamma y + beta, a new array of x's shape."""
        x, gamma, beta = floating(x), floating(self.gamma), floating(self.beta)
        features = x.shape[-1:]
        if not features or features == (0,):
            raise ValueError(f"LayerNorm.forward: x of shape {x.shape} has no features: expected (..., D)")
        for name, array in (("gamma", gamma), ("beta", beta)):
            if array.shape != features:
                need = f"{name} needs the shape {features}, one number for each feature"
                raise misfit("LayerNorm", name, array.shape, "x", x.shape, need)
        mean, var = _statistics(x, (-1,))
        self._deviation = np.sqrt(var + constant(self.epsilon, x))
        self.y = np.asarray((x - mean) / self._deviation)
        out = np.asarray(gamma * self.y + beta)
        self._out_dtype = out.dtype
        return out

    def backward(self, dout: ArrayLike) -> Array:
        """dx, of x's shape; dgamma and dbeta are stored."""
        if self.y is None:
            raise not_run("LayerNorm")
        dout = upstream(dout, self.y.shape, self._out_dtype, "LayerNorm")
        others = tuple(range(self.y.ndim - 1))
        self.dgamma = np.array(np.sum(dout * self.y, axis=others))
        self.dbeta = np.array(np.sum(dout, axis=others))
        return _gradient(dout * floating(self.gamma), self.y, self._deviation, (-1,))


def _statistics(x: Array, axes: Axes) -> tuple[Array, Array]:
    """Mean and mean squared deviation over these axes, which stay as axes of length 1."""
    mean = np.mean(x, axis=axes, keepdims=True)
    with np.errstate(under="ignore"):
        return mean, np.mean(np.square(x - mean), axis=axes, keepdims=True)


def _gradient(g: Array, y: Array, deviation: Array, axes: Axes) -> Array:
    """dx = (g - mean(g) - y mean(g y)) / s."""
    with np.errstate(under="ignore"):
        along_y = y * np.mean(g * y, axis=axes, keepdims=True)
        return np.asarray((g - np.mean(g, axis=axes, keepdims=True) - along_y) / deviation)
