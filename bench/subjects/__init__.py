"""What is compared. Each module's `handler(event, context)` answers an HTTP API event; importing it is its start-up."""
