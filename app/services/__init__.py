"""Use cases: one public function each, one transaction each. Imperative names; no Flask here."""
