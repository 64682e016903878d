"""Functions of a network of any depth: helpers with caches; a forward, a cost and a backward over all layers."""

import numpy as np


def relu(Z):
    return np.maximum(0, Z), Z


def relu_backward(dA, cache):
    return dA * (cache > 0)


def sigmoid(Z):
    return 1 / (1 + np.exp(-Z)), Z


def sigmoid_backward(dA, cache):
    s = 1 / (1 + np.exp(-cache))
    return dA * s * (1 - s)


def linear_forward(A, W, b):
    return W @ A + b, (A, W)


def linear_backward(dZ, cache):
    A, W = cache
    m = A.shape[1]
    return W.T @ dZ, dZ @ A.T / m, dZ.sum(axis=1, keepdims=True) / m


def deep_forward(X, parameters):
    caches, A = [], X
    layers = len(parameters) // 2
    for layer in range(1, layers + 1):
        Z, linear = linear_forward(A, parameters["W" + str(layer)], parameters["b" + str(layer)])
        A, activation = sigmoid(Z) if layer == layers else relu(Z)
        caches.append((linear, activation))
    return A, caches


def compute_cost(AL, Y):
    m = Y.shape[1]
    return -np.sum(Y * np.log(AL) + (1 - Y) * np.log(1 - AL)) / m


def deep_backward(AL, Y, caches):
    grads = {}
    dA = -(np.divide(Y, AL) - np.divide(1 - Y, 1 - AL))
    for layer in range(len(caches), 0, -1):
        linear, activation = caches[layer - 1]
        dZ = sigmoid_backward(dA, activation) if layer == len(caches) else relu_backward(dA, activation)
        dA, grads[f"dW{layer}"], grads[f"db{layer}"] = linear_backward(dZ, linear)
    return grads
