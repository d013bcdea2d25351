"""What every HTTP surface shares: one exchange, one router, one decoder, one way to answer."""
