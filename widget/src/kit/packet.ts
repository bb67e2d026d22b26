/**
 * Socket.IO packets (protocol 5) with JSON and no binary parts: `<type><namespace>,[<acknowledgement id>]<JSON>`.
 *
 * Written here because socket.io-client would be a sixth of everything that a customer downloads.
 */

export const PacketType = {
  connect: "0",
  disconnect: "1",
  event: "2",
  acknowledgement: "3",
  connectError: "4",
} as const;

export type PacketType = (typeof PacketType)[keyof typeof PacketType];

const PACKET = /^([0-4])(\/[^,]*),(\d*)([^]*)$/;

export interface Packet {
  readonly type: PacketType;
  /** Pairs an event with its acknowledgement; empty without one. */
  readonly id: string;
  /** JSON, still as text. */
  readonly body: string;
}

/** `data` as a packet. `id` asks the other side for an acknowledgement. */
export function encodePacket(type: PacketType, namespace: string, data: unknown, id = ""): string {
  return `${type}${namespace},${id}${JSON.stringify(data)}`;
}

/** Null if the packet has another namespace, or a form that the widget does not use. */
export function decodePacket(packet: string, namespace: string): Packet | null {
  const [, type, packetNamespace, id = "", body = ""] = PACKET.exec(packet) ?? [];
  return packetNamespace === namespace ? { type: type as PacketType, id, body } : null;
}
