"""The HTTP API under /api/v1: shapes in, one use case, shapes out."""
