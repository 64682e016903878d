"""Pairs of functions with a cache, each with one fault; FAULTS says which, by the forward function."""

# ruff: noqa: B006  (this is how they are written)

import numpy as np


def affine_forward(x, w, b):
    """x (N, d_1, ..., d_k), w (D, M), b (M,)."""
    out = x.reshape(x.shape[0], -1).dot(w) + b
    cache = (x, w, b)
    return out, cache


def affine_backward(dout, cache):
    x, w, _ = cache
    dx = dout.dot(w.T).reshape(x.shape)
    dw = x.reshape(x.shape[0], -1).T.dot(dout)
    db = dout.sum(axis=1)
    return dx, dw, db


def relu_forward(x):
    out = np.maximum(0, x)
    return out, x


def relu_backward(dout, cache):
    return dout * (cache > 0) * cache


def leaky_relu_forward(x, alpha=0.2):
    out = np.where(x > 0, x, alpha * x)
    return out, (x, alpha)


def leaky_relu_backward(dout, cache):
    x, alpha = cache
    return dout * np.where(x > 0, 1, alpha * x)


def affine_relu_forward(x, w, b):
    a = x @ w + b
    out = np.maximum(a, 0)
    return out, (x, w, a)


def affine_relu_backward(dout, cache):
    x, w, a = cache
    da = dout * (a > 0)
    return da @ w.T, x.T @ dout, da.sum(axis=0)


def linear_forward(A, W, b):
    """Features by samples: Z = W A + b."""
    Z = np.dot(W, A) + b
    return Z, (A, W, b)


def linear_backward(dZ, cache):
    A, W, _ = cache
    m = A.shape[1]
    dW = np.dot(dZ, A.T) / m
    db = np.sum(dZ, axis=1, keepdims=True)
    dA = np.dot(W.T, dZ)
    return dA, dW, db


def batchnorm_forward(x, gamma, beta, eps=1e-5):
    mu = x.mean(axis=0)
    var = x.var(axis=0)
    std = np.sqrt(var + eps)
    xhat = (x - mu) / std
    return gamma * xhat + beta, (xhat, gamma, std)


def batchnorm_backward(dout, cache):
    xhat, gamma, std = cache
    dgamma = np.sum(dout * xhat, axis=0)
    dbeta = np.sum(dout, axis=0)
    dxhat = dout * gamma
    dx = (dxhat - dxhat.mean(axis=0)) / std
    return dx, dgamma, dbeta


def batchnorm_train_forward(x, gamma, beta, bn_param=None):
    """Running statistics in a dict; its mode says whether they are used."""
    bn_param = {} if bn_param is None else bn_param
    mode = bn_param.get("mode", "train")
    d = x.shape[1]
    mean = bn_param.setdefault("running_mean", np.zeros(d))
    var = bn_param.setdefault("running_var", np.ones(d))
    if mode == "train":
        mu, sigma2 = x.mean(axis=0), x.var(axis=0)
        bn_param["running_mean"] = 0.9 * mean + 0.1 * mu
        bn_param["running_var"] = 0.9 * var + 0.1 * sigma2
    else:
        mu, sigma2 = mean, var
    istd = 1 / np.sqrt(sigma2 + 1e-5)
    xhat = (x - mu) * istd
    return gamma * xhat + beta, (mode, xhat, gamma, istd)


def batchnorm_train_backward(dout, cache):
    mode, xhat, gamma, istd = cache
    d = dout * gamma
    dgamma, dbeta = (dout * xhat).sum(axis=0), dout.sum(axis=0)
    if mode == "test":
        return dout * istd, dgamma, dbeta
    return istd * (d - d.mean(axis=0) - xhat * (d * xhat).mean(axis=0)), dgamma, dbeta


def layernorm_forward(x, gamma, beta):
    mu = x.mean(axis=1, keepdims=True)
    istd = 1 / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
    xhat = (x - mu) * istd
    return gamma * xhat + beta, (xhat, gamma, istd)


