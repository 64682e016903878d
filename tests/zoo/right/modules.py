# Style: small frameworks: Sequential containers, residual blocks, highway layers, mixtures, layers made of layers.
import numpy as np


class Module:
    def __init__(self):
        self.training = True

    def train(self):
        self.training = True

    def eval(self):
        self.training = False

    def parameters(self):
        return []

    def gradients(self):
        return []

    def forward(self, x):
        raise NotImplementedError

    def backward(self, grad):
        raise NotImplementedError


class Linear(Module):
    def __init__(self, n_in, n_out, bias=True):
        super().__init__()
        self.weight = np.random.randn(n_out, n_in) / np.sqrt(n_in)
        self.bias = np.zeros(n_out) if bias else None
        self.grad_weight = np.zeros_like(self.weight)
        self.grad_bias = np.zeros(n_out) if bias else None

    def forward(self, x):
        self.x = x
        y = x @ self.weight.T
        return y if self.bias is None else y + self.bias

    def backward(self, grad):
        self.grad_weight = grad.T @ self.x
        if self.bias is not None:
            self.grad_bias = grad.sum(axis=0)
        return grad @ self.weight

    def parameters(self):
        return [self.weight] if self.bias is None else [self.weight, self.bias]

    def gradients(self):
        return [self.grad_weight] if self.bias is None else [self.grad_weight, self.grad_bias]


class ReLU(Module):
    def forward(self, x):
        self.on = x > 0
        return x * self.on

    def backward(self, grad):
        return grad * self.on


class Tanh(Module):
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y

    def backward(self, grad):
        return grad * (1 - self.y ** 2)


class Dropout(Module):
    def __init__(self, p=0.5, seed=42):
        super().__init__()
        self.p = p
        self.rng = np.random.default_rng(seed)

    def forward(self, x):
        if not self.training or self.p == 0:
            self.mask = np.ones(x.shape)
        else:
            self.mask = (self.rng.random(x.shape) >= self.p) / (1 - self.p)
        return x * self.mask

    def backward(self, grad):
        return grad * self.mask


class GaussianNoise(Module):
    # multiplicative, its own generator
    def __init__(self, std=0.1, rng=None):
        super().__init__()
        self.std = std
        self.rng = rng if rng is not None else np.random.RandomState(0)

    def forward(self, x):
        self.noise = 1 + self.std * self.rng.randn(*x.shape) if self.training else 1.0
        return x * self.noise

    def backward(self, grad):
        return grad * self.noise


class Sequential(Module):
    def __init__(self, *layers):
        super().__init__()
        self.layers = list(layers)

    def add(self, layer):
        self.layers.append(layer)

    def forward(self, x):
        for l in self.layers:
            x = l.forward(x)
        return x

    def backward(self, grad):
        for l in self.layers[::-1]:
            grad = l.backward(grad)
        return grad

    def parameters(self):
        return [p for l in self.layers for p in l.parameters()]

    def gradients(self):
        return [g for l in self.layers for g in l.gradients()]


class MLP(Sequential):
    def __init__(self, sizes):
        super().__init__()
        for i in range(len(sizes) - 1):
            self.add(Linear(sizes[i], sizes[i + 1]))
            if i < len(sizes) - 2:
                self.add(Tanh())


class Residual(Module):
    """x + block(x)"""

    def __init__(self, *layers):
        super().__init__()
        self.block = Sequential(*layers)

    def forward(self, x):
        return x + self.block.forward(x)

    def backward(self, grad):
        return grad + self.block.backward(grad)

    def parameters(self):
        return self.block.parameters()

    def gradients(self):
        return self.block.gradients()


class ResidualBlock(Module):
    def __init__(self, dim, hidden):
        super().__init__()
        self.fc1 = Linear(dim, hidden)
        self.act = ReLU()
        self.fc2 = Linear(hidden, dim)

    def forward(self, x):
        return x + self.fc2.forward(self.act.forward(self.fc1.forward(x)))

    def backward(self, grad):
        inner = self.fc1.backward(self.act.backward(self.fc2.backward(grad)))
        return grad + inner

    def parameters(self):
        return self.fc1.parameters() + self.fc2.parameters()

    def gradients(self):
        return self.fc1.gradients() + self.fc2.gradients()


