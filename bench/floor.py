"""The floor of every page: bare Flask with one route that answers a few bytes, under the same gunicorn settings."""

from flask import Flask

app = Flask(__name__)


@app.route("/", methods=["GET", "POST"])
def nothing() -> str:
    return "seats"
