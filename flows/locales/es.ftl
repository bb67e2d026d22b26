# Todas las frases que leen los clientes, en español. Una empresa puede cambiar cualquier línea desde su propia carpeta.

### Dialogue

### Letters

### Pages

### Widget
