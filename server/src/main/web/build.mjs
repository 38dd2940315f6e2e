// Bundles the page into a folder: node build.mjs OUTPUT_FOLDER
import { build } from "esbuild";
import { cp, mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

const out = process.argv[2];
if (!out) {
  console.error("usage: node build.mjs OUTPUT_FOLDER");
  process.exit(2);
}

await mkdir(out, { recursive: true });
await build({
  entryPoints: ["src/page.ts"],
  outfile: join(out, "page.js"),
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022"],
  legalComments: "none", // the licences stand in licenses.txt
  logLevel: "warning",
});
for (const file of ["index.html", "page.css", "icon.svg"]) {
  await cp(file, join(out, file));
}
await writeFile(join(out, "licenses.txt"), await licenses());

/** The licence texts of everything that is in the bundle. */
async function licenses() {
  const { packages } = JSON.parse(await readFile("package-lock.json", "utf8"));
  const parts = [];
  for (const [folder, about] of Object.entries(packages)) {
    // Type declarations and what only the build needs are not part of the bundle.
    if (folder === "" || about.dev || folder.includes("/@types/")) continue;
    const names = await readdir(folder);
    const file = names.find((name) => /^licen[cs]e/i.test(name));
    const text = file ? await readFile(join(folder, file), "utf8") : `${about.license}\n`;
    parts.push(`${folder.replace(/^.*node_modules\//, "")} ${about.version}\n\n${text.trim()}\n`);
  }
  return parts.join(`\n${"-".repeat(80)}\n\n`);
}
