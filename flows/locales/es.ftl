# Todas las frases que leen los clientes, en español. Una empresa puede cambiar cualquier línea desde su propia carpeta.

### Dialogue

# El país cuya forma de escribir fechas e importes se usa.
format-locale = es-ES

# Cuándo responde el equipo: completa «El equipo responde …».
team-hours = en el plazo de un día laborable

# El menú
welcome = Hola. Puedo ayudarle a pagar una factura o pasar un mensaje a nuestro equipo.
menu = ¿Qué desea hacer?
signed-out = Ha cerrado la sesión aquí. Lo que se dijo de su cuenta queda oculto hasta que pida un código nuevo y lo escriba.
choice-pay-bill = Pagar mi factura
choice-person = Hablar con una persona
choice-menu = Menú principal
choice-sign-out = Cerrar sesión
choice-back = Volver

# Lo que se responde en cualquier momento
help = Puedo decirle cuánto debe, llevarle a una página de pago segura o pasar un mensaje a nuestro equipo. También puede escribir «volver» o «menú» en cualquier momento.
# Lo mismo donde no hay ninguna pasarela de pago.
help-otherwise = Puedo decirle cuánto debe y cómo pagarlo, o pasar un mensaje a nuestro equipo. También puede escribir «volver» o «menú» en cualquier momento.
help-identifier = Escriba el correo electrónico o el móvil que figura en su cuenta, por ejemplo nombre@example.com. Le enviaremos un código para comprobar que es usted.
help-code = El código tiene 6 cifras. Puede tardar un minuto en llegar, y un correo puede acabar en la carpeta de correo no deseado. Puede pedir un código nuevo o usar otro correo o móvil.
help-picking = Elija cada factura que quiera pagar. Si la elige otra vez, la quita. Cuando termine, elija el botón de pago.
help-paying = El enlace abre una página segura en la que usted elige cómo pagar. En cuanto el pago se complete, se lo confirmaré aquí.
help-person = Escriba su mensaje con sus propias palabras, en tantas partes como quiera. Cuando esté completo escriba «enviar» y lo verá antes de que salga. El equipo responde { team-hours }.
not-understood = Perdone, no le he entendido.
stale-choice = Esa opción ya no está disponible.
card-typed = He borrado de su mensaje un número de tarjeta. Por favor, no escriba nunca aquí los datos de su tarjeta. Solo se introducen en la página de pago segura.
# Lo mismo donde no hay ninguna pasarela de pago.
card-typed-otherwise = He borrado de su mensaje un número de tarjeta. Por favor, no escriba nunca aquí los datos de su tarjeta.
out-of-scope = Solo puedo ayudarle con facturas y pagos, o pasar un mensaje a nuestro equipo.
greeting = Hola. ¿En qué puedo ayudarle?
thanks = De nada.
goodbye = Gracias. Puede volver a este chat cuando quiera.
are-you-a-bot = Soy un asistente automático, no una persona. Puedo ayudarle a pagar una factura o pasar un mensaje a nuestro equipo.
payment-methods = En la página de pago verá todas las formas de pagar, antes de que se cobre nada.
# Lo mismo donde no hay ninguna pasarela de pago.
payment-methods-otherwise = En este chat no puedo cobrar. Cuando le muestre lo que debe, le diré también cómo puede pagarlo.
change-language = Este chat usa el idioma de la página en la que está.

# ¿Quién es?
identifier = Para encontrar su factura, escriba el correo electrónico o el móvil que figura en su cuenta.
identifier-email-only = Para encontrar su factura, escriba el correo electrónico que figura en su cuenta.
identifier-after-a-while = Ha pasado un rato y tenemos que comprobar que es usted. Escriba el correo electrónico o el móvil que figura en su cuenta.
identifier-missing = No he visto ningún correo ni móvil en su mensaje. Escriba uno, por ejemplo nombre@example.com.
identifier-landline = Ese número no puede recibir mensajes de texto. Escriba un móvil o un correo electrónico.
identifier-foreign = No podemos enviar mensajes de texto a números de ese país. Escriba un correo electrónico, por favor.
identifier-no-texts = No enviamos mensajes de texto. Escriba el correo electrónico que figura en su cuenta.
identifier-bad-email = Ese correo parece incompleto. Debería ser como nombre@example.com. Escríbalo otra vez, por favor.
identifier-unsendable = No podemos enviar a un correo con acentos u otras letras especiales antes de la @. Escriba otro, por favor.
identifier-bad-number = Ese número parece incompleto. Escriba el móvil entero o un correo electrónico.
which-identifier = ¿Cuál de ellos figura en su cuenta?
which-did-you-mean = Por favor, compruebe cómo está escrito. ¿Cuál es el correcto?
choice-identifier = { $value }

