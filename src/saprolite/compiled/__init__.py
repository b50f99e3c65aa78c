"""Equations compiled: elementary functions for Numba, and the binding that makes kernels."""
