"""The load generator: connections, a schedule, HTTP responses in, raw samples out.

``run.run_load`` takes a ``spec.LoadSpec`` and gives a ``result.LoadResult``. It knows nothing of Gunicorn, and judges
nothing: statistics and validity are those of ``advisor.measure``.
"""