def layernorm_backward(dout, cache):
    xhat, gamma, istd = cache
    n, _ = dout.shape
    dxhat = dout * gamma
    s1 = dxhat.sum(axis=1, keepdims=True)
    s2 = (dxhat * xhat).sum(axis=1, keepdims=True)
    dx = istd * (dxhat - s1 / n - xhat * s2 / n)
    return dx, (dout * xhat).sum(axis=0), dout.sum(axis=0)


def dropout_forward(x, p=0.4, train=True, seed=3):
    if not train:
        return x.copy(), (None, p)
    mask = np.random.default_rng(seed).random(x.shape) > p
    return x * mask / (1 - p), (mask, p)


def dropout_backward(dout, cache):
    mask, p = cache
    if mask is None:
        return dout / (1 - p)
    return dout * mask / (1 - p)


def scale_forward(x, gamma, beta, memo={}):
    memo.setdefault("x", x)
    return x * gamma + beta, (gamma, memo)


def scale_backward(dout, cache):
    gamma, memo = cache
    dx = dout * gamma
    dgamma = (dout * memo["x"]).sum(axis=0)
    dbeta = dout.sum(axis=0)
    return dx, dgamma, dbeta


def conv_forward(x, w, b, stride=1, pad=1):
    n, _, h, wd = x.shape
    f, _, hh, ww = w.shape
    oh, ow = 1 + (h + 2 * pad - hh) // stride, 1 + (wd + 2 * pad - ww) // stride
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    out = np.zeros((n, f, oh, ow))
    for i in range(oh):
        for j in range(ow):
            win = xp[:, :, i * stride : i * stride + hh, j * stride : j * stride + ww]
            out[:, :, i, j] = np.tensordot(win, w, ([1, 2, 3], [1, 2, 3])) + b
    return out, (x, w, b, stride, pad)


def conv_backward(dout, cache):
    x, w, _, stride, pad = cache
    _, _, h, wd = x.shape
    _, _, hh, ww = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    dxp, dw = np.zeros_like(xp), np.zeros_like(w)
    for i in range(dout.shape[2] - (pad > 0)):
        for j in range(dout.shape[3]):
            si, sj = i * stride, j * stride
            dw += np.tensordot(dout[:, :, i, j], xp[:, :, si : si + hh, sj : sj + ww], (0, 0))
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            si, sj = i * stride, j * stride
            dxp[:, :, si : si + hh, sj : sj + ww] += np.tensordot(dout[:, :, i, j], w, (1, 0))
    return dxp[:, :, pad : pad + h, pad : pad + wd], dw, dout.sum(axis=(0, 2, 3))


def strided_conv_forward(x, w, stride=2):
    """One dimension, one channel: x (N, L), w (k,)."""
    k = w.size
    steps = (x.shape[1] - k) // stride + 1
    out = np.stack([x[:, t * stride : t * stride + k] @ w for t in range(steps)], axis=1)
    return out, (x, w, stride)


def strided_conv_backward(dout, cache):
    x, w, stride = cache
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    k = w.size
    for t in range(dout.shape[1]):
        dx[:, t : t + k] += dout[:, t : t + 1] * w
        dw += dout[:, t] @ x[:, t * stride : t * stride + k]
    return dx, dw


def max_pool_forward(x, pool_height=2, pool_width=2, stride=1):
    n, c, h, w = x.shape
    oh, ow = (h - pool_height) // stride + 1, (w - pool_width) // stride + 1
    out = np.zeros((n, c, oh, ow))
    for i in range(oh):
        for j in range(ow):
            out[:, :, i, j] = x[:, :, i * stride :, j * stride :][:, :, :pool_height, :pool_width].max(axis=(2, 3))
    return out, (x, pool_height, pool_width, stride)


def max_pool_backward(dout, cache):
    x, ph, pw, s = cache
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(*dout.shape):
        win = x[n, c, i * s : i * s + ph, j * s : j * s + pw]
        r, q = np.unravel_index(win.argmax(), win.shape)
        dx[n, c, i * s + r, j * s + q] = dout[n, c, i, j]
    return dx


def word_embedding_forward(x, W):
    return W[x, :], (x, W.shape)


def word_embedding_backward(dout, cache):
    x, shape = cache
    dW = np.zeros(shape)
    dW[x] += dout
    return dW


