"""What is measured, beside what, and how it is written down; run by `make bench`. Nothing here is a test."""
