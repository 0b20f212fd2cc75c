"""A page as a browser shows it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

STICKING_OUT = """() => [...document.querySelectorAll('body *')]
  .filter(each => !each.closest('.scroll') && !each.classList.contains('skip'))
  .filter(each => each.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .map(each => each.outerHTML.slice(0, 80))"""


@contextmanager
def shown(address: Path, chromium: Path, *, width: int, embedded: bool = False) -> Iterator[Any]:
    """The page in a window of that width: nothing sticks out, is asked of the network, or is complained about.

    `embedded`: the page holds its pictures as data addresses, which a browser asks of the page itself.
    """
    from playwright.sync_api import sync_playwright

    asked: list[str] = []
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(chromium), args=["--no-sandbox"])
        view = browser.new_page(viewport={"width": width, "height": 900})
        view.on("request", lambda request: asked.append(request.url))
        view.on("console", lambda message: complaints.append(message.text))
        view.on("pageerror", lambda error: complaints.append(str(error)))
        view.goto(address.as_uri())
        assert view.evaluate("document.documentElement.scrollWidth") <= width
        assert view.evaluate(STICKING_OUT) == []
        assert "broken" not in view.title()
        yield view
        browser.close()
    assert [each for each in asked if not (embedded and each.startswith("data:"))] == [address.as_uri()]
    assert complaints == []
