"""Bill files from the company's billing system."""
