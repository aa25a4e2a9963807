"""Does not import: what it needs is not installed."""

import no_such_module

app = no_such_module.app
