/** A stylesheet as minified text, to be adopted by a shadow root. */
declare module "*.css?inline" {
  const css: string;
  export default css;
}
