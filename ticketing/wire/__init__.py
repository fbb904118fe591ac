"""What issuer, service and station must agree on: pure, no clock, no chance, no I/O."""
