"""What is still being tried out, and may change: Process, components in processes of their own."""
