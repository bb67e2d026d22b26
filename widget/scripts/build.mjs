// Builds everything that browsers load into dist/ (or the folder named), the same bytes from the same sources every time.
import { build } from "esbuild";
import { fileURLToPath } from "node:url";
import { dirname, join, resolve } from "node:path";
import { rm } from "node:fs/promises";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const outdir = process.argv[2] ? resolve(process.argv[2]) : join(root, "dist");
const target = ["es2022", "chrome94", "firefox102", "safari15.4"];
const shared = {
  absWorkingDir: root,
  bundle: true,
  minify: true,
  charset: "utf8",
  legalComments: "none",
  target,
  logLevel: "warning",
};

await rm(outdir, { recursive: true, force: true });
await build({ ...shared, entryPoints: { loader: "src/loader/main.ts" }, outdir, format: "iife" });
await build({
  ...shared,
  entryPoints: { panel: "src/panel/main.tsx" },
  outdir,
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
  outdir,
});
