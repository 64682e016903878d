# Style: forward returns nothing (or self) and leaves the result in self.output / out / y / a; backward often leaves self.dinputs.
import numpy as np


class Layer_Dense:
    def __init__(self, n_inputs, n_neurons):
        self.weights = 0.1 * np.random.randn(n_inputs, n_neurons)
        self.biases = np.zeros((1, n_neurons))

    def forward(self, inputs):
        self.inputs = inputs
        self.output = np.dot(inputs, self.weights) + self.biases

    def backward(self, dvalues):
        self.dweights = np.dot(self.inputs.T, dvalues)
        self.dbiases = np.sum(dvalues, axis=0, keepdims=True)
        self.dinputs = np.dot(dvalues, self.weights.T)


class Activation_ReLU:
    def forward(self, inputs):
        self.inputs = inputs
        self.output = np.maximum(0, inputs)

    def backward(self, dvalues):
        self.dinputs = dvalues.copy()
        self.dinputs[self.inputs <= 0] = 0


class Activation_Softmax:
    def forward(self, inputs):
        exp_values = np.exp(inputs - np.max(inputs, axis=1, keepdims=True))
        probabilities = exp_values / np.sum(exp_values, axis=1, keepdims=True)
        self.output = probabilities

    def backward(self, dvalues):
        self.dinputs = np.empty_like(dvalues)
        for index, (single_output, single_dvalues) in enumerate(zip(self.output, dvalues)):
            single_output = single_output.reshape(-1, 1)
            jacobian_matrix = np.diagflat(single_output) - np.dot(single_output, single_output.T)
            self.dinputs[index] = np.dot(jacobian_matrix, single_dvalues)


class Layer_Dropout:
    def __init__(self, rate):
        # invert: rate 0.1 keeps 0.9
        self.rate = 1 - rate

    def forward(self, inputs, training=True):
        self.inputs = inputs
        if not training:
            self.output = inputs.copy()
            self.binary_mask = np.ones_like(inputs)
            return
        self.binary_mask = np.random.binomial(1, self.rate, size=inputs.shape) / self.rate
        self.output = inputs * self.binary_mask

    def backward(self, dvalues):
        self.dinputs = dvalues * self.binary_mask


class Layer_Scale:
    def __init__(self, n):
        self.weights = np.random.rand(n) + 0.5

    def forward(self, inputs):
        self.inputs = inputs
        self.output = inputs * self.weights

    def backward(self, dvalues):
        self.dweights = (dvalues * self.inputs).sum(axis=0)
        self.dinputs = dvalues * self.weights


class Loss:
    def forward(self, y_pred, y_true):
        self.output = np.mean(self.sample_losses(y_pred, y_true))

    def sample_losses(self, y_pred, y_true):
        raise NotImplementedError


class Loss_MeanSquaredError(Loss):
    # backward is called with the predictions: loss.backward(activation.output, y)
    def sample_losses(self, y_pred, y_true):
        return np.mean((y_true - y_pred) ** 2, axis=-1)

    def backward(self, dvalues, y_true):
        samples = len(dvalues)
        outputs = len(dvalues[0])
        self.dinputs = -2 * (y_true - dvalues) / outputs
        self.dinputs = self.dinputs / samples


class Loss_CategoricalCrossentropy(Loss):
    def sample_losses(self, y_pred, y_true):
        samples = len(y_pred)
        if len(y_true.shape) == 1:
            correct_confidences = y_pred[range(samples), y_true]
        else:
            correct_confidences = np.sum(y_pred * y_true, axis=1)
        return -np.log(correct_confidences)

    def backward(self, dvalues, y_true):
        samples = len(dvalues)
        labels = len(dvalues[0])
        if len(y_true.shape) == 1:
            y_true = np.eye(labels)[y_true]
        self.dinputs = -y_true / dvalues
        self.dinputs = self.dinputs / samples


class Neurons:
    # returns self for chaining
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out)
        self.b = np.random.randn(n_out)

    def forward(self, x):
        self.x = x
        self.a = np.tanh(x @ self.W + self.b)
        return self

    def backward(self, da):
        dz = da * (1 - self.a ** 2)
        self.dW = self.x.T @ dz
        self.db = dz.sum(axis=0)
        return dz @ self.W.T


class Square:
    def forward(self, x):
        self.x = x
        self.out = x ** 2
        return self

    def backward(self, dout):
        return 2 * self.x * dout


class MiddleLayer:
    def __init__(self, n_upper, n):
        self.w = np.random.randn(n_upper, n) * 0.5
        self.b = np.zeros(n)

    def forward(self, x):
        self.x = x
        u = np.dot(x, self.w) + self.b
        self.y = 1 / (1 + np.exp(-u))

    def backward(self, grad_y):
        delta = grad_y * (1 - self.y) * self.y
        self.grad_w = np.dot(self.x.T, delta)
        self.grad_b = np.sum(delta, axis=0)
        self.grad_x = np.dot(delta, self.w.T)

    def update(self, eta):
        self.w -= eta * self.grad_w
        self.b -= eta * self.grad_b


class OutputLayer:
    """Identity output with a squared error; backward takes the target."""

    def __init__(self, n_upper, n):
        self.w = np.random.randn(n_upper, n) * 0.5
        self.b = np.zeros(n)

    def forward(self, x):
        self.x = x
        self.y = np.dot(x, self.w) + self.b

    def error(self, t):
        return 0.5 * np.sum((self.y - t) ** 2)

    def backward(self, t):
        delta = self.y - t
        self.grad_w = np.dot(self.x.T, delta)
        self.grad_b = np.sum(delta, axis=0)
        self.grad_x = np.dot(delta, self.w.T)


class Flatten:
    def forward(self, x):
        self.shape = x.shape
        self.out = x.reshape(len(x), -1)

    def backward(self, dout):
        self.dx = dout.reshape(self.shape)


class GlobalAverage:
    def forward(self, x):
        self.x_shape = x.shape
        self.out = x.mean(axis=(2, 3))

    def backward(self, dout):
        n, c, h, w = self.x_shape
        self.dx = np.broadcast_to(dout[:, :, None, None], self.x_shape) / (h * w)
