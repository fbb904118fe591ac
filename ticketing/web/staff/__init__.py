"""The staff's site: one module a noun; the frame around every page is in `frame`."""
