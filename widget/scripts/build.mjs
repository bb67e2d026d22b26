// Builds every file that browsers load into dist/, or into the folder given as argument. The output depends on the sources only.
import { build, transform } from "esbuild";
import { fileURLToPath } from "node:url";
import { dirname, join, resolve } from "node:path";
import { readFile, rm } from "node:fs/promises";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const outdir = process.argv[2] ? resolve(process.argv[2]) : join(root, "dist");
const target = ["es2022", "chrome94", "firefox102", "safari15.4"];
const shared = {
  absWorkingDir: root,
  outdir,
  bundle: true,
  minify: true,
  charset: "utf8",
  legalComments: "none",
  target,
  logLevel: "warning",
};

/** Turns `import css from "./file.css?inline"` into the file's minified text. */
const inlineCss = {
  name: "inline-css",
  setup(build) {
    build.onResolve({ filter: /\.css\?inline$/ }, ({ path, resolveDir }) => ({
      path: join(resolveDir, path.replace("?inline", "")),
      namespace: "inline-css",
    }));
    build.onLoad({ filter: /.*/, namespace: "inline-css" }, async ({ path }) => {
      const { code } = await transform(await readFile(path, "utf8"), { loader: "css", minify: true, target });
      return { contents: code.trim(), loader: "text" };
    });
  },
};

await rm(outdir, { recursive: true, force: true });
await build({ ...shared, entryPoints: { loader: "src/loader/main.ts" }, format: "iife", plugins: [inlineCss] });
await build({
  ...shared,
  entryPoints: { panel: "src/panel/main.tsx" },
  format: "iife",
  jsx: "transform",
  jsxFactory: "h",
  jsxFragment: "Fragment",
  inject: ["src/kit/jsx.ts"],
  jsxSideEffects: false,
});
await build({
  ...shared,
  entryPoints: { panel: "src/style/panel.css", tokens: "src/style/tokens.css", base: "src/style/base.css" },
});
