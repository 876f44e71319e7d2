"""The files of the web terminal, and the headers that go with each."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
_IMPORT_MAP: Final = re.compile(rb'<script type="importmap">(.*?)</script>', re.DOTALL)
INDEX: Final = "index.html"


@dataclass(frozen=True, slots=True)
class Page:
    """One file, ready to send."""

    body: bytes
    content_type: str


def load_pages() -> dict[str, Page]:
    """Read all files of the page into memory.

    Returns
    -------
    dict
        Keyed by path below the page, such as ``vendor/three.core.min.js``.
    """
    pages: dict[str, Page] = {}
    folders: list[tuple[str, Traversable]] = [("", files("client.web") / "static")]
    while folders:
        prefix, folder = folders.pop()
        for entry in folder.iterdir():
            if entry.is_dir():
                folders.append((f"{prefix}{entry.name}/", entry))
                continue
            content_type = _TYPES.get(entry.name[entry.name.rfind(".") :])
            if content_type is not None:
                pages[prefix + entry.name] = Page(entry.read_bytes(), content_type)
    assert INDEX in pages, sorted(pages)
    return pages


def security_headers(index: bytes, *, port: int) -> dict[str, str]:
    """Headers of every answer.

    Only our own files run; the one inline script, the import map, is allowed by its hash. The address holds a
    secret, so it is never sent on as a referrer.
    """
    found = _IMPORT_MAP.search(index)
    assert found is not None, "the page has no import map"
    digest = base64.b64encode(hashlib.sha256(found.group(1)).digest()).decode()
    policy = (
        "default-src 'none'",
        f"script-src 'self' 'sha256-{digest}'",
        "style-src 'self'",
        "img-src 'self' data:",
        f"connect-src 'self' ws://127.0.0.1:{port} ws://localhost:{port}",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
    return {
        "Content-Security-Policy": "; ".join(policy),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-cache",
    }
