"""Who a caller is: identify, sessions, sign-ins."""