# El código. Las palabras son las mismas para conocidos y desconocidos.
code = Escriba el código de 6 cifras que le hemos enviado.
code-sent-email = Hemos enviado un código de 6 cifras a { $value }, si esa dirección figura en una cuenta. Sirve durante { $life }. Escríbalo aquí.
code-sent-mobile = Hemos enviado un código de 6 cifras al { $value }, si ese número figura en una cuenta. Sirve durante { $life }. Escríbalo aquí.
code-sent-again = Hemos enviado un código nuevo a { $value }, si figura en una cuenta. Los códigos anteriores ya no sirven. Escriba el nuevo.
code-sent-again-after-a-while = Ha pasado un rato y tenemos que comprobar que es usted. Hemos enviado un nuevo código de 6 cifras a { $value }. Escríbalo aquí.
code-wait = Espere { $wait } antes de pedir otro código. Si ya tiene el más reciente, puede escribirlo ahora.
code-not-sent = Ahora mismo no podemos enviar un código a { $value }. Vuelva a intentarlo dentro de { $wait } o use otro correo o móvil.
code-wrong = Ese código no es correcto. Compruébelo y escríbalo otra vez, o pida uno nuevo.
code-superseded = Ese es un código anterior. Después se envió otro más reciente. Escriba el último o pida uno nuevo.
code-expired = Ese código ya no sirve. Pida uno nuevo, por favor.
code-used-up = Ese código ya no se puede usar. Pida uno nuevo o use otro correo o móvil.
code-misshapen = El código tiene 6 cifras. Escríbalas todas, por favor.
choice-resend = Enviar un código nuevo
choice-other-identifier = Usar otro correo o móvil

# ¿Qué cuenta?
which-account = ¿De qué cuenta se trata?
no-account = Ya no hay ninguna cuenta con ese correo o móvil. Puede escribir otro o hablar con una persona.
choice-account-owing = { $name }, { $number }: { $amount } por pagar
choice-account = { $name }, { $number }: nada por pagar
choice-see-accounts = Ver mis cuentas
choice-other-account = Otra cuenta

# Lo que se debe
balance-owed =
    Debe { $amount } en la cuenta { $account }.
    { $invoices }
balance-owed-beside-pending =
    Ya hay un pago de { $pending } en camino, así que no lo repita, por favor. Quedan { $amount } por pagar en la cuenta { $account }.
    { $invoices }
balance-pending = Ya hay un pago de { $pending } en camino para la cuenta { $account }. No tiene que pagar nada más.
balance-credit = Su cuenta { $account } tiene { $credit } a su favor. No tiene que pagar nada.
balance-nothing = No hay nada que pagar en la cuenta { $account }.
debit-planned = La cuenta { $account } está domiciliada. Cobraremos { $amount } el { $date }. Usted no tiene que hacer nada.
debit-in-place = La cuenta { $account } está domiciliada, así que sus facturas se cobran automáticamente. Todavía no hay ningún cobro previsto y usted no tiene que hacer nada.
debit-and-overdue =
    Su cuenta está domiciliada, pero hay { $amount } con el plazo vencido que quizá no se cobren automáticamente. Puede pagarlos ahora.
    { $invoices }
# Lo mismo donde no hay ninguna pasarela de pago.
debit-and-overdue-otherwise =
    Su cuenta está domiciliada, pero hay { $amount } con el plazo vencido que quizá no se cobren automáticamente.
    { $invoices }
# Donde no hay ninguna pasarela de pago: las palabras de la empresa, o que no las hay.
other-ways =
    En este chat no se puede pagar. Puede pagar así:
    { $ways }
