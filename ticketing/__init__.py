"""The service of Einlass: tickets, codes, conversations and the record of every scan."""
