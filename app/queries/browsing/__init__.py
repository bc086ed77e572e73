"""What a visitor reads before choosing seats: cities, films, times, cinemas, search. Seats themselves are seat_map's."""
