/** The JSX functions that the build injects: smaller than the automatic runtime, which the type checker follows. */
export { Fragment, h } from "preact";
