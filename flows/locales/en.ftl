# Every sentence that customers read, in English. A company overrides any line from its own folder.

### Dialogue

### Letters

### Pages

### Widget
