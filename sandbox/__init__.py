"""sandbox: make a production-only failure safe to reproduce, explain and fix.

Two halves that meet in one artifact, the bundle: `sandbox.export` takes a sampled, masked
subset of production; `sandbox.replica` and `sandbox.experiment` run it and answer questions.
"""

__version__ = "0.1.0"
