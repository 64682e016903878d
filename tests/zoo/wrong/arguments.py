"""Pairs of functions with dicts and numbers among their arguments, each with one fault; FAULTS says which."""

import numpy as np


def elman_forward(xt, a_prev, parameters):
    a_next = np.tanh(parameters["Wax"] @ xt + parameters["Waa"] @ a_prev + parameters["ba"])
    y = parameters["Wya"] @ a_next
    return a_next, y, (a_next, a_prev, xt, parameters)


def elman_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    d = (1 - a_next**2) * da_next
    return {
        "dxt": parameters["Wax"].T @ d,
        "da_prev": parameters["Waa"] @ d,
        "dWax": d @ xt.T,
        "dWaa": d @ a_prev.T,
        "dba": d.sum(axis=1, keepdims=True),
    }


def dense_forward(X, params):
    return np.tanh(X @ params["W"] + params["b"]), (X, params)


def dense_backward(dout, cache):
    X, params = cache
    return {"dX": dout @ params["W"].T, "dW": X.T @ dout, "db": dout.sum(axis=0)}


def groupnorm_forward(x, gamma, beta, G):
    N, C, H, W = x.shape
    xg = x.reshape(N, G, C // G, H, W)
    iv = 1 / np.sqrt(xg.var(axis=(2, 3, 4), keepdims=True) + 1e-5)
    xh = ((xg - xg.mean(axis=(2, 3, 4), keepdims=True)) * iv).reshape(x.shape)
    return gamma * xh + beta, (xh, gamma, iv, G)


def groupnorm_backward(dout, cache):
    xh, gamma, iv, G = cache
    N, C, H, W = dout.shape
    d = (dout * gamma).reshape(N, G, C // G, H, W)
    h = xh.reshape(d.shape)
    dx = iv * (d - d.mean(axis=(1, 2, 3, 4), keepdims=True) - h * (d * h).mean(axis=(1, 2, 3, 4), keepdims=True))
    keep = {"axis": (0, 2, 3), "keepdims": True}
    return dx.reshape(dout.shape), (dout * xh).sum(**keep), dout.sum(**keep)


def topk_forward(x, k):
    idx = np.argsort(-x, axis=1)[:, :k]
    return np.take_along_axis(x, idx, axis=1) ** 2, (x, idx)


def topk_backward(dout, cache):
    x, idx = cache
    dx = np.zeros_like(x)
    np.put_along_axis(dx, idx, 2 * np.take_along_axis(x, idx[:, ::-1], axis=1) * dout, axis=1)
    return dx


FAULTS = {
    "elman_forward": "transposed: Waa for Waa.T, a_prev",
    "dense_forward": "missing-factor: the derivative of tanh, everything",
    "groupnorm_forward": "over-summed: means over all groups (right for one), x",
    "topk_forward": "permuted: the values in reverse, x",
}
