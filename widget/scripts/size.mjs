// Fails when a built file exceeds its download budget, so that the chat stays quick on a slow phone.
import { gzipSync } from "node:zlib";
import { readFileSync } from "node:fs";

const KB = 1024;
const budgets = [
  { name: "loader", files: ["loader.js"], limit: 4 * KB },
  { name: "first load of the panel", files: ["panel.js", "panel.css"], limit: 36 * KB },
];
const gzippedSize = (file) => gzipSync(readFileSync(new URL(`../dist/${file}`, import.meta.url)), { level: 9 }).length;

for (const { name, files, limit } of budgets) {
  const sizes = files.map((file) => ({ file, bytes: gzippedSize(file) }));
  const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
  const parts = sizes.map(({ file, bytes }) => `${file} ${bytes}`).join(" + ");
  const tooLarge = total > limit;
  console.log(`${name}: ${total} of ${limit} bytes gzipped (${parts})${tooLarge ? "  TOO LARGE" : ""}`);
  if (tooLarge) process.exitCode = 1;
}
