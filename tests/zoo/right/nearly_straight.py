# Style: smooth functions that lose their small terms beside a larger one.
import numpy as np


class PseudoHuberPlus:
    def forward(self, x):
        self.x = x
        return np.sqrt(1 + x**2) - 1 + 3 * x

    def backward(self, g):
        return g * (self.x / np.sqrt(1 + self.x**2) + 3)


class CoshPlus:
    def forward(self, x):
        self.x = x
        return np.log(np.cosh(x)) + x

    def backward(self, g):
        return g * (np.tanh(self.x) + 1)


class SquarePlus:
    def forward(self, x):
        self.x = x
        return (x + np.sqrt(x**2 + 4)) / 2

    def backward(self, g):
        return g * (1 + self.x / np.sqrt(self.x**2 + 4)) / 2


class OneMinusCos:
    def forward(self, x):
        self.x = x
        return x + 1 - np.cos(x)

    def backward(self, g):
        return g * (1 + np.sin(self.x))


class SoftplusShifted:
    def forward(self, x):
        self.x = x
        return np.log(0.5 * np.exp(x) + 0.5) + np.exp(x) - 1

    def backward(self, g):
        e = np.exp(self.x)
        return g * (e / (1 + e) + e)


class TimesQuadratic:
    def forward(self, x):
        self.x = x
        return x * (1 + x**2)

    def backward(self, g):
        return g * (1 + 3 * self.x**2)
