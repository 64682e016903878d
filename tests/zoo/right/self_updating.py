# Style: no gradients kept; the weights are updated inside backward by a learning rate argument, a constructor's rate or an optimizer.
import copy

import numpy as np


class Layer:
    def __init__(self):
        self.input = None
        self.output = None

    def forward(self, input):
        pass

    def backward(self, output_gradient, learning_rate):
        pass


class Dense(Layer):
    """column vectors: x is (n, 1) or (n, batch)"""

    def __init__(self, input_size, output_size):
        self.weights = np.random.randn(output_size, input_size)
        self.bias = np.random.randn(output_size, 1)

    def forward(self, input):
        self.input = input
        return np.dot(self.weights, self.input) + self.bias

    def backward(self, output_gradient, learning_rate):
        weights_gradient = np.dot(output_gradient, self.input.T)
        input_gradient = np.dot(self.weights.T, output_gradient)
        self.weights -= learning_rate * weights_gradient
        self.bias -= learning_rate * np.sum(output_gradient, axis=1, keepdims=True)
        return input_gradient


class Activation(Layer):
    def __init__(self, activation, activation_prime):
        self.activation = activation
        self.activation_prime = activation_prime

    def forward(self, input):
        self.input = input
        return self.activation(self.input)

    def backward(self, output_gradient, learning_rate):
        return np.multiply(output_gradient, self.activation_prime(self.input))


class TanhLayer(Activation):
    def __init__(self):
        super().__init__(lambda x: np.tanh(x), lambda x: 1 - np.tanh(x) ** 2)


class FCLayer:
    def __init__(self, input_size, output_size):
        self.weights = np.random.rand(input_size, output_size) - 0.5
        self.bias = np.random.rand(1, output_size) - 0.5

    def forward_propagation(self, input_data):
        self.input = input_data
        self.output = np.dot(self.input, self.weights) + self.bias
        return self.output

    # computes dE/dW, dE/dB for a given output_error=dE/dY. Returns input_error=dE/dX.
    def backward_propagation(self, output_error, learning_rate):
        input_error = np.dot(output_error, self.weights.T)
        weights_error = np.dot(self.input.T, output_error)
        self.weights = self.weights - learning_rate * weights_error
        self.bias = self.bias - learning_rate * output_error.sum(axis=0, keepdims=True)
        return input_error


class ReluDense:
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out)
        self.b = np.zeros(n_out)

    def forward(self, x):
        self.x = x
        self.z = x @ self.W + self.b
        return np.maximum(self.z, 0)

    def backprop(self, d_L_d_out, learn_rate):
        d_z = d_L_d_out * (self.z > 0)
        d_x = d_z @ self.W.T
        self.W -= learn_rate * self.x.T @ d_z
        self.b -= learn_rate * d_z.sum(axis=0)
        return d_x


class Conv3x3:
    # a convolution of one channel; forward over a batch (N, H, W) gives (N, H-2, W-2, filters)
    def __init__(self, num_filters):
        self.num_filters = num_filters
        self.filters = np.random.randn(num_filters, 3, 3) / 9

    def iterate_regions(self, image):
        _, h, w = image.shape
        for i in range(h - 2):
            for j in range(w - 2):
                yield image[:, i:i + 3, j:j + 3], i, j

    def forward(self, input):
        self.last_input = input
        n, h, w = input.shape
        output = np.zeros((n, h - 2, w - 2, self.num_filters))
        for region, i, j in self.iterate_regions(input):
            output[:, i, j] = np.tensordot(region, self.filters, axes=([1, 2], [1, 2]))
        return output

    def backprop(self, d_L_d_out, learn_rate):
        d_filters = np.zeros(self.filters.shape)
        d_input = np.zeros(self.last_input.shape)
        for region, i, j in self.iterate_regions(self.last_input):
            g = d_L_d_out[:, i, j]
            d_filters += np.tensordot(g, region, axes=([0], [0]))
            d_input[:, i:i + 3, j:j + 3] += np.tensordot(g, self.filters, axes=([1], [0]))
        self.filters -= learn_rate * d_filters
        return d_input


