"""Three functions on rows: a softmax on top, the labels one-hot, the weights handed to backward again."""

import numpy as np


def model_forward(x, params):
    h = np.maximum(x @ params["W1"] + params["b1"], 0)
    z = h @ params["W2"] + params["b2"]
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True), (h,)


def cross_entropy_loss(probs, y):
    return -np.sum(y * np.log(probs)) / len(y)


def model_backward(x, y, probs, params, cache):
    (h,) = cache
    d = (probs - y) / len(y)
    dh = d @ params["W2"].T * (h > 0)
    return {"W2": h.T @ d, "b2": d.sum(axis=0), "W1": x.T @ dh, "b1": dh.sum(axis=0)}
