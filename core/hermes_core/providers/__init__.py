"""Model providers: records, wire formats, clients."""
