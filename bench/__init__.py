"""The benchmark: the cost of a turn, compared with a bare echo server (`make bench`)."""
