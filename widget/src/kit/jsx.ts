/** What the build puts in place of JSX: smaller than the automatic runtime, which the type checker follows. */
export { Fragment, h } from "preact";
