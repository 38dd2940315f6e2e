// Bundles the page into a folder: node build.mjs OUTPUT_FOLDER
import { build } from "esbuild";
import { existsSync } from "node:fs";
import { cp, mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

const out = process.argv[2];
if (!out) {
  console.error("usage: node build.mjs OUTPUT_FOLDER");
  process.exit(2);
}

await mkdir(out, { recursive: true });
const { metafile } = await build({
  entryPoints: ["src/page.ts"],
  outfile: join(out, "page.js"),
  bundle: true,
  metafile: true,
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

/** The licence texts of everything that is in the bundle; a package without one fails the build. */
async function licenses() {
  const names = new Set(Object.keys(metafile.inputs).flatMap((input) => packageOf(input) ?? []));
  for (const name of await bundledBefore()) {
    names.add(name);
  }
  const parts = [];
  for (const name of [...names].sort()) {
    parts.push(`${name}\n\n${(await license(name)).trim()}\n`);
  }
  return parts.join(`\n${"-".repeat(80)}\n\n`);
}

/** MQTT.js comes as a bundle itself. The variant of it that is not minified says what each part was made of. */
async function bundledBefore() {
  const bundle = await readFile("node_modules/mqtt/dist/mqtt.js", "utf8");
  const names = [...bundle.matchAll(/^ *\/\/ (node_modules\/\S+)$/gm)].map(([, file]) => packageOf(file));
  if (names.length === 0) {
    throw new Error("the bundle of MQTT.js does not say any more what is in it");
  }
  // Bundled twice: it starts a worker, whose code it has as a text.
  return names.includes("worker-timers") ? [...names, "worker-factory", "worker-timers-worker"] : names;
}

/** The name of the package that a file is from, undefined if it is ours. */
function packageOf(file) {
  return /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1];
}

/** From the package, if npm installs it here, else from our folder. */
async function license(name) {
  const installed = join("node_modules", name);
  const names = existsSync(installed) ? await readdir(installed) : [];
  const file = names.find((entry) => /^licen[cs]e/i.test(entry));
  const ours = join("licenses", `${name}.txt`);
  if (file === undefined && !existsSync(ours)) {
    throw new Error(`the licence of ${name}, which is in the bundle, is missing: put it into ${ours}`);
  }
  return readFile(file === undefined ? ours : join(installed, file), "utf8");
}
