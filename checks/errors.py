"""The exceptions of gradproof: each message says what was got, what was expected and what to do."""

from __future__ import annotations


class GradproofError(Exception):
    """Base of every error that gradproof raises about what it was given."""


class SignatureError(GradproofError, ValueError):
    """A signature does not parse, or arrays do not fit it."""


class LayerError(GradproofError):
    """The user's layer could not be built, run or read; the message is one or two lines for its author."""


class GradientMismatch(AssertionError):
    """A gradient differs from the derivative of forward; the text is the report."""
