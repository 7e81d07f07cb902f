"""What a value may become: one module for each family of formats."""
