"""What a turn costs, beside a bare echo server: `make bench`."""
