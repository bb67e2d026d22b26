"""Ways in and out, one file each: the web chat, emails, texts."""
