/** What every view needs at hand: the words, the formats, the connection and who the company is. */

import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Connection } from "./connection";
import type { Format } from "../kit/format";
import type { Words } from "../kit/words";

export interface Tools {
  readonly words: Words;
  readonly format: Format;
  readonly chat: Connection;
  readonly greeting: string;
  /** Closes the panel, or null when the page stands alone. */
  readonly close: (() => void) | null;
  /** Words for people who listen instead of looking. */
  readonly announce: (text: string) => void;
}

export const ToolsContext = createContext<Tools>(null as unknown as Tools);

export const useTools = (): Tools => useContext(ToolsContext);