other-ways-unknown = En este chat no se puede pagar. Deje un mensaje a nuestro equipo y le dirán cómo pagar.
invoice-line = Factura { $number }: { $amount }, vence el { $date }
invoice-line-overdue = Factura { $number }: { $amount }, venció el { $date }
invoice-more =
    { $count ->
        [one] Y una factura más.
       *[other] Y { $count } facturas más.
    }
owes = Puede pagar ahora o volver más tarde.
anything-else = ¿Desea algo más?
choice-pay-amount = Pagar { $amount }
choice-pay-all = Pagar lo que debo
choice-pay-overdue = Pagar lo vencido
choice-pick = Elegir facturas
choice-see-balance = Volver a lo que debo

# Elegir facturas
picking = ¿Qué facturas quiere pagar?
picking-none = Elija las facturas que quiera pagar, una por una.
picking-some =
    { $count ->
        [one] Ha elegido una factura: { $amount }. Elija más o pague ahora.
       *[other] Ha elegido { $count } facturas: { $amount }. Elija más o pague ahora.
    }
choice-invoice = { $number }: { $amount }, vence el { $date }
choice-picked = Elegida: { $number }, { $amount }
choice-see-invoices = Ver mis facturas
choice-pay-picked = Pagar las facturas elegidas

# El enlace de pago
link =
    Este es su enlace de pago seguro por { $amount }. Sirve hasta el { $expires }, y le confirmaré aquí el pago en cuanto se complete.
    { $url }
paying = En cuanto el pago se complete, se lo confirmaré aquí.
link-expired = Su enlace de pago por { $amount } ha caducado. No se ha cobrado nada. Puede pedir uno nuevo.
choice-new-link = Enviar un enlace nuevo

# Qué pasa con un pago
payment-completed = Gracias. Hemos recibido su pago de { $amount } el { $at }. Su referencia es { $reference }.
payment-completed-some-left = Gracias. Hemos recibido su pago de { $amount } el { $at }. Su referencia es { $reference }. Quedan { $left } por pagar.
payment-credit = { $credit } de ese pago es más de lo que debía, porque ya estaba pagado. Queda en su cuenta a su favor para las próximas facturas. Si prefiere que se lo devolvamos, hable con una persona.
payment-credit-unverified = Una parte de ese pago es más de lo que debía, porque ya estaba pagada. Queda en su cuenta a su favor para las próximas facturas. Si prefiere que se la devolvamos, hable con una persona.
payment-reinstated = Le dije que este pago de { $amount } nos había sido devuelto. Al final ha llegado, así que vuelve a contar.
payment-failed = Su pago de { $amount } ha sido rechazado y no se ha cobrado nada. El enlace sigue sirviendo, así que puede volver a intentarlo o pagar de otra forma.
payment-pending = Su pago de { $amount } se está confirmando. No vuelva a pagar, por favor. Le avisaré aquí cuando termine.
payment-abandoned = Ha salido de la página antes de pagar { $amount }. No se ha cobrado nada. El enlace sigue sirviendo.
payment-reversed = Su pago de { $amount } nos ha sido devuelto, así que ese importe vuelve a estar pendiente.
receipt-sent = Le estamos enviando una copia del recibo por correo electrónico.
receipt-impossible = No tenemos su correo electrónico, así que no podemos enviarle una copia. El recibo queda en este chat.
receipt-none = Todavía no hay ningún recibo en este chat.
choice-email-receipt = Enviarme una copia por correo
choice-what-is-left = Ver lo que queda por pagar

# Hablar con una persona
person-away = Ahora mismo no hay nadie para chatear. Deje un mensaje y el equipo le responderá { team-hours }. ¿Qué quiere decirles?
person-message = ¿Qué quiere decir al equipo?
person-message-added = Lo he añadido. Puede escribir más. Cuando eso sea todo, verá el mensaje entero antes de que salga hacia el equipo.
person-message-more = Puede añadir más a su mensaje. Cuando eso sea todo, lo verá antes de que salga hacia el equipo.
person-message-full = Su mensaje ya no puede ser más largo, así que he dejado fuera esta última parte. Envíe este y después escriba otro, por favor.
person-nothing-to-send = Todavía no hay nada que enviar. ¿Qué quiere decirle al equipo?
person-not-sent = Su mensaje no se ha enviado.
person-review =
    Esto es lo que recibirá el equipo:

    { $message }

    Le responderán a { $value }. ¿Lo envío?