class ProjectionShortcut(Module):
    # relu(Wx) + Vx with different widths
    def __init__(self, n_in, n_out):
        super().__init__()
        self.main = Linear(n_in, n_out)
        self.short = Linear(n_in, n_out, bias=False)
        self.relu = ReLU()

    def forward(self, x):
        return self.relu.forward(self.main.forward(x)) + self.short.forward(x)

    def backward(self, grad):
        return self.main.backward(self.relu.backward(grad)) + self.short.backward(grad)

    def parameters(self):
        return self.main.parameters() + self.short.parameters()

    def gradients(self):
        return self.main.gradients() + self.short.gradients()


class HighwayLayer(Module):
    def __init__(self, size):
        super().__init__()
        self.W_H = np.random.randn(size, size) * 0.5
        self.b_H = np.zeros(size)
        self.W_T = np.random.randn(size, size) * 0.5
        self.b_T = np.full(size, -1.0)

    def forward(self, x):
        self.x = x
        self.zh = x @ self.W_H + self.b_H
        self.H = np.maximum(self.zh, 0)
        self.T = 1 / (1 + np.exp(-(x @ self.W_T + self.b_T)))
        return self.H * self.T + x * (1 - self.T)

    def backward(self, grad):
        dzh = grad * self.T * (self.zh > 0)
        dzt = grad * (self.H - self.x) * self.T * (1 - self.T)
        self.grad_W_H, self.grad_b_H = self.x.T @ dzh, dzh.sum(0)
        self.grad_W_T, self.grad_b_T = self.x.T @ dzt, dzt.sum(0)
        return grad * (1 - self.T) + dzh @ self.W_H.T + dzt @ self.W_T.T

    def parameters(self):
        return [self.W_H, self.b_H, self.W_T, self.b_T]

    def gradients(self):
        return [self.grad_W_H, self.grad_b_H, self.grad_W_T, self.grad_b_T]


class MixtureOfExperts(Module):
    def __init__(self, n_in, n_out, n_experts=3):
        super().__init__()
        self.experts = np.random.randn(n_experts, n_in, n_out)
        self.gate = np.random.randn(n_in, n_experts)

    def forward(self, x):
        self.x = x
        s = x @ self.gate
        e = np.exp(s - s.max(axis=1, keepdims=True))
        self.p = e / e.sum(axis=1, keepdims=True)
        self.y = np.einsum("ni,eio->neo", x, self.experts)
        return np.einsum("ne,neo->no", self.p, self.y)

    def backward(self, grad):
        dp = np.einsum("no,neo->ne", grad, self.y)
        ds = self.p * (dp - (dp * self.p).sum(1, keepdims=True))
        dy = self.p[:, :, None] * grad[:, None, :]
        self.grad_gate = self.x.T @ ds
        self.grad_experts = np.einsum("ni,neo->eio", self.x, dy)
        return ds @ self.gate.T + np.einsum("neo,eio->ni", dy, self.experts)

    def parameters(self):
        return [self.experts, self.gate]

    def gradients(self):
        return [self.grad_experts, self.grad_gate]


class SqueezeExcite(Module):
    def __init__(self, channels, reduced=2):
        super().__init__()
        self.fc1 = Linear(channels, reduced)
        self.fc2 = Linear(reduced, channels)

    def forward(self, x):
        self.x = x
        z = x.mean(axis=(2, 3))
        self.h = np.tanh(self.fc1.forward(z))
        self.s = 1 / (1 + np.exp(-self.fc2.forward(self.h)))
        return x * self.s[:, :, None, None]

    def backward(self, grad):
        n, c, h, w = self.x.shape
        ds = (grad * self.x).sum(axis=(2, 3)) * self.s * (1 - self.s)
        dz = self.fc1.backward(self.fc2.backward(ds) * (1 - self.h ** 2))
        return grad * self.s[:, :, None, None] + (dz / (h * w))[:, :, None, None]

    def parameters(self):
        return self.fc1.parameters() + self.fc2.parameters()

    def gradients(self):
        return self.fc1.gradients() + self.fc2.gradients()


class SGD:
    def __init__(self, module, lr=0.01):
        self.module, self.lr = module, lr

    def step(self):
        for p, g in zip(self.module.parameters(), self.module.gradients()):
            p -= self.lr * g
