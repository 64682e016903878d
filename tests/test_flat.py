"""Costs of one vector that holds all parameters, whose length nothing tells but what the code answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from checks import check


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def network_cost(nn_params, input_layer_size, hidden_layer_size, num_labels, X, y, lambda_):
    split = hidden_layer_size * (input_layer_size + 1)
    Theta1 = nn_params[:split].reshape(hidden_layer_size, input_layer_size + 1)
    Theta2 = nn_params[split:].reshape(num_labels, hidden_layer_size + 1)
    m = len(X)
    a1 = np.hstack([np.ones((m, 1)), X])
    a2 = np.hstack([np.ones((m, 1)), sigmoid(a1 @ Theta1.T)])
    a3 = sigmoid(a2 @ Theta2.T)
    Y = np.eye(num_labels)[y]
    J = -np.sum(Y * np.log(a3) + (1 - Y) * np.log(1 - a3)) / m
    J += lambda_ / (2 * m) * (np.sum(Theta1[:, 1:] ** 2) + np.sum(Theta2[:, 1:] ** 2))
    delta3 = a3 - Y
    delta2 = (delta3 @ Theta2)[:, 1:] * a2[:, 1:] * (1 - a2[:, 1:])
    Theta1_grad, Theta2_grad = delta2.T @ a1 / m, delta3.T @ a2 / m
    Theta1_grad[:, 1:] += lambda_ / m * Theta1[:, 1:]
    Theta2_grad[:, 1:] += lambda_ / m * Theta2[:, 1:]
    return J, np.concatenate([Theta1_grad.ravel(), Theta2_grad.ravel()])


def regression_loss(w, n_in, n_out, X, T):
    W, b = w[: n_in * n_out].reshape(n_in, n_out), w[n_in * n_out :]
    D = X @ W + b - T
    return 0.5 * np.sum(D**2) / len(X), np.concatenate([(X.T @ D / len(X)).ravel(), D.mean(axis=0)])


def factors_cost(params, num_users, num_movies, num_features, Y, R, reg):
    X = params[: num_movies * num_features].reshape(num_movies, num_features)
    T = params[num_movies * num_features :].reshape(num_users, num_features)
    E = (X @ T.T - Y) * R
    J = 0.5 * np.sum(E**2) + reg / 2 * (np.sum(X**2) + np.sum(T**2))
    return J, np.concatenate([(E @ T + reg * X).ravel(), (E.T @ X + reg * T).ravel()])


def columns_cost_turned(theta, num_classes, data, labels, decay):
    W = theta.reshape(num_classes, data.shape[0])
    z = W @ data
    p = np.exp(z - z.max(axis=0)) / np.exp(z - z.max(axis=0)).sum(axis=0)
    at = labels, np.arange(data.shape[1])
    cost = -np.log(p[at]).mean() + decay / 2 * np.sum(W**2)
    p[at] -= 1
    return cost, (p @ data.T / data.shape[1] + decay * W).T.ravel()


def factors_cost_unmasked(params, num_users, num_movies, num_features, Y, R, reg):
    X = params[: num_movies * num_features].reshape(num_movies, num_features)
    T = params[num_movies * num_features :].reshape(num_users, num_features)
    E = X @ T.T - Y
    J = 0.5 * np.sum((E * R) ** 2) + reg / 2 * (np.sum(X**2) + np.sum(T**2))
    return J, np.concatenate([(E @ T + reg * X).ravel(), ((E * R).T @ X + reg * T).ravel()])


def regression_loss_summed(w, n_in, n_out, X, T):
    W, b = w[: n_in * n_out].reshape(n_in, n_out), w[n_in * n_out :]
    D = X @ W + b - T
    return 0.5 * np.sum(D**2) / len(X), np.concatenate([(X.T @ D / len(X)).ravel(), D.sum(axis=0)])


@pytest.mark.parametrize(
    ("cost", "vector"),
    [(network_cost, "nn_params(i*3+"), (regression_loss, "w(i*o+o)"), (factors_cost, "params(o*h+i*h)")],
)
def test_the_length_is_learned_from_what_the_code_answers(cost: Any, vector: str) -> None:
    report = check(cost, seed=1, max_examples=1)
    assert report.verdict == "pass", report.to_text()
    assert vector in str(report.signature)


@pytest.mark.parametrize("cost", [columns_cost_turned, factors_cost_unmasked, regression_loss_summed])
def test_a_wrong_gradient_of_the_vector_fails_with_a_script_that_runs(cost: Any) -> None:
    report = check(cost, seed=1, max_examples=1)
    assert report.verdict == "fail", report.to_text()
    (row,) = report.comparisons
    assert row.verdict == "differs"
    assert report.counterexample is not None
    body = report.counterexample.replace("from test_flat import", "from tests.test_flat import")
    exec(body, {"print": lambda *values: None})