person-review-known =
    Esto es lo que recibirá el equipo:

    { $message }

    Le responderán al correo o móvil para el que dio el código. ¿Lo envío?
choice-message-done = Eso es todo
choice-send-message = Enviar
choice-add-more = Añadir más
choice-other-reply = Cambiar adónde responder
choice-discard-message = No enviar
person-reach = ¿Dónde podemos responderle? Escriba su correo o su número de teléfono.
person-reach-missing = No he visto ningún correo ni teléfono en su mensaje. Escriba uno, por ejemplo nombre@example.com.
person-bad-number = Ese número parece incompleto. Escriba el número de teléfono entero o un correo electrónico.
person-message-left = Gracias. El equipo ya tiene su mensaje. Responden { team-hours }.
person-message-refused = Este mensaje no se ha podido pasar: el equipo ya ha recibido varios desde aquí. Envíelo de nuevo dentro de { $wait }.

### Service

# Con qué puede empezar el cliente.
action-pay-bill = Pagar mi factura
action-person = Hablar con una persona

# Cómo se llama una conversación anterior en la lista.
title-menu = Para empezar
title-pay-bill = Pagar mi factura
title-person = Mensaje al equipo

# Respuestas a lo que no se pudo atender.
error-bad-request = No hemos podido leerlo. Inténtelo de nuevo, por favor.
error-too-long = El mensaje es demasiado largo. Escriba menos de 2.000 caracteres, por favor.
error-unknown-event = Es posible que esta página no esté actualizada. Vuelva a cargarla, por favor.
error-not-found = No encontramos esa conversación. Empiece una nueva, por favor.
message-hidden = Oculto por su seguridad. Para continuar, escriba «pagar mi factura».
error-conflict = Ese mensaje ya se envió con otras palabras. Envíelo de nuevo, por favor.
error-closed = Esta conversación ha terminado. Empiece una nueva, por favor.
error-slow-down = Ha ido un poco rápido para nosotros. Espere unos segundos e inténtelo de nuevo.
error-unavailable = Algo ha fallado por nuestra parte y no se ha cambiado nada. Inténtelo de nuevo en un momento.

### Letters

# El SMS con el código. Sin á, í, ó ni ú cabe en un solo mensaje: 160 caracteres con su última línea.
letter-code-sms = Clave de { $brand }: { $code }. Solo para el chat que ha abierto usted. No la diga ni la mande a nadie.
# Lo mismo cuando el nombre y la dirección de la empresa son largos.
letter-code-sms-short = Clave de { $brand }: { $code }. Solo para su chat. No la diga a nadie.

letter-code-subject = Su código de { $brand }
letter-code-intro = Este es el código que ha pedido en nuestro chat:
letter-code-advice = Escríbalo solo en el chat que ha abierto usted. No lo diga ni lo envíe a nadie. Nosotros nunca se lo pediremos.
letter-code-life = Sirve una sola vez y durante { $minutes } desde que lo pidió.
letter-code-not-you = ¿No ha pedido ningún código? Entonces no tiene que hacer nada. Sin él, nadie puede ver su cuenta.

letter-receipt-subject = Su recibo de { $brand }: { $amount }
letter-receipt-intro = Gracias. Hemos recibido su pago.
letter-receipt-label-reference = Referencia
letter-receipt-label-paid = Pagado el
letter-receipt-label-account = Cuenta
letter-receipt-when = { $day }, { $time }
letter-receipt-invoice = Factura { $number }
letter-receipt-on-account = Queda a su favor en la cuenta
letter-receipt-keep = Guarde este correo como recibo.
letter-receipt-preview = Recibo { $reference }

