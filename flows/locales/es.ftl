# Todas las frases que leen los clientes, en español. Una empresa puede cambiar cualquier línea desde su propia carpeta.

### Dialogue

# The country whose way of writing dates and amounts is used.
format-locale = es-ES

### Service

# Con qué puede empezar el cliente.
action-pay-bill = Pagar mi factura
action-person = Hablar con una persona

# Cómo se llama una conversación anterior en la lista.
title-menu = Para empezar
title-pay-bill = Pago de mi factura
title-person = Mensaje al equipo

# Respuestas a lo que no se pudo atender.
error-bad-request = No hemos podido leerlo. Inténtelo de nuevo, por favor.
error-too-long = El mensaje es demasiado largo. Escriba menos de 2.000 caracteres, por favor.
error-unknown-event = Es posible que esta página no esté actualizada. Vuelva a cargarla, por favor.
error-not-found = No encontramos esa conversación. Empiece una nueva, por favor.
error-conflict = Ese mensaje ya se envió con otras palabras. Envíelo de nuevo, por favor.
error-closed = Esta conversación ha terminado. Empiece una nueva, por favor.
error-slow-down = Ha ido un poco rápido para nosotros. Espere unos segundos e inténtelo de nuevo.
error-unavailable = Algo ha fallado por nuestra parte y no se ha cambiado nada. Inténtelo de nuevo en un momento.

### Letters

### Pages

### Widget
