"""Everything that speaks HTTP: parse, call one service function, render."""
