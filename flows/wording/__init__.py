"""Effects to sentences: Fluent files, languages, amounts and dates."""
