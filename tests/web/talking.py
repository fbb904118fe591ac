"""A visitor in the web chat, as the page's script talks to the service."""

from dataclasses import dataclass, replace
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from ticketing.web.visits import COOKIE
from ticketing.worker import Worker

START = {"id": "begin", "start": True}


@dataclass(frozen=True, slots=True)
class Talk:
    """One browser's conversation; answers are sent at once."""

    client: FlaskClient
    worker: Worker

    def post(self, **message: Any) -> TestResponse:
        """Send as the script does."""
        return self.client.post("/chat/messages", json=message)

    def deliver(self) -> None:
        """Let the worker send all that is due."""
        while self.worker.run_once():
            pass

    def start(self) -> None:
        """Begin, and hear the greeting."""
        assert self.post(**START).status_code == 200
        self.deliver()

    def say(self, text: str) -> list[dict[str, Any]]:
        """Say something, and hear what is new."""
        seen = self.newest()
        assert self.post(text=text).status_code == 200
        self.deliver()
        return self.items(seen)

    def press(self, label: str) -> list[dict[str, Any]]:
        """Press the newest button of that name, and hear what is new."""
        seen = self.newest()
        buttons = [choice for item in self.items() for choice in item["choices"]]
        [chosen] = [button["id"] for button in buttons if button["label"] == label][-1:]
        assert self.post(choice=chosen).status_code == 200
        self.deliver()
        return self.items(seen)

    def items(self, after: int = 0) -> list[dict[str, Any]]:
        """What the page is told."""
        answer = self.client.get(f"/chat/messages?after={after}").json
        assert answer is not None
        found: list[dict[str, Any]] = answer["items"]
        return found

    def newest(self) -> int:
        """The id of the last message."""
        return max((item["id"] for item in self.items()), default=0)

    def browser_of_its_own(self) -> "Talk":
        """The same visitor in another thread: test clients are not shared."""
        other = self.client.application.test_client()
        cookie = self.client.get_cookie(COOKIE, path="/chat")
        assert cookie is not None
        other.set_cookie(COOKIE, cookie.value, path="/chat")
        return replace(self, client=other)