# Lo que lee el equipo de la empresa.
letter-team-subject = Un cliente les ha dejado un mensaje
letter-team-intro = Un cliente ha escrito esto en el chat:
letter-team-reply-to = Responder a: { $who }
letter-team-nobody = No ha dicho cómo contactar con él.
letter-team-proven = Ha escrito un código correcto de una cuenta de { $name }.
letter-team-unproven = No ha demostrado quién es, así que no le digan todavía nada sobre ninguna cuenta.
letter-team-received = Recibido: { $at }
letter-team-reference = Conversación: { $reference }

### Pages

# The payment page: what it asks for.
page-pay-title = Pagar a { $brand }
page-pay-to = Va a pagar a { $brand }
page-pay-until = Esta página funciona hasta el { $until }.
page-invoices =
    { $count ->
        [one] Qué incluye: una factura
       *[other] Qué incluye: { $count } facturas
    }
page-invoice = Factura { $number }
page-invoice-due = Vence el { $date }
page-other-charges = Otros cargos de su cuenta
page-methods = ¿Cómo quiere pagar?
page-pay = Pagar { $amount }
page-pay-with = Pagar { $amount } con { $method }
page-card-safe = Los datos de su tarjeta o de su banco los da en la página segura de { $method }. Nosotros no los vemos nunca.
page-card-safe-any = Los datos de su tarjeta o de su banco los da en la página segura del proveedor de pagos. Nosotros no los vemos nunca.
page-method-sandbox = Para hacer pruebas. No se mueve dinero.
page-no-methods-title = Ahora mismo no se puede pagar aquí
page-no-methods-text = No se ha cobrado nada. Inténtelo más tarde o pregunte en el chat por otra forma de pago.

# What became of the payment.
page-paid-title = Pagado. Gracias
page-paid-text = Puede cerrar esta página. Tiene el recibo en el chat.
page-receipt = Recibo
page-paid-on = Pagado el
page-paid-to = Pagado a
page-moment = { $at }
page-confirming-title = Esperamos la confirmación
page-confirming-text = Su pago está en camino y esperamos el aviso de que ha llegado. No pague otra vez, por favor.
page-confirming-close = Puede cerrar esta página. El chat le avisará en cuanto lo sepamos.
page-confirming-looking = Esta página se actualiza sola cada pocos segundos.
page-confirming-still = Dejar de actualizar
page-confirming-look = Mirar ahora
page-confirming-unpaid = Todavía no he pagado
page-declined-title = El pago no se ha aceptado
page-declined-text = No se ha cobrado nada. Puede intentarlo de nuevo o pagar de otra forma. Su banco puede decirle el motivo.
page-closed-title = Todavía no ha pagado
page-closed-text = No se ha cobrado nada. Puede seguir con el pago cuando quiera.
page-expired-title = Este enlace ha caducado
page-expired-text = No se ha cobrado nada. Vuelva al chat y pida un enlace nuevo.
page-revoked-title = Hay un enlace más reciente
page-revoked-text = Aquí no se ha cobrado nada. Use el último enlace que tiene en el chat, por favor.
page-changed-title = El importe ha cambiado
page-changed-text = Ahora se debe menos de lo que pide este enlace, así que no se ha cobrado nada. Vuelva al chat y pida uno nuevo.
page-debited-title = Su domiciliación bancaria lo cobra
page-debited-text = Aquí no se ha cobrado nada y usted no tiene que hacer nada. El chat le dice qué se cobra y cuándo.
page-settled-title = Esto ya está pagado
page-settled-text = Aquí no queda nada por pagar. Puede cerrar esta página.
page-returned-title = Este pago ha sido devuelto
page-returned-text = El dinero ha vuelto a su origen, así que el importe se debe de nuevo. Vuelva al chat y pida un enlace nuevo.
page-unreachable-title = No hemos podido conectar con { $method }
page-unreachable-text = No se ha cobrado nada. Espere un momento e inténtelo de nuevo, por favor.
page-unknown-title = No conocemos este enlace
page-unknown-text = Puede que haya llegado incompleto. Ábralo otra vez desde el chat o pida allí uno nuevo.
page-try-again = Intentarlo de nuevo
page-back-to-payment = Volver al pago

