"""Labels that are told apart from classes, and rows that are not counted for them."""

import numpy as np


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


class TimeSoftmaxWithLoss:
    def __init__(self):
        self.ignore_label = -1

    def forward(self, xs, ts):
        N, T, V = xs.shape
        mask = ts != self.ignore_label
        xs, ts, mask = xs.reshape(N * T, V), ts.reshape(N * T), mask.reshape(N * T)
        ys = softmax(xs)
        ls = np.log(ys[np.arange(N * T), ts]) * mask
        self.cache = ts, ys, mask, (N, T, V)
        return -ls.sum() / mask.sum()

    def backward(self, dout=1):
        ts, ys, mask, shape = self.cache
        dx = ys.copy()
        dx[np.arange(len(ts)), ts] -= 1
        dx *= dout / mask.sum()
        dx *= mask[:, np.newaxis]
        return dx.reshape(shape)


def masked_loss(scores, y, ignore_index=255):
    """scores: (n, c)"""
    keep = y != ignore_index
    safe = np.where(keep, y, 0)
    p = softmax(scores)
    count = max(keep.sum(), 1)
    loss = -np.sum(np.log(p[np.arange(len(y)), safe]) * keep) / count
    dscores = p.copy()
    dscores[np.arange(len(y)), safe] -= 1
    return loss, dscores * keep[:, None] / count


class SkipsUnknown:
    def forward(self, scores, labels):
        keep = labels >= 0
        self.seen = labels[labels != -1]
        self.p, self.keep = softmax(scores), keep
        return -np.log(self.p[keep, self.seen]).sum()

    def backward(self):
        d = np.where(self.keep[:, None], self.p, 0.0)
        d[np.flatnonzero(self.keep), self.seen] -= 1
        return d


def weighted_loss(scores, y, class_weights, ignore_index=-1):
    """scores: (n, c), class_weights: (c,)"""
    keep = y != ignore_index
    safe = np.where(keep, y, 0)
    w = class_weights[safe] * keep
    p = softmax(scores)
    loss = -np.sum(w * np.log(p[np.arange(len(y)), safe]))
    dscores = p.copy()
    dscores[np.arange(len(y)), safe] -= 1
    return loss, dscores * w[:, None]
