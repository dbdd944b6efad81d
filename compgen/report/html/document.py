"""What every page has: head, what was typed, foot; and a chart with its caption."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

from compgen._version import __version__

STYLE = Path(__file__).with_name("style.css")


def document(names: Sequence[str], command: str, sections: Sequence[str]) -> str:
    """One self-contained HTML document about the inputs of these `names`."""
    body = [
        "<header><h1>compgen compare</h1>",
        f"<p><code>{escape(command)}</code></p></header>",
        *sections,
        f"<footer>compgen {__version__}. Every number belongs to its inputs, their split and "
        "its seeds; what each means, and what fools it, is in docs/metrics.md.</footer>",
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>compgen compare: {escape(', '.join(names))}</title>"
        f"<style>{STYLE.read_text('utf-8')}</style></head><body>{''.join(body)}</body></html>\n"
    )


def figure(title: str, svg: str, caption: str) -> str:
    """A chart; nothing where there is none."""
    if not svg:
        return ""
    return (
        f"<figure><h3>{escape(title)}</h3>{svg}<figcaption>{escape(caption)}</figcaption></figure>"
    )