def rnn_step_forward(x, prev_h, Wx, Wh, b):
    next_h = np.tanh(x @ Wx + prev_h @ Wh + b)
    return next_h, (x, prev_h, Wx, Wh, next_h)


def rnn_step_backward(dnext_h, cache):
    x, prev_h, Wx, Wh, next_h = cache
    da = dnext_h * (1 - next_h**2)
    dx = da @ Wx.T
    dprev_h = da @ Wh
    return dx, dprev_h, x.T @ da, prev_h.T @ da, da.sum(axis=0)


def temporal_affine_forward(x, w, b):
    n, t, d = x.shape
    out = x.reshape(n * t, d) @ w + b
    return out.reshape(n, t, -1), (x, w)


def temporal_affine_backward(dout, cache):
    x, w = cache
    n, t, d = x.shape
    flat = dout.reshape(n * t, -1)
    dx = (flat @ w.T).reshape(t, n, d).transpose(1, 0, 2)
    dw = x.reshape(n * t, d).T @ flat
    return dx, dw, flat.sum(axis=0)


def sigmoid_forward(Z):
    A = 0.5 * (1 + np.tanh(0.5 * Z))
    return A, Z


def sigmoid_backward(dA, cache):
    s = 0.5 * (1 + np.tanh(0.5 * cache))
    return dA * s * (1 - s) / dA.shape[0]


def softmax_forward(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    y = e / e.sum(axis=1, keepdims=True)
    return y, y


def softmax_backward(dout, y):
    return y * (dout - np.sum(dout * y, axis=0, keepdims=True))


def normalize_forward(x, eps=1e-3):
    norm = np.sqrt((x**2).sum(axis=1, keepdims=True) + eps)
    return x / norm, (x, norm)


def normalize_backward(dout, cache):
    x, norm = cache
    return dout / norm - x * (dout * x).sum(axis=1, keepdims=True) / norm**2


def attention_forward(Q, K, V):
    """One sequence: Q (m, d), K (n, d), V (n, e)."""
    S = Q @ K.T / np.sqrt(K.shape[1])
    E = np.exp(S - S.max(axis=1, keepdims=True))
    P = E / E.sum(axis=1, keepdims=True)
    return P @ V, (Q, K, V, P)


def attention_backward(dO, cache):
    Q, K, V, P = cache
    dV = P.T @ dO
    dP = dO @ V.T
    dS = P * (dP - (dP * P).sum(axis=1, keepdims=True)) / np.sqrt(K.shape[0])
    return dS @ K, dS.T @ Q, dV


FAULTS = {
    "affine_forward": "over the wrong axis (wrong-shape): b",
    "relu_forward": "missing-factor (one too many): times x, x",
    "leaky_relu_forward": "branch: alpha * x for alpha where x <= 0, x",
    "affine_relu_forward": "missing-factor: the mask forgotten, w",
    "linear_forward": "factor: divided by the batch size, on W only",
    "batchnorm_forward": "missing-term: the variance's path, x",
    "batchnorm_train_forward": "missing-factor in test mode only: gamma forgotten, x",
    "layernorm_forward": "factor in two terms: divided by n instead of d (right where square), x",
    "dropout_forward": "factor in eval mode only: x",
    "scale_forward": "stale-cache: a mutable default keeps the first x, gamma",
    "conv_forward": "off-by-one border: the last row of outputs left out for pad > 0, w",
    "strided_conv_forward": "wrong-values: stride forgotten (right for stride 1), x",
    "max_pool_forward": "overwritten: = instead of += where overlapping windows share their maximum, x",
    "word_embedding_forward": "overwritten: fancy += at repeated words, W",
    "rnn_step_forward": "transposed: Wh for Wh.T, prev_h",
    "temporal_affine_forward": "permuted: reshaped as steps by samples, x",
    "sigmoid_forward": "factor: divided by the batch size, x (the only gradient)",
    "softmax_forward": "over the wrong axis: x",
    "normalize_forward": "missing-factor in one term: norm**2 for norm**3, x",
    "attention_forward": "factor: scale by the keys' number instead of their width, Q and K",
}
