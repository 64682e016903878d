"""Pairs of functions with numbers among their arguments: groups, heads, windows, strides, paddings."""

import numpy as np


def groupnorm_forward(x, gamma, beta, G, eps=1e-5):
    N, C, H, W = x.shape
    xg = x.reshape(N, G, C // G, H, W)
    mu = xg.mean(axis=(2, 3, 4), keepdims=True)
    iv = 1 / np.sqrt(xg.var(axis=(2, 3, 4), keepdims=True) + eps)
    xh = ((xg - mu) * iv).reshape(x.shape)
    return gamma * xh + beta, (xh, gamma, iv, G)


def groupnorm_backward(dout, cache):
    xh, gamma, iv, G = cache
    N, C, H, W = dout.shape
    dbeta = dout.sum(axis=(0, 2, 3), keepdims=True)
    dgamma = (dout * xh).sum(axis=(0, 2, 3), keepdims=True)
    d = (dout * gamma).reshape(N, G, C // G, H, W)
    h = xh.reshape(d.shape)
    dx = iv * (d - d.mean(axis=(2, 3, 4), keepdims=True) - h * (d * h).mean(axis=(2, 3, 4), keepdims=True))
    return dx.reshape(dout.shape), dgamma, dbeta


def heads_forward(x, W, num_heads):
    n, s, d = x.shape
    z = x @ W
    h = np.tanh(z.reshape(n, s, num_heads, d // num_heads).sum(axis=-1))
    return h, (x, W, h, num_heads)


def heads_backward(dout, cache):
    x, W, h, num_heads = cache
    n, s, d = x.shape
    dz = np.repeat(dout * (1 - h**2), d // num_heads, axis=-1)
    return dz @ W.T, np.einsum("nsd,nse->de", x, dz)


def topk_forward(x, k):
    idx = np.argsort(-x, axis=1)[:, :k]
    return np.take_along_axis(x, idx, axis=1), (x.shape, idx)


def topk_backward(dout, cache):
    shape, idx = cache
    dx = np.zeros(shape)
    np.put_along_axis(dx, idx, dout, axis=1)
    return dx


def conv1d_forward(x, w, b, stride, pad):
    N, C, L = x.shape
    F, _, K = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad)))
    Lo = (L + 2 * pad - K) // stride + 1
    out = np.zeros((N, F, Lo))
    for i in range(Lo):
        out[:, :, i] = np.tensordot(xp[:, :, i * stride : i * stride + K], w, axes=([1, 2], [1, 2])) + b
    return out, (xp, w, stride, pad, L)


def conv1d_backward(dout, cache):
    xp, w, stride, pad, L = cache
    K = w.shape[2]
    dxp, dw = np.zeros_like(xp), np.zeros_like(w)
    for i in range(dout.shape[2]):
        d = dout[:, :, i]
        dxp[:, :, i * stride : i * stride + K] += np.tensordot(d, w, axes=(1, 0))
        dw += np.tensordot(d, xp[:, :, i * stride : i * stride + K], axes=(0, 0))
    return dxp[:, :, pad : pad + L], dw, dout.sum(axis=(0, 2))


def avgpool_forward(x, pool_size):
    N, C, H, W = x.shape
    out = x.reshape(N, C, H // pool_size, pool_size, W // pool_size, pool_size).mean(axis=(3, 5))
    return out, pool_size


def avgpool_backward(dout, pool_size):
    return dout.repeat(pool_size, axis=2).repeat(pool_size, axis=3) / pool_size**2


def first_classes_forward(x, W, n_classes):
    h = x @ W[:, :n_classes]
    return h, (x, W, n_classes)


def first_classes_backward(dout, cache):
    x, W, k = cache
    dW = np.zeros_like(W)
    dW[:, :k] = x.T @ dout
    return dout @ W[:, :k].T, dW
