"""The pure core: `entry`, `split` (who gets a payment), `base` (what an account is), `statement` (a month)."""
