"""Losses whose forward gives a value per sample, and another method their mean, of which backward is the gradient."""

import numpy as np


class Loss:
    """The base class: `calculate` gives what is minimised."""

    def remember_trainable_layers(self, trainable_layers):
        self.trainable_layers = trainable_layers

    def regularization_loss(self):
        return sum(layer.weight_regularizer_l2 * np.sum(layer.weights**2) for layer in self.trainable_layers)

    def calculate(self, output, y, *, include_regularization=False):
        sample_losses = self.forward(output, y)
        data_loss = np.mean(sample_losses)
        self.accumulated_sum = np.sum(sample_losses)
        if not include_regularization:
            return data_loss
        return data_loss, self.regularization_loss()


class MeanSquaredErrorLoss(Loss):
    def forward(self, y_pred, y_true):
        return np.mean((y_true - y_pred) ** 2, axis=-1)

    def backward(self, dvalues, y_true):
        samples = len(dvalues)
        outputs = len(dvalues[0])
        self.dinputs = -2 * (y_true - dvalues) / outputs
        self.dinputs = self.dinputs / samples


class CategoricalCrossentropyLoss(Loss):
    def forward(self, y_pred, y_true):
        if y_true.ndim == 1:
            return -np.log(y_pred[range(len(y_pred)), y_true])
        return -np.log(np.sum(y_pred * y_true, axis=1))

    def backward(self, dvalues, y_true):
        if y_true.ndim == 1:
            y_true = np.eye(dvalues.shape[1])[y_true]
        self.dinputs = -y_true / dvalues / len(dvalues)


class PerSampleLoss:
    """Called, it gives the mean."""

    def __call__(self, prediction, target):
        return self.forward(prediction, target).mean()


class SmoothLoss(PerSampleLoss):
    def forward(self, prediction, target):
        self.residual = prediction - target
        return np.sum(np.sqrt(1 + self.residual**2) - 1, axis=1)

    def backward(self):
        return self.residual / np.sqrt(1 + self.residual**2) / len(self.residual)


class LogitLoss:
    """The batch's loss is an average; the labels are given again."""

    def forward(self, logits, labels):
        shifted = logits - logits.max(axis=1, keepdims=True)
        self.log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        return -self.log_p[np.arange(len(labels)), labels]

    def batch_loss(self, logits, labels):
        each = self.forward(logits, labels)
        return np.average(each)

    def backward(self, logits, labels):
        grad = np.exp(self.log_p)
        grad[np.arange(len(labels)), labels] -= 1
        return grad / len(labels)


class TotalLoss:
    """The total is what is minimised: no mean here."""

    def forward(self, y_pred, y_true):
        return 0.5 * np.sum((y_pred - y_true) ** 2, axis=1)

    def total(self, y_pred, y_true):
        return np.sum(self.forward(y_pred, y_true))

    def backward(self, y_pred, y_true):
        return y_pred - y_true


class MeanAbsoluteErrorLoss(Loss):
    """Sizes are read off the prediction, whatever it is."""

    def forward(self, y_pred, y_true):
        return np.mean(np.abs(y_true - y_pred), axis=-1)

    def backward(self, dvalues, y_true):
        self.dinputs = np.sign(dvalues - y_true) / dvalues.size


class ElementwiseHuber(Loss):
    """A value for each entry, of the prediction's shape."""

    def forward(self, y_pred, y_true):
        r = y_pred - y_true
        return np.where(np.abs(r) < 1, 0.5 * r**2, np.abs(r) - 0.5)

    def backward(self, dvalues, y_true):
        self.dinputs = np.clip(dvalues - y_true, -1, 1) / dvalues.size


class WeightedByUpstream:
    """An upstream gradient for each sample, though the batch's loss is at hand too."""

    def forward(self, y_pred, y_true):
        self.r = y_pred - y_true
        return np.sum(self.r**2, axis=1)

    def mean_loss(self, y_pred, y_true):
        return self.forward(y_pred, y_true).mean()

    def backward(self, dout, y_true):
        return 2 * self.r * dout[:, None]


class PerSampleSquares:
    """Nothing reduces its values, and the gradient is that of their mean: a convention."""

    def forward(self, y_pred, y_true):
        self.d = y_pred - y_true
        return np.sum(self.d**2, axis=-1)

    def backward(self):
        return 2 * self.d / len(self.d)


class PerSampleSquaresAgain:
    def forward(self, y_pred, y_true):
        return np.mean((y_true - y_pred) ** 2, axis=-1)

    def backward(self, y_pred, y_true):
        return -2 * (y_true - y_pred) / y_pred.size


class HalfSquares:
    def loss(self, y, y_pred):
        return 0.5 * np.sum((y - y_pred) ** 2, axis=1)

    def gradient(self, y, y_pred):
        return (y_pred - y) / len(y)
