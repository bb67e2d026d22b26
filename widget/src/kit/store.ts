/** Holds the state, and tells the views when it has changed. */

import { useLayoutEffect, useState } from "preact/hooks";
import { reduce, type Change, type State } from "../panel/state";

export interface Store {
  readonly state: State;
  change(change: Change): void;
  subscribe(listener: () => void): () => void;
}

export function storeOf(first: State): Store {
  let state = first;
  const listeners = new Set<() => void>();
  return {
    get state() {
      return state;
    },
    change(change) {
      const next = reduce(state, change);
      if (next === state) return;
      state = next;
      for (const listener of listeners) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** The store's state, kept up to date in a view. */
export function useStore(store: Store): State {
  const [state, set] = useState(store.state);
  useLayoutEffect(() => {
    set(store.state);
    return store.subscribe(() => set(store.state));
  }, [store]);
  return state;
}
