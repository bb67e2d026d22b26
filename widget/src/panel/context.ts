/** The objects that every view may use, passed down as a Preact context. */

import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { DateFormat } from "../kit/format";
import type { Words } from "../kit/words";
import type { ChatClient } from "./client/chat-client";

export interface PanelServices {
  readonly words: Words;
  readonly format: DateFormat;
  readonly chat: ChatClient;
  /** Closes the panel. Null if no loader can close it. */
  readonly close: (() => void) | null;
  /** Has screen readers read a text out. */
  readonly announce: (text: string) => void;
}

export const PanelContext = createContext<PanelServices>(null as unknown as PanelServices);

export const usePanel = (): PanelServices => useContext(PanelContext);
