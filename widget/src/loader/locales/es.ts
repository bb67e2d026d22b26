export const es = { open: "Abrir el chat", close: "Cerrar el chat", title: "Chat", unread: "mensajes sin leer" };
