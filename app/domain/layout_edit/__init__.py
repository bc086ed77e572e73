"""Drawing an auditorium: numbering.py counts seats and names rows, geometry.py places them, document.py reads and finds,
words.py reads the fields of forms, changes.py is what a person may do to a plan,
moving.py says which shows can follow to a new version.

A plan stays the document it is (the pretix format): what nobody touched goes out as it came in.
"""
