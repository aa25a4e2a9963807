"""Host and workload in, plan out: settings with reasons and the limits that were weighed. Pure arithmetic."""
