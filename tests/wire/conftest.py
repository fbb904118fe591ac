"""Property tests take as long as a shared machine lets them."""

from hypothesis import settings

settings.register_profile("wire", deadline=None)
settings.load_profile("wire")
