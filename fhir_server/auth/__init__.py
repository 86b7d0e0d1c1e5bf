"""Who asks: principals and, later, SMART App Launch."""
