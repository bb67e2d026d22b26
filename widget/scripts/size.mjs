// Refuses a build that has grown past what a customer on a slow phone should wait for.
import { gzipSync } from "node:zlib";
import { readFileSync } from "node:fs";

const KB = 1024;
const limits = [
  { what: "loader", files: ["loader.js"], limit: 3 * KB },
  { what: "first load of the panel", files: ["panel.js", "panel.css"], limit: 30 * KB },
];
const size = (file) => gzipSync(readFileSync(new URL(`../dist/${file}`, import.meta.url)), { level: 9 }).length;

let tooLarge = false;
for (const { what, files, limit } of limits) {
  const sizes = files.map((file) => [file, size(file)]);
  const total = sizes.reduce((sum, [, bytes]) => sum + bytes, 0);
  tooLarge ||= total > limit;
  const parts = sizes.map(([file, bytes]) => `${file} ${bytes}`).join(" + ");
  console.log(`${what}: ${total} of ${limit} bytes gzipped (${parts})${total > limit ? "  TOO LARGE" : ""}`);
}
process.exitCode = tooLarge ? 1 : 0;
