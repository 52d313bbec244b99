// Copies the library that the page uses, with its licences, from node_modules to the page.
// `--verify` only compares. See ../../Makefile: make page.
import { readFileSync, writeFileSync } from "node:fs";

const page = new URL("../../Kamaelia/Visualisation/Live/page/", import.meta.url);
const modules = new URL("node_modules/@dagrejs/", import.meta.url);
const read = (url) => readFileSync(url, "utf-8");
const licence = (name) => `@dagrejs/${name}\n\n${read(new URL(`${name}/LICENSE`, modules))}`;
const files = {
  "dagre.js": read(new URL("dagre/dist/dagre.esm.js", modules)).replace(/\n?\/\/# sourceMappingURL=.*\n?/, "\n"),
  "dagre-licence.txt": ["dagre", "graphlib"].map(licence).join("\n"),
};
for (const [name, text] of Object.entries(files)) {
  if (!process.argv.includes("--verify")) writeFileSync(new URL(name, page), text);
  else if (read(new URL(name, page)) !== text) {
    console.error(`${name} is not that of package-lock.json: run make page`);
    process.exitCode = 1;
  }
}
