"""Figures as staff read them, from the tables that services/rollups.py keeps; what must be of this moment is asked live."""
