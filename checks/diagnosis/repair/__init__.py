"""Cures that are tried in the user's own code: one expression of backward at a time, changed until it agrees."""

from checks.diagnosis.repair.search import repaired

__all__ = ["repaired"]