# The sandbox, a payment provider that is only pretended.
page-sandbox-title = Pago de prueba
page-sandbox-banner = Esto es una prueba: no se mueve dinero.
page-sandbox-about = Ocupa el lugar de la página de un proveedor de pagos de verdad. Elija cómo debe acabar el pago.
page-sandbox-pay = Pagar a { $merchant }
page-sandbox-approve = Aprobar el pago
page-sandbox-decline = Rechazarlo
page-sandbox-later = Aprobarlo { $wait } después
page-sandbox-close = Cerrar sin pagar
page-sandbox-finished = Este pago de prueba ha terminado.
page-sandbox-back = Volver a { $merchant }

### Widget

# El panel del chat. La página se las entrega tal cual, así que un valor es siempre un simple { $name }.
# Inicio
widget-greeting =
    Hola.
    ¿En qué podemos ayudarle?
widget-connecting = Un momento
widget-people-here = Hay personas de nuestro equipo conectadas
widget-people-away = Nuestro asistente le atiende a cualquier hora
widget-conversations = Sus conversaciones
widget-new-conversation = Nueva conversación
widget-pay-my-bill = Pagar mi factura
widget-ask-else = Hacer otra consulta
widget-unread = sin leer
# Con quién se habla
widget-with-assistant = Asistente de { $name }
widget-with-queue = A la espera de una persona
widget-with-agent = Con nuestro equipo
widget-with-name = Está hablando con { $name }
widget-with-closed = Cerrada
# Moverse por el chat
widget-back = Volver al inicio
widget-close = Cerrar el chat
widget-try-again = Volver a intentarlo
# Mensajes
widget-messages = Mensajes
widget-you = Usted
widget-says = { $name }: { $text }
widget-typing = { $name } está escribiendo
widget-choices = Elija una respuesta
widget-today = Hoy
widget-yesterday = Ayer
widget-new-messages = Mensajes nuevos
widget-to-newest = Ir al más reciente
widget-new-tab = (se abre en otra pestaña)
widget-sending = Enviando
widget-sent = Enviado
widget-failed = No se ha enviado. Volver a intentarlo
widget-offline = Ahora mismo no hay conexión con el chat. Seguimos intentándolo.
widget-back-online = Vuelve a haber conexión.
widget-start-failed = No nos ha llegado. No se ha perdido nada: compruebe su conexión y vuelva a intentarlo.
widget-closed = Esta conversación está cerrada.
widget-start-new = Empezar otra conversación
# Responder
widget-send = Enviar
widget-field-text = Su mensaje
widget-write-text = Escriba un mensaje
widget-field-identifier = Su correo electrónico o su número de móvil
widget-write-identifier = Correo o número de móvil
widget-field-amount = El importe que quiere pagar
widget-write-amount = Importe
widget-field-code = Código de 6 cifras
widget-code-hint = Escríbalo solo aquí. Nadie de nuestro equipo se lo pedirá nunca.
widget-write-instead = Prefiero escribir un mensaje
widget-enter-code = Introducir el código
widget-characters-left = Caracteres disponibles: { $count }
# Tarjetas
widget-balance-owed = Por pagar
widget-balance-credit = Saldo a su favor
widget-balance-clear = No tiene nada pendiente
widget-invoice = Factura { $number }
widget-due = Vence el { $date }
widget-overdue = Vencida
widget-debit = Domiciliación bancaria
widget-debit-next = Se cobrará el { $date }
widget-debit-none = Aún no hay ningún cobro previsto
widget-debit-nothing-to-do = No tiene que hacer nada
widget-link = Enlace de pago
widget-link-pay = Pagar { $amount }
widget-link-where = Se abre { $host } en otra pestaña.
widget-link-until = Puede usar este enlace hasta el { $moment }.
widget-link-expired = Este enlace ha caducado. Pida aquí uno nuevo.
widget-link-confirming = Este pago se está confirmando. Por favor, no vuelva a pagar.
widget-link-returned = Este pago ha sido devuelto. Pida aquí un enlace nuevo.
widget-link-paid = Pagado
widget-receipt = Pago recibido
widget-receipt-reference = Referencia
widget-receipt-paid-at = Pagado
