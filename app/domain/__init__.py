"""The rules of the house, pure: no Flask, no SQLAlchemy, no clock."""
