"""Surface 3: Socket.IO."""
