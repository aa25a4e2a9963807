"""Host and workload in, plan out: the settings, the limits that were weighed, and a reason for every value. Pure arithmetic."""
