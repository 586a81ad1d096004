"""The generator: a seeded city, written as the files its providers and banks would send."""
