"""Whether a layer computes what one of `reference/` does, or nearly: said in a line, and no verdict."""

from checks.known.recognition import recognised

__all__ = ["recognised"]
