"""Edge: one adapter per messenger, each four pure functions; HTTP itself is elsewhere."""