class NetLayer:
    """grad descent inside, as in an introductory notebook"""

    def __init__(self, input_units, output_units, learning_rate=0.1):
        self.learning_rate = learning_rate
        self.weights = np.random.normal(loc=0.0, scale=np.sqrt(2 / (input_units + output_units)), size=(input_units, output_units))
        self.biases = np.zeros(output_units)

    def forward(self, input):
        return np.dot(input, self.weights) + self.biases

    def backward(self, input, grad_output):
        grad_input = np.dot(grad_output, self.weights.T)
        grad_weights = np.dot(input.T, grad_output)
        grad_biases = grad_output.sum(axis=0)
        self.weights = self.weights - self.learning_rate * grad_weights
        self.biases = self.biases - self.learning_rate * grad_biases
        return grad_input


class SigmoidNeurons:
    def __init__(self, n_in, n_out, lr=0.5):
        self.w = np.random.randn(n_out, n_in)
        self.theta = np.random.randn(n_out)
        self.lr = lr

    def forward(self, x):
        self.x = x
        self.y = 1 / (1 + np.exp(-(x @ self.w.T - self.theta)))
        return self.y

    def backward(self, err):
        delta = err * self.y * (1 - self.y)
        back = delta @ self.w
        self.w -= self.lr * delta.T @ self.x
        self.theta -= self.lr * -delta.sum(axis=0)
        return back


# ---- with an optimizer object

class StochasticGradientDescent:
    def __init__(self, learning_rate=0.01):
        self.learning_rate = learning_rate

    def update(self, w, grad_wrt_w):
        return w - self.learning_rate * grad_wrt_w


class Momentum:
    def __init__(self, learning_rate=0.01, momentum=0.9):
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.v = None

    def update(self, w, grad_wrt_w):
        if self.v is None:
            self.v = np.zeros(np.shape(w))
        self.v = self.momentum * self.v - self.learning_rate * grad_wrt_w
        return w + self.v


class DenseOpt:
    def __init__(self, n_units, input_shape):
        self.n_units = n_units
        self.input_shape = input_shape
        self.trainable = True
        self.W = None
        self.w0 = None

    def initialize(self, optimizer):
        limit = 1 / np.sqrt(self.input_shape[0])
        self.W = np.random.uniform(-limit, limit, (self.input_shape[0], self.n_units))
        self.w0 = np.zeros((1, self.n_units))
        self.W_opt = copy.copy(optimizer)
        self.w0_opt = copy.copy(optimizer)

    def forward_pass(self, X, training=True):
        self.layer_input = X
        return X.dot(self.W) + self.w0

    def backward_pass(self, accum_grad):
        W = self.W
        if self.trainable:
            grad_w = self.layer_input.T.dot(accum_grad)
            grad_w0 = np.sum(accum_grad, axis=0, keepdims=True)
            self.W = self.W_opt.update(self.W, grad_w)
            self.w0 = self.w0_opt.update(self.w0, grad_w0)
        return accum_grad.dot(W.T)


