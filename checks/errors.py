"""The exceptions of gradproof: each message says what was got, what was expected and what to do."""

from __future__ import annotations


class GradproofError(Exception):
    """Base of every error that gradproof raises about what it was given."""


class SignatureError(GradproofError, ValueError):
    """A signature does not parse, or arrays do not fit it."""


class LayerError(GradproofError):
    """The user's layer could not be built, run or read; the message is one or two lines for its author."""


class SilentError(LayerError):
    """Backward ran, and left no gradient of what the layer was taken to answer for."""


class NotFedError(LayerError):
    """Backward wants something that forward does not give."""


class GradientMismatch(AssertionError):
    """A gradient differs from the derivative of forward; the text is the report."""


class UserCodeRaised(GradproofError):
    """The layer's own code raised; `phase` is "forward" or "backward", `__cause__` the exception."""

    def __init__(self, phase: str, error: BaseException) -> None:
        self.phase = phase
        # What has no answer at these values (a singular matrix) is no fault of the code.
        self.outside = phase == "forward" or type(error).__name__ == "LinAlgError"
        text = str(error).strip().splitlines()
        super().__init__(f"{phase} raised {type(error).__name__}" + (f": {text[0]}" if text else ""))
