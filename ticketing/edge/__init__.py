"""Edge: the real things behind the ports, one library per file.

Clocks, chance, keys, pictures, mail and messengers live here and nowhere else.
"""
