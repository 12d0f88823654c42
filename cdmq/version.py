"""The version of cdmq."""

__version__ = "0.1.0"
