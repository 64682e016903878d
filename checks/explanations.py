"""What each kind of finding means, how it comes about, a wrong and a right example, and its cure.

The examples are layers that the check itself is run on: the wrong ones have the finding, the right ones have none.
"""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent
from typing import Final


@dataclass(frozen=True, eq=False, slots=True)
class Explanation:
    """One kind: `wrong` and `right` are methods of a class in code, with what comes before them in `start`."""

    means: str
    how: str
    wrong: str
    right: str
    cure: str
    start: str = ""

    def example(self, methods: str) -> str:
        """The class with these methods, as a file has it."""
        body = dedent(self.start).strip("\n") + "\n\n" + dedent(methods).strip("\n")
        lines = (f"    {line}" if line else "" for line in body.strip("\n").splitlines())
        return "import numpy as np\n\n\nclass Layer:\n" + "\n".join(lines) + "\n"


_AFFINE = """
def __init__(self, W, b):
    self.W, self.b = W, b

def forward(self, x):
    self.x = x
    return x @ self.W + self.b
"""
_TANH = """
def forward(self, x):
    self.out = np.tanh(x)
    return self.out
"""
_SQUARE = """
def forward(self, x):
    self.x = x
    return x**2
"""
_AFFINE_RIGHT = """
def backward(self, dout):
    self.dW = self.x.T @ dout
    self.db = dout.sum(axis=0)
    return dout @ self.W.T
"""
_TANH_RIGHT = """
def backward(self, dout):
    return dout * (1 - self.out**2)
"""
_SQUARE_RIGHT = """
def backward(self, dout):
    return 2 * self.x * dout
"""


def _affine(means: str, how: str, wrong: str, cure: str) -> Explanation:
    return Explanation(means, how, wrong, _AFFINE_RIGHT, cure, _AFFINE)


def _tanh(means: str, how: str, wrong: str, cure: str) -> Explanation:
    return Explanation(means, how, wrong, _TANH_RIGHT, cure, _TANH)


def _square(means: str, how: str, wrong: str, cure: str) -> Explanation:
    return Explanation(means, how, wrong, _SQUARE_RIGHT, cure, _SQUARE)


