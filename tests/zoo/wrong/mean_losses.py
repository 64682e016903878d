"""Losses whose forward gives a value per sample and another method their mean, each with one fault; FAULTS says which."""

import numpy as np


class Loss:
    def calculate(self, output, y):
        return np.mean(self.forward(output, y))


class MeanSquares(Loss):
    def forward(self, y_pred, y_true):
        return np.mean((y_true - y_pred) ** 2, axis=-1)

    def backward(self, dvalues, y_true):
        self.dinputs = -2 * (y_true - dvalues) / len(dvalues[0])


class MeanAbsolute(Loss):
    def forward(self, y_pred, y_true):
        return np.mean(np.abs(y_true - y_pred), axis=-1)

    def backward(self, dvalues, y_true):
        self.dinputs = np.sign(y_true - dvalues) / dvalues.size


class MeanCrossentropy(Loss):
    def forward(self, y_pred, y_true):
        return -np.log(y_pred[range(len(y_pred)), y_true])

    def backward(self, dvalues, y_true):
        self.dinputs = -np.eye(dvalues.shape[1])[y_true] / dvalues / dvalues.shape[1]


class TotalSquares:
    def forward(self, y_pred, y_true):
        return 0.5 * np.sum((y_pred - y_true) ** 2, axis=1)

    def total(self, y_pred, y_true):
        return np.sum(self.forward(y_pred, y_true))

    def backward(self, y_pred, y_true):
        return (y_pred - y_true) / len(y_pred)


class PerSample:
    def forward(self, y_pred, y_true):
        return np.mean((y_true - y_pred) ** 2, axis=-1)

    def backward(self, y_pred, y_true):
        return (y_pred - y_true) / y_pred.size


class PerSampleObjective:
    def loss(self, y, y_pred):
        return 0.5 * np.sum((y - y_pred) ** 2, axis=1)

    def gradient(self, y, y_pred):
        return (y_pred - y) / y.shape[1]


FAULTS = {
    "PerSample": "neither the sum's gradient nor the mean's: half of that",
    "PerSampleObjective": "divided by the number of outputs",
    "MeanSquares": "the gradient of the sum, where calculate gives the mean",
    "MeanAbsolute": "the sign",
    "MeanCrossentropy": "divided by the number of classes",
    "TotalSquares": "the gradient of the mean, where total gives the sum",
}
