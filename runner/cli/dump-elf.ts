// `-d elf`: what the object holds, section by section, its symbols, and the manifest in readable form.

import { MANIFEST_SECTION } from "../../wasm/manifest.ts";
import { readManifest } from "../core/bind.ts";
import { readElf } from "../core/elf.ts";

export function dumpElf(bytes: Uint8Array): string {
  const object = readElf(bytes);
  const lines = [`object: ${bytes.length} bytes`];
  object.sections.forEach((section, index) => {
    if (index > 0) lines.push(`section ${index} ${section.name}: ${section.data.length} bytes`);
  });
  for (const symbol of object.symbols) {
    if (symbol.name !== "") lines.push(`symbol ${symbol.name}: section ${symbol.section} + ${symbol.value}, ${symbol.size} bytes`);
  }
  const { source, ...manifest } = readManifest(bytes);
  lines.push(`${MANIFEST_SECTION}: ${JSON.stringify({ ...manifest, source: source.name }, null, 2)}`);
  return `${lines.join("\n")}\n`;
}
