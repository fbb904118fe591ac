"""The long fault run: eight stations, a cut network, killed processes; see `__main__.py`."""
