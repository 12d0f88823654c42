"""What people decided: who may, what stands, and the tables that keep it."""
