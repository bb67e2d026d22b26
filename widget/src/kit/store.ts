/** Holds an application's state, which only a reducer changes, and notifies subscribers. */

import { useLayoutEffect, useState } from "preact/hooks";

export interface Store<State, Action> {
  readonly state: State;
  dispatch(action: Action): void;
  /** Calls `listener` after each change of the state. Returns the function that unsubscribes it. */
  subscribe(listener: () => void): () => void;
}

export function createStore<State, Action>(
  reducer: (state: State, action: Action) => State,
  initialState: State,
): Store<State, Action> {
  let state = initialState;
  const listeners = new Set<() => void>();
  return {
    get state() {
      return state;
    },
    dispatch(action) {
      const next = reducer(state, action);
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

/** The store's current state. The component renders again at each change. */
export function useStore<State>(store: Store<State, never>): State {
  const [state, setState] = useState(store.state);
  useLayoutEffect(() => {
    setState(store.state);
    return store.subscribe(() => setState(store.state));
  }, [store]);
  return state;
}
