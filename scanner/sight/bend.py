"""Bent paper (to come)."""
from __future__ import annotations
class Bender:
    def read(self, gray, grid): return None
