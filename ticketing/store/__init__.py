"""All SQL of the service: one module per noun, one schema, one unit of work."""
