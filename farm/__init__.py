"""farm: a device benchmarking farm and regression tracker for quantised ML models on phones."""

__version__ = "0.1.0"
