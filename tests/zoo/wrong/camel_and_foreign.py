# Methods in camel case and in other languages, each with one fault.
import numpy as np


class CamelDenseTurned:
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out)

    def forwardPropagation(self, x):
        self.x = x
        return x @ self.W

    def backPropagation(self, dout):
        self.dW = self.x.T @ dout
        return -dout @ self.W.T


class WelchSigmoid:
    def __init__(self, n_in, n_out):
        self.W1 = np.random.randn(n_in, n_out)

    def forward(self, X):
        self.z = X @ self.W1
        return np.tanh(self.z)

    def costFunction(self, X, y):
        self.yHat = self.forward(X)
        return 0.5*np.sum((y - self.yHat)**2)

    def costFunctionPrime(self, X, y):
        self.yHat = self.forward(X)
        return X.T @ (-(y-self.yHat)*self.yHat*(1-self.yHat))


class NLLNetSign:
    def log_likelihood(self, X, y, beta):
        z = X @ beta
        return np.sum(y*z - np.logaddexp(0,z))

    def log_likelihood_gradient(self, X, y, beta):
        return X.T @ (y + 0.5*(1+np.tanh(X@beta/2)))


class RegHalf:
    def __init__(self, X, y): self.X, self.y = X, y

    def NLL(self, w):
        return np.sum(np.logaddexp(0, self.X@w) - self.y*(self.X@w))

    def NLL_grad(self, w):
        return self.X.T @ (0.5*np.tanh(self.X@w/2) - self.y)


class CapaDensaMedia:
    def __init__(self, n_entradas, n_salidas, semilla=0):
        gen = np.random.RandomState(semilla)
        self.pesos = gen.randn(n_salidas, n_entradas) / np.sqrt(n_entradas)
        self.sesgo = np.zeros((n_salidas, 1))
        self.grad_pesos = None
        self.grad_sesgo = None

    def adelante(self, entrada):
        self.entrada = entrada
        self.z = self.pesos @ entrada + self.sesgo
        return np.where(self.z > 0, self.z, 0.1 * self.z)

    def atras(self, grad_salida):
        dz = grad_salida * np.where(self.z > 0, 1.0, 0.1)
        self.grad_pesos = dz @ self.entrada.T
        self.grad_sesgo = dz.mean(axis=1, keepdims=True)
        return self.pesos.T @ dz


FAULTS = {
    "CamelDenseTurned": "sign: x",
    "WelchSigmoid": "missing-factor: a sigmoid's slope for a tanh's, W1",
    "NLLNetSign": "sign: of the second term, beta",
    "RegHalf": "missing-term: a half, w",
    "CapaDensaMedia": "factor: a mean for a sum, sesgo",
}
