# Style: a notebook, with the parameters in a dict after the data.
import numpy as np


def forward(X, params):
    cache = {"X": X}
    cache["Z1"] = X @ params["W1"] + params["b1"]
    cache["A1"] = np.tanh(cache["Z1"])
    cache["Z2"] = cache["A1"] @ params["W2"] + params["b2"]
    return cache["Z2"], cache


def backward(dZ2, cache, params):
    grads = {}
    grads["dW2"] = cache["A1"].T @ dZ2
    grads["db2"] = dZ2.sum(axis=0)
    dZ1 = (dZ2 @ params["W2"].T) * (1 - cache["A1"] ** 2)
    grads["dW1"] = cache["X"].T @ dZ1
    grads["db1"] = dZ1.sum(axis=0)
    return grads
