"""Server-rendered pages, their theme, their templates and the widget's built files."""
