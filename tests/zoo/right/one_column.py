# Style: one sample at a time as a column or as an image, weights updated in backward.
import numpy as np


class Layer:
    def __init__(self):
        self.input = None

    def forward(self, input):
        pass

    def backward(self, output_gradient, learning_rate):
        pass


class Dense(Layer):
    """column vectors, one example at a time"""

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
        self.bias -= learning_rate * output_gradient
        return input_gradient


class LayerNorm1d(Layer):
    def __init__(self, size, eps=1e-5):
        self.g = np.ones((size, 1))
        self.b = np.zeros((size, 1))
        self.eps = eps

    def forward(self, input):
        self.mu = input.mean()
        self.sd = np.sqrt(input.var() + self.eps)
        self.xn = (input - self.mu) / self.sd
        return self.g * self.xn + self.b

    def backward(self, output_gradient, learning_rate):
        d = output_gradient * self.g
        input_gradient = (d - d.mean() - self.xn * (d * self.xn).mean()) / self.sd
        self.g -= learning_rate * output_gradient * self.xn
        self.b -= learning_rate * output_gradient
        return input_gradient


class Softmax(Layer):
    def forward(self, input):
        tmp = np.exp(input - np.max(input))
        self.output = tmp / np.sum(tmp)
        return self.output

    def backward(self, output_gradient, learning_rate):
        n = np.size(self.output)
        return np.dot((np.identity(n) - self.output.T) * self.output, output_gradient)


class Reshape(Layer):
    def __init__(self, input_shape, output_shape):
        self.input_shape = input_shape
        self.output_shape = output_shape

    def forward(self, input):
        return np.reshape(input, self.output_shape)

    def backward(self, output_gradient, learning_rate):
        return np.reshape(output_gradient, self.input_shape)


def correlate(a, k):
    h, w = a.shape[0] - k.shape[0] + 1, a.shape[1] - k.shape[1] + 1
    return np.array([[np.sum(a[i : i + k.shape[0], j : j + k.shape[1]] * k) for j in range(w)] for i in range(h)])


class Convolutional(Layer):
    def __init__(self, input_shape, kernel_size, depth):
        input_depth, input_height, input_width = input_shape
        self.depth = depth
        self.input_shape = input_shape
        self.input_depth = input_depth
        self.output_shape = (depth, input_height - kernel_size + 1, input_width - kernel_size + 1)
        self.kernels_shape = (depth, input_depth, kernel_size, kernel_size)
        self.kernels = np.random.randn(*self.kernels_shape)
        self.biases = np.random.randn(*self.output_shape)

    def forward(self, input):
        self.input = input
        self.output = np.copy(self.biases)
        for i in range(self.depth):
            for j in range(self.input_depth):
                self.output[i] += correlate(self.input[j], self.kernels[i, j])
        return self.output

    def backward(self, output_gradient, learning_rate):
        kernels_gradient = np.zeros(self.kernels_shape)
        input_gradient = np.zeros(self.input_shape)
        k = self.kernels_shape[-1]
        for i in range(self.depth):
            for j in range(self.input_depth):
                kernels_gradient[i, j] = correlate(self.input[j], output_gradient[i])
                wide = np.pad(output_gradient[i], k - 1)
                input_gradient[j] += correlate(wide, self.kernels[i, j][::-1, ::-1])
        self.kernels -= learning_rate * kernels_gradient
        self.biases -= learning_rate * output_gradient
        return input_gradient
