"""What this host or container really gives: CPUs, memory, platform, Python and Gunicorn, each with its source."""
