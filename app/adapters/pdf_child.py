"""Draws one PDF and ends: reads {"html", "style"} as JSON from its input and writes the file to its output."""

from __future__ import annotations

import json
import sys

from app.adapters.pdf import render_pdf


def main() -> None:
    task = json.load(sys.stdin.buffer)
    sys.stdout.buffer.write(render_pdf([task["html"]], task["style"], {}))


if __name__ == "__main__":
    main()
