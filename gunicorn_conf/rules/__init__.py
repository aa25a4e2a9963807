"""Config and what is known of the deployment in, findings out: one module a topic, one explicit registry."""