EXPLANATIONS: Final[dict[str, Explanation]] = {
    "missing-gradient": _affine(
        "forward depends on an array, and backward gives no gradient for it.",
        "It was forgotten, or stored under another name: self.dw beside self.W.",
        """
        def backward(self, dout):
            self.dw = self.x.T @ dout
            self.db = dout.sum(axis=0)
            return dout @ self.W.T
        """,
        "Store it beside the others, under the name that the finding says.",
    ),
    "zero-gradient": _square(
        "The gradient is zero everywhere, although the output depends on the array.",
        "A buffer was made with np.zeros and never filled, or a mask is always false.",
        """
        def backward(self, dout):
            dx = np.zeros_like(self.x)
            return dx
        """,
        "Fill the array that is returned.",
    ),
    "wrong-shape": _affine(
        "The gradient has another shape than its array. One that only adds or drops axes of length one is a warning.",
        "A sum over the batch is missing, or a matrix is the other way round.",
        """
        def backward(self, dout):
            self.dW = self.x.T @ dout
            self.db = dout
            return dout @ self.W.T
        """,
        "Sum over the axes that the array has not, or transpose.",
    ),
    "factor": _affine(
        "The gradient is the derivative times a number: the size of the batch, 2, 1/2. A factor that all parameters' "
        "gradients share with the batch, beside an exact gradient of the input, is a convention and a warning.",
        "A mean stands for a sum, or the 2 of a square was forgotten.",
        """
        def backward(self, dout):
            self.dW = self.x.T @ dout
            self.db = dout.mean(axis=0)
            return dout @ self.W.T
        """,
        "Multiply by what the finding names.",
    ),
    "sign": _square(
        "The gradient is the negative of the derivative.",
        "A minus was lost on the way: that of a - b, of a logarithm, of 1 - x.",
        """
        def backward(self, dout):
            return -2 * self.x * dout
        """,
        "Turn the sign.",
    ),
    "missing-factor": _tanh(
        "Entry by entry, the derivative is the gradient times an array at hand: (1 - out**2), x, gamma.",
        "A local derivative, or a part of one, was left out of the chain rule.",
        """
        def backward(self, dout):
            return dout * (1 - self.out)
        """,
        "Multiply by what the finding names; it says whether the gradient or what comes from above.",
    ),
    "missing-term": Explanation(
        "The derivative is the gradient plus a term: an array at hand, a sum, a mean.",
        "forward uses an array twice, and one of the two ways back is forgotten.",
        """
        def backward(self, dout):
            return dout * (1 - self.t**2)
        """,
        """
        def backward(self, dout):
            return dout * (1 - self.t**2) + dout
        """,
        "Add the term that the finding names.",
        """
        def forward(self, x):
            self.t = np.tanh(x)
            return x + self.t
        """,
    ),
    "extra-term": _affine(
        "The gradient is the derivative plus a term of which forward knows nothing.",
        "The decay of the weights is added in backward, and its loss is not in forward.",
        """
        def backward(self, dout):
            self.dW = self.x.T @ dout + 0.01 * self.W
            self.db = dout.sum(axis=0)
            return dout @ self.W.T
        """,
        "Take it off, and let whoever updates the weights add it.",
    ),
    "ignores-upstream": _tanh(
        "The gradient is the same whatever the gradient from above is.",
        "backward gives the local derivative alone, which is right only where nothing follows.",
        """
        def backward(self, dout):
            return 1 - self.out**2
        """,
        "Multiply by the gradient from above.",
    ),
    "nonlinear-upstream": _tanh(
        "The gradient of a sum of upstream gradients is not the sum of their gradients.",
        "Clipping or a mask acts on the gradient instead of on what forward saw.",
        """
        def backward(self, dout):
            return np.maximum(dout * (1 - self.out**2), 0)
        """,
        "Let backward be linear in what comes from above; clip where the weights are updated.",
    ),
    "swapped": Explanation(
        "The gradients of two arrays are exchanged.",
        "They are returned or stored in the other order.",
        """
        def backward(self, dout):
            return dout * self.x, dout * self.y
        """,
        """
        def backward(self, dout):
            return dout * self.y, dout * self.x
        """,
        "Exchange the two.",
        """
        def forward(self, x, y):
            self.x, self.y = x, y
            return x * y
        """,
    ),
    "transposed": Explanation(
        "The values are right and stand at the places of the transpose.",
        "dout.T @ x stands for x.T @ dout, which a square matrix does not show.",
        """
        def backward(self, dout):
            self.dA = dout.T @ self.x
            return dout + dout @ self.A.T
        """,
        """
        def backward(self, dout):
            self.dA = self.x.T @ dout
            return dout + dout @ self.A.T
        """,
        "Transpose it.",
        """
        def __init__(self, A):
            self.A = A

        def forward(self, x):
            self.x = x
            return x + x @ self.A
        """,
    ),
    "permuted": Explanation(
        "The values are right and stand at other places: reversed, rolled, in another memory order.",
        "What forward moved is moved the same way again, instead of back.",
        """
        def backward(self, dout):
            return np.roll(dout, 1, axis=1)
        """,
        """
        def backward(self, dout):
            return np.roll(dout, -1, axis=1)
        """,
        "Move the gradient back.",
        """
        def forward(self, x):
            return np.roll(x, 1, axis=1)
        """,
    ),
    "not-summed": _affine(
        "The gradient is what one place of the output adds, where those of all are owed.",
        "An index stands where a sum over the batch or the steps belongs.",
        """
        def backward(self, dout):
            self.dW = self.x.T @ dout
            self.db = dout[-1].copy()
            return dout @ self.W.T
        """,
        "Sum over the axis that the finding names.",
    ),
    "over-summed": _square(
        "The gradient is summed over an axis that its array has, and the sum stands in all of its places.",
        "An axis too many is given to sum.",
        """
        def backward(self, dout):
            return np.zeros_like(self.x) + (2 * self.x * dout).sum(axis=0)
        """,
        "Take the axis off.",
    ),
    "branch": Explanation(
        "The gradient is wrong on one side of a condition, and right on the other.",
        "forward has two branches, and backward one.",
        """
        def backward(self, dout):
            return dout.copy()
        """,
        """
        def backward(self, dout):
            return np.where(self.x > 0, dout, 0.1 * dout)
        """,
        "Give the side that the finding names its own derivative.",
        """
        def forward(self, x):
            self.x = x
            return np.where(x > 0, x, 0.1 * x)
        """,
    ),
    "overwritten": Explanation(
        "Several outputs contribute to an entry, and it holds one of the contributions instead of their sum.",
        "dW[ids] = dout and dW[ids] += dout keep one contribution of an index that is repeated; = in a loop over "
        "windows keeps the last.",
        """
        def backward(self, dout):
            dx = np.zeros(self.shape)
            for k in range(dout.shape[1]):
                dx[:, k] = dout[:, k]
                dx[:, k + 1] = dout[:, k]
            return dx
        """,
        """
        def backward(self, dout):
            dx = np.zeros(self.shape)
            for k in range(dout.shape[1]):
                dx[:, k] += dout[:, k]
                dx[:, k + 1] += dout[:, k]
            return dx
        """,
        "Add up: += in the loop, np.add.at for indices.",
        """
        def forward(self, x):
            self.shape = x.shape
            return x[:, 1:] + x[:, :-1]
        """,
    ),
    "few-entries": _tanh(
        "All entries are right but a few, or but those at one end of an axis.",
        "A slice stops one short, or an end of an axis is written over.",
        """
        def backward(self, dout):
            dx = dout * (1 - self.out**2)
            dx[:, -1] = 0.5
            return dx
        """,
        "Look at the places that the finding lists.",
    ),
    "inconsistent-forward": Explanation(
        "backward is the derivative of a nearby function, such as the loss without the guard of its logarithm.",
        "np.log(p + 1e-7) in forward, and p - t in backward.",
        """
        def forward(self, x, t):
            e = np.exp(x - x.max(axis=1, keepdims=True))
            self.p, self.t = e / e.sum(axis=1, keepdims=True), t
            return -np.sum(np.log(self.p[np.arange(len(t)), t] + 1e-5))
        """,
        """
        def forward(self, x, t):
            z = x - x.max(axis=1, keepdims=True)
            e = np.exp(z)
            self.p, self.t = e / e.sum(axis=1, keepdims=True), t
            return -np.sum((z - np.log(e.sum(axis=1, keepdims=True)))[np.arange(len(t)), t])
        """,
        "Let the loss go through log-softmax or logaddexp, which need no guard, or differentiate the guard too.",
        """
        def backward(self, dout=1.0):
            dx = self.p.copy()
            dx[np.arange(len(self.t)), self.t] -= 1
            return dx * dout
        """,
    ),
    "wrong-values": Explanation(
        "The gradient is not the derivative, and none of the other kinds says how.",
        "Another function was differentiated.",
        """
        def backward(self, dout):
            return dout * np.cos(1.01 * self.x) * np.exp(0.1 * self.x)
        """,
        """
        def backward(self, dout):
            return dout * (np.cos(self.x) + 0.1 * np.sin(self.x)) * np.exp(0.1 * self.x)
        """,
        "Derive it again, and compare the entry that is shown by hand.",
        """
        def forward(self, x):
            self.x = x
            return np.sin(x) * np.exp(0.1 * x)
        """,
    ),
    "stale-cache": Explanation(
        "After a second forward, of this object or another, backward answers for the first.",
        "Something is kept only where it is not there yet, or on the class instead of the object.",
        """
        def forward(self, x):
            if not hasattr(self, "x"):
                self.x = x
            return x**2
        """,
        """
        def forward(self, x):
            self.x = x
            return x**2
        """,
        "Let forward store afresh all that backward reads.",
        """
        def backward(self, dout):
            return 2 * self.x * dout
        """,
    ),
    "accumulates": _affine(
        "A second backward adds to the gradient of the first, and no method sets it to zero. A warning.",
        "+= is meant for an array that is used several times, and nothing empties it.",
        """
        dW = db = 0.0

        def backward(self, dout):
            self.dW = self.dW + self.x.T @ dout
            self.db = self.db + dout.sum(axis=0)
            return dout @ self.W.T
        """,
        "Assign the gradient, or give the class a method that zeroes it.",
    ),
    "mutates-upstream": _square(
        "backward writes into the gradient from above, which is its caller's. A warning.",
        "dout *= ... saves an array, and spoils it for whoever else gets it.",
        """
        def backward(self, dout):
            dout *= 2 * self.x
            return dout.copy()
        """,
        "Write into an array of the layer's own.",
    ),
    "mutates-input": Explanation(
        "forward writes into its input, which is its caller's. A warning.",
        "x[x < 0] = 0 is done on the array that was handed in.",
        """
        def forward(self, x):
            self.mask = x > 0
            x[x < 0] = 0
            return x.copy()
        """,
        """
        def forward(self, x):
            self.mask = x > 0
            return x * self.mask
        """,
        "Work on a copy.",
        """
        def backward(self, dout):
            return dout * self.mask
        """,
    ),
    "mutates-parameter": _affine(
        "A parameter is changed where its gradient is stored too, and neither a rate nor an optimizer was handed in. "
        "A warning.",
        "The weights are clipped or scaled in place.",
        """
        def backward(self, dout):
            self.dW = self.x.T @ dout
            self.db = dout.sum(axis=0)
            dx = dout @ self.W.T
            self.W *= 0.5
            return dx
        """,
        "Leave the parameters to whoever updates them.",
    ),
    "aliases": _square(
        "A gradient shares its memory with an array of the caller's, or with another gradient. A warning.",
        "The gradient from above, or a view of it, is handed on.",
        """
        def backward(self, dout):
            np.multiply(dout, 2 * self.x, out=self.x)
            return self.x
        """,
        "Hand out a copy.",
    ),
    "nondeterministic": _tanh(
        "The same call gives another answer, though all random generators were set back.",
        "A counter, a clock or a global changes what forward computes.",
        """
        calls = []

        def forward(self, x):
            self.calls.append(1)
            self.out = np.tanh(x)
            return self.out + len(self.calls)

        def backward(self, dout):
            return dout * (1 - self.out**2)
        """,
        "Let forward depend on its arrays and on random generators alone.",
    ),
    "raises": _affine(
        "forward ran, and backward raised; or a second use of the object did.",
        "A product of shapes that do not fit, or a name that is not there.",
        """
        def backward(self, dout):
            self.dW = self.x @ dout
            self.db = dout.sum(axis=0)
            return dout @ self.W.T
        """,
        "Mend what the exception says.",
    ),
    "batch-dependent": _square(
        "A batch of one, or one sample among others, gets another answer than alone.",
        "A squeeze takes the axis of the batch with it.",
        """
        def backward(self, dout):
            return (2 * self.x * dout) / len(self.x)
        """,
        "Name the axes that are squeezed or averaged.",
    ),
    "layout-dependent": Explanation(
        "The same values in another memory layout give another answer.",
        "reshape or ravel with an order, or a view of the memory, reads what is not there.",
        """
        def forward(self, x):
            self.shape = x.shape
            return np.ravel(x, order="K").reshape(x.shape) ** 2 + 0 * x

        def backward(self, dout):
            return dout
        """,
        _SQUARE + _SQUARE_RIGHT,
        "Read arrays by their axes: order C.",
    ),
    "overflow": Explanation(
        "The result is not finite for large inputs, though its exact value is; an overflow on the way to a finite "
        "result is a warning.",
        "exp of a large number.",
        """
        def forward(self, x):
            self.out = np.exp(x) / (1 + np.exp(x))
            return self.out
        """,
        """
        def forward(self, x):
            self.out = 0.5 * (1 + np.tanh(0.5 * x))
            return self.out
        """,
        "Subtract the largest exponent first, or branch on the sign.",
        """
        def backward(self, dout):
            return dout * self.out * (1 - self.out)
        """,
    ),
    "precision": Explanation(
        "The output's or a gradient's dtype is narrower than its array's. A warning.",
        "A cast to float32, or an array that was made without a dtype.",
        """
        def backward(self, dout):
            return (2 * self.x * dout).astype(np.float32)
        """,
        _SQUARE_RIGHT,
        "Keep the dtype of what was handed in: np.zeros_like(x).",
        _SQUARE,
    ),
    "differs-from-reference": Explanation(
        "With --against: the layer gives another output or gradient than the one that is taken to be right.",
        "forward is wrong, and backward is its own right derivative, which no check of gradients can see.",
        """
        def forward(self, x):
            self.out = np.tanh(0.5 * x)
            return self.out

        def backward(self, dout):
            return 0.5 * dout * (1 - self.out**2)
        """,
        _TANH + _TANH_RIGHT,
        "Mend forward; the finding says how the two are related where it is simple.",
    ),
}
