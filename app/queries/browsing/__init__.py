"""What a visitor reads before choosing seats: cities, films, times, cinemas, search."""
