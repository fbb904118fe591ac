"""The page at the gate: Flask on loopback, for the one browser on this computer."""
