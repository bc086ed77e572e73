"""The clockwork inside the app context: hands regular work to the worker until stopped. A second one does no harm."""

from __future__ import annotations

from app import create_backstage
from app.jobs.schedule import run_schedule


def main() -> None:
    with create_backstage(gateways_now=False).app_context():
        run_schedule()


if __name__ == "__main__":
    main()
