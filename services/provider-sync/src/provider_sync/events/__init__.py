"""The facts provider-sync says (`said`); it hears none yet."""
