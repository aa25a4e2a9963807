"""The load generator: connections, a schedule, HTTP responses in, raw samples out.

``run.run_load`` takes a ``spec.LoadSpec`` and gives a ``result.LoadResult``; ``run.run_load_apart`` does so with every
generator in a process of its own. It knows nothing of Gunicorn, and judges nothing: statistics and validity are those
of ``advisor.measure``.
"""