class BatchNormOpt:
    def __init__(self, input_shape, momentum=0.99):
        self.momentum = momentum
        self.input_shape = input_shape
        self.trainable = True
        self.eps = 0.01
        self.running_mean = None
        self.running_var = None

    def initialize(self, optimizer):
        self.gamma = np.ones(self.input_shape)
        self.beta = np.zeros(self.input_shape)
        self.gamma_opt = copy.copy(optimizer)
        self.beta_opt = copy.copy(optimizer)

    def forward_pass(self, X, training=True):
        if self.running_mean is None:
            self.running_mean = np.mean(X, axis=0)
            self.running_var = np.var(X, axis=0)
        self.training = training
        if training and self.trainable:
            mean = np.mean(X, axis=0)
            var = np.var(X, axis=0)
            self.running_mean = self.momentum * self.running_mean + (1 - self.momentum) * mean
            self.running_var = self.momentum * self.running_var + (1 - self.momentum) * var
        else:
            mean = self.running_mean
            var = self.running_var
        self.X_centered = X - mean
        self.stddev_inv = 1 / np.sqrt(var + self.eps)
        X_norm = self.X_centered * self.stddev_inv
        return self.gamma * X_norm + self.beta

    def backward_pass(self, accum_grad):
        gamma = self.gamma
        if self.trainable:
            X_norm = self.X_centered * self.stddev_inv
            grad_gamma = np.sum(accum_grad * X_norm, axis=0)
            grad_beta = np.sum(accum_grad, axis=0)
            self.gamma = self.gamma_opt.update(self.gamma, grad_gamma)
            self.beta = self.beta_opt.update(self.beta, grad_beta)
        if not (self.training and self.trainable):
            return accum_grad * gamma * self.stddev_inv
        batch_size = accum_grad.shape[0]
        return (1 / batch_size) * gamma * self.stddev_inv * (
            batch_size * accum_grad
            - np.sum(accum_grad, axis=0)
            - self.X_centered * self.stddev_inv ** 2 * np.sum(accum_grad * self.X_centered, axis=0)
        )


class LinearWithOptimizer:
    def __init__(self, n_in, n_out, optimizer):
        self.optimizer = optimizer
        self.W = np.random.randn(n_in, n_out)
        self.b = np.random.randn(1, n_out)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, grad):
        dx = grad @ self.W.T
        self.W = self.optimizer.update(self.W, self.x.T @ grad)
        self.b = self.optimizer.update(self.b, grad.sum(0, keepdims=True))
        return dx


class PReLUOpt:
    def __init__(self, n, optimizer=None):
        self.alpha = np.full(n, 0.25)
        self.optimizer = optimizer or StochasticGradientDescent(1.0)

    def forward(self, x):
        self.x = x
        return np.where(x >= 0, x, x * self.alpha)

    def backward(self, grad):
        dx = np.where(self.x >= 0, grad, grad * self.alpha)
        g_alpha = np.sum(np.where(self.x >= 0, 0, grad * self.x), axis=0)
        self.alpha = self.optimizer.update(self.alpha, g_alpha)
        return dx


class WordsInColumns:
    """A recurrent layer over columns, one for each step; the first layer of its network, which returns nothing."""

    def __init__(self, input_size, output_size, hidden_size=16):
        self.Whh = np.random.randn(hidden_size, hidden_size) / 10
        self.Wxh = np.random.randn(hidden_size, input_size) / 10
        self.Why = np.random.randn(output_size, hidden_size) / 10
        self.bh = np.zeros((hidden_size, 1))
        self.by = np.zeros((output_size, 1))

    def forward(self, inputs):
        h = np.zeros((len(self.bh), 1))
        self.inputs, self.hs = inputs, [h]
        for x in inputs:
            h = np.tanh(self.Wxh @ x + self.Whh @ h + self.bh)
            self.hs.append(h)
        return self.Why @ h + self.by

    def backprop(self, d_y, learn_rate=0.02):
        d_Whh, d_Wxh, d_bh = np.zeros_like(self.Whh), np.zeros_like(self.Wxh), np.zeros_like(self.bh)
        d_h = self.Why.T @ d_y
        for t in reversed(range(len(self.inputs))):
            d_a = (1 - self.hs[t + 1] ** 2) * d_h
            d_bh += d_a
            d_Whh += d_a @ self.hs[t].T
            d_Wxh += d_a @ self.inputs[t].T
            d_h = self.Whh.T @ d_a
        self.Why -= learn_rate * d_y @ self.hs[-1].T
        self.Whh -= learn_rate * d_Whh
        self.Wxh -= learn_rate * d_Wxh
        self.bh -= learn_rate * d_bh
        self.by -= learn_rate * d_y
