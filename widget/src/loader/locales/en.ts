export const en = { open: "Open chat", close: "Close chat", title: "Chat", unread: "unread messages" };
