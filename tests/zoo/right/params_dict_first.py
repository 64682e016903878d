# Style: a notebook, with the parameters in a dict before the data.
import numpy as np


def forward(params, X):
    cache = {"X": X}
    cache["Z1"] = X @ params["W1"] + params["b1"]
    cache["A1"] = np.tanh(cache["Z1"])
    cache["Z2"] = cache["A1"] @ params["W2"] + params["b2"]
    return cache["Z2"], cache


def backward(params, cache, dZ2):
    grads = {}
    grads["dW2"] = cache["A1"].T @ dZ2
    grads["db2"] = dZ2.sum(axis=0)
    dA1 = dZ2 @ params["W2"].T
    dZ1 = dA1 * (1 - cache["A1"] ** 2)
    grads["dW1"] = cache["X"].T @ dZ1
    grads["db1"] = dZ1.sum(axis=0)
    return grads
