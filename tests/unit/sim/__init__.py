"""Tests of the simulator: its plan, its letters, and that what it signs is truly signed."""
