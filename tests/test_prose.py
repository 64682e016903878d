"""Shapes told in words: what is read of them, and what is no shape."""

from __future__ import annotations

import pytest

from checks.infer_prose import shapes

COURSE = """Computes the forward pass.

Inputs:
- x: A numpy array containing input data, of shape (N, d_1, ..., d_k)
- w: A numpy array of weights, of shape (D, M)
- b: A numpy array of biases, of shape (M,)
"""
WORDS = """Arguments:
A -- activations from the previous layer (or input data): (size of previous layer, number of examples)
W -- weights, numpy array of shape (size of current layer, size of previous layer)
"""


@pytest.mark.parametrize(
    ("text", "names", "told"),
    [
        ("u: (n, batch), D: (n - 1,)", "u D", {"u": "n,batch", "D": "n-1"}),
        ("x (N,T,D) -> hs (N,T,H)", "x", {"x": "n,t,d"}),
        ("- x: Input data, of shape (N, d)", "x", {"x": "n,d"}),
        ("X : ndarray of shape (n_ex, n_in)\n    Input", "X", {"X": "n_ex,n_in"}),
        (COURSE, "x w b", {"w": "d,m", "b": "m"}),
        (WORDS, "A W", {
            "A": "size_of_previous_layer,number_of_examples",
            "W": "size_of_current_layer,size_of_previous_layer",
        }),
        (":param x: shape [N, C, H, W]", "x", {"x": "n,c,h,w"}),
        ("x: (batch_size, seq_len, d_model)", "x", {"x": "batch_size,seq_len,d_model"}),
        ("x, shape=(N, D)", "x", {"x": "n,d"}),
        ("w in R^{n x m}", "w", {"w": "n,m"}),
        ("x is an N x D matrix", "x", {"x": "n,d"}),
        ("x (np.ndarray): input of shape (N, D).", "x", {"x": "n,d"}),
        ("gamma, beta: (1, C, 1, 1).", "gamma beta", {"gamma": "1,c,1,1", "beta": "1,c,1,1"}),
        ("W (D, 4H), b (4H,)", "W b", {"W": "d,4*h", "b": "4*h"}),
        ("v: (out, in)", "v", {"v": "out,in_"}),
        ("x: (n, N)", "x", {"x": "n,N"}),
        ("x (optional, default) and y (see below)", "x y", {}),
        ("x: input (float, required)", "x", {}),
    ],
)  # fmt: skip
def test_what_a_docstring_tells(text: str, names: str, told: dict[str, str]) -> None:
    assert {name: ",".join(shape) for name, shape in shapes([("", text)], names.split()).items()} == told


@pytest.mark.parametrize(
    ("code", "comment", "names", "told"),
    [
        ("        self.k = np.asarray(stiffness, float)  ", "(n+1,)", "stiffness", {"stiffness": "n+1"}),
        ("        self.W, self.v = W, v  ", "(D, A), (A,)", "W v", {"W": "d,a", "v": "a"}),
        ("    def forward(self, u, D):  ", "(n, batch), (n-1,)", "u D", {"u": "n,batch", "D": "n-1"}),
        ("        W: np.ndarray,  ", "(D, 3*H)", "W", {"W": "d,3*h"}),
        ("        a = x @ W  ", "(N, H)", "x W", {}),
        ("        x = x.reshape(n, -1)  ", "(n, d)", "x", {}),
    ],
)
def test_what_a_comment_beside_the_code_tells(code: str, comment: str, names: str, told: dict[str, str]) -> None:
    assert {name: ",".join(shape) for name, shape in shapes([(code, comment)], names.split()).items()} == told
