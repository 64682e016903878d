"""Forward, cost and backward as three functions; the parameters come in a dict, the gradients go back in one."""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def relu(z):
    return np.maximum(0, z)


def forward_propagation(X, parameters):
    W1, b1 = parameters["W1"], parameters["b1"]
    W2, b2 = parameters["W2"], parameters["b2"]
    Z1 = W1 @ X + b1
    A1 = np.tanh(Z1)
    Z2 = W2 @ A1 + b2
    A2 = sigmoid(Z2)
    return A2, {"Z1": Z1, "A1": A1, "Z2": Z2, "A2": A2, "W2": W2}


def compute_cost(A2, Y):
    m = Y.shape[1]
    return float(np.squeeze(-np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / m))


def backward_propagation(X, Y, cache):
    m = X.shape[1]
    dZ2 = cache["A2"] - Y
    dZ1 = cache["W2"].T @ dZ2 * (1 - cache["A1"] ** 2)
    return {
        "dW2": dZ2 @ cache["A1"].T / m,
        "db2": dZ2.sum(axis=1, keepdims=True) / m,
        "dW1": dZ1 @ X.T / m,
        "db1": dZ1.sum(axis=1, keepdims=True) / m,
    }


def compute_cost_with_decay(A2, Y, parameters, lambd):
    m = Y.shape[1]
    weights = np.sum(parameters["W1"] ** 2) + np.sum(parameters["W2"] ** 2)
    return compute_cost(A2, Y) + lambd / (2 * m) * weights


def backward_propagation_with_decay(X, Y, cache, parameters, lambd):
    gradients = backward_propagation(X, Y, cache)
    m = X.shape[1]
    gradients["dW1"] = gradients["dW1"] + lambd / m * parameters["W1"]
    gradients["dW2"] = gradients["dW2"] + lambd / m * parameters["W2"]
    return gradients
