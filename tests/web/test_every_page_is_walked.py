"""The browser walks every page of the site: what it walks is compared with the routes."""

from apiflask import APIFlask

from tests.journeys.stock import NO_PAGES, PAGES
from tests.web.test_permissions import routes


def test_no_page_is_forgotten(app: APIFlask) -> None:
    """A new page is walked with the right that opens it, or it is said why it is none."""
    fetched = {
        pattern: permission.right
        for pattern, method, permission in routes(app)
        if method == "GET" and pattern.startswith("/staff") and permission is not None
    }
    assert {one: right for one, right in fetched.items() if one not in NO_PAGES} == PAGES
    assert NO_PAGES.keys() <= fetched.keys()
