"""Why a row misses its target, and what the limit is: shown on the page only where it does. SUBJECT/ROW/PEER, SUBJECT/ROW or SUBJECT/PEER."""

WHY = {}
