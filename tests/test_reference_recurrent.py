"""The recurrent cells: worked values, an independent formula, both outputs of LSTM, sequences."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks import assert_gradients
from reference import LSTMCell, RNNCell


class BothStates(LSTMCell):
    """The two outputs side by side, so that one upstream gradient reaches both."""

    def forward(self, x, h, c):
        return np.concatenate(super().forward(x, h, c), axis=1)

    def backward(self, dout):
        half = dout.shape[1] // 2
        return super().backward(dout[:, :half], dout[:, half:])


def drawn(seed, *shapes):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape) for shape in shapes]


def test_worked_values_of_rnn():
    cell = RNNCell([[1.0]], [[2.0]], [0.5])
    z = 1 * 0.25 + 2 * -0.5 + 0.5
    assert cell.forward([[0.25]], [[-0.5]]) == pytest.approx(np.tanh(z))
    dz = 3 / np.cosh(z) ** 2
    dx, dh = cell.backward([[3.0]])
    assert [float(value.item()) for value in (dx, dh, cell.dWx, cell.dWh, cell.db)] == pytest.approx(
        [dz, 2 * dz, 0.25 * dz, -0.5 * dz, dz]
    )


def test_worked_values_of_lstm():
    # Closed gates forget, nothing enters: sigmoid(-1e4) = 0 and sigmoid(1e4) = 1.
    cell = LSTMCell(np.zeros((1, 4)), np.zeros((1, 4)), np.array([1e4, 0, -1e4, 1e4]))
    h, c = cell.forward([[1.0]], [[1.0]], [[0.5]])
    assert (h.item(), c.item()) == (np.tanh(0.5), 0.5)
    dx, dh, dc = cell.backward([[0.0]], [[2.0]])
    assert (dx.item(), dh.item(), dc.item()) == (0, 0, 2)
    assert cell.backward([[1.0]], [[0.0]])[2].item() == pytest.approx(1 / np.cosh(0.5) ** 2)


@given(samples=st.integers(0, 3), inputs=st.integers(1, 3), states=st.integers(1, 3), seed=st.integers(0, 2**32))
def test_lstm_gate_by_gate(samples, inputs, states, seed):
    x, h, c = drawn(seed, (samples, inputs), (samples, states), (samples, states))
    Wx, Wh, b = drawn(seed + 1, (inputs, 4 * states), (states, 4 * states), (4 * states,))
    after_h, after_c = LSTMCell(Wx, Wh, b).forward(x, h, c)

    def gate(k, function):
        part = slice(k * states, (k + 1) * states)
        return function(x @ Wx[:, part] + h @ Wh[:, part] + b[part])

    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    expected = gate(0, sigmoid) * c + gate(2, sigmoid) * gate(1, np.tanh)
    np.testing.assert_allclose(after_c, expected, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(after_h, gate(3, sigmoid) * np.tanh(expected), rtol=1e-12, atol=1e-14)


def test_a_sequence_walked_backwards(complex_step_gradient):
    """Two steps of one cell: the gradients of the parameters add up over the steps."""
    xs, Wx, Wh, b, dout = drawn(2, (2, 3, 2), (2, 4), (4, 4), (4,), (3, 4))

    def last_state(W):
        h = np.zeros((3, 4))
        for x in xs:
            h = RNNCell(Wx, W, b).forward(x, h)
        return h

    cells = [RNNCell(Wx, Wh, b) for _ in xs]
    h = np.zeros((3, 4))
    for cell, x in zip(cells, xs, strict=True):
        h = cell.forward(x, h)
    dh = dout
    for cell in reversed(cells):
        _, dh = cell.backward(dh)
    total = sum(cell.dWh for cell in cells)
    np.testing.assert_allclose(total, complex_step_gradient(last_state, Wh, dout), rtol=1e-11)


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ({"x": (4,)}, r"x of shape \(4,\) is no batch: expected \(N, inputs\)"),
        ({"h": (3,)}, r"h of shape \(3,\) is no batch: expected \(N, states\)"),
        ({"h": (5, 3)}, r"h of shape \(5, 3\) does not fit x of shape \(4, 2\):\nh needs a row for each of the 4"),
        ({"Wx": (3, 3)}, r"Wx of shape \(3, 3\) does not fit x of shape \(4, 2\):\nWx needs the shape \(2, 3\)"),
        ({"Wh": (3, 4)}, r"Wh of shape \(3, 4\) does not fit h of shape \(4, 3\):\nWh needs the shape \(3, 3\)"),
        ({"b": (1, 3)}, r"b of shape \(1, 3\) does not fit h of shape \(4, 3\):\nb needs the shape \(3,\)"),
    ],
)
def test_shapes_that_do_not_fit(shapes, message):
    fitting = {"Wx": (2, 3), "Wh": (3, 3), "b": (3,), "x": (4, 2), "h": (4, 3)}
    Wx, Wh, b, x, h = (np.ones(shape) for shape in {**fitting, **shapes}.values())
    with pytest.raises(ValueError, match=f"RNNCell.forward: {message}"):
        RNNCell(Wx, Wh, b).forward(x, h)


def test_an_lstm_wants_four_columns_for_each_state():
    with pytest.raises(ValueError, match=r"LSTMCell.forward: Wx of shape \(2, 3\) does not fit x of shape \(4, 2\)"):
        LSTMCell(np.ones((2, 3)), np.ones((3, 12)), np.ones(12)).forward(
            np.ones((4, 2)), np.ones((4, 3)), np.ones((4, 3))
        )
    with pytest.raises(ValueError, match=r"c of shape \(4, 2\) does not fit h of shape \(4, 3\)"):
        LSTMCell(np.ones((2, 12)), np.ones((3, 12)), np.ones(12)).forward(
            np.ones((4, 2)), np.ones((4, 3)), np.ones((4, 2))
        )


def test_the_checker_agrees():
    assert_gradients(RNNCell, "x(n,i), h(n,j), Wx(i,j), Wh(j,j), b(j) -> (n,j)", seed=4, max_examples=2)
    signature = "x(n,2), h(n,2), c(n,2), Wx(2,8), Wh(2,8), b(8) -> (n,4)"
    assert_gradients(BothStates, signature, seed=4, max_examples=2)
