// What one looks at, in the fragment of a link: `#2` and, as base64url, the deflated JSON of it. The fragment never leaves the browser.

import { throughStream } from "./stream.ts";

/** What a link says; all but the script may be absent. */
export interface Linked {
  script: string;
  name?: string;
  /** Id of one of the page's own targets. */
  target?: string;
  /** The tab that is shown. */
  view?: string;
  workload?: string;
}

/** Version of the form; a page that does not know it says so. */
const VERSION = "2";
/** A link may not make the page hold more, in bytes: what inflates to it is refused. */
const MAX_SIZE = 256 << 10;

const tooLarge = () => new Error("the script of the link is too large");

const packed = (bytes: Uint8Array<ArrayBuffer>, stream: CompressionStream | DecompressionStream) =>
  throughStream(bytes, stream, MAX_SIZE, tooLarge);

export async function fragmentOf(linked: Linked): Promise<string> {
  const bytes = await packed(new TextEncoder().encode(JSON.stringify(linked)), new CompressionStream("deflate-raw"));
  const base64 = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return `#${VERSION}${base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;
}

/** What JSON says; what has none of these names is nobody's. @throws Error for what is no such JSON. */
export function linkedOf(json: string): Linked {
  const given = JSON.parse(json) as Record<string, unknown>;
  const text = (name: string): string | undefined => (typeof given[name] === "string" ? given[name] : undefined);
  const script = text("script");
  if (script === undefined) throw new Error("there is no script");
  const linked: Linked = { script };
  for (const name of ["name", "target", "view", "workload"] as const) {
    const value = text(name);
    if (value !== undefined) linked[name] = value;
  }
  return linked;
}

/** @returns undefined for an empty fragment. @throws Error for one that is damaged or of another version. */
export async function linkedBy(fragment: string): Promise<Linked | undefined> {
  const text = fragment.replace(/^#/, "");
  if (text === "") return undefined;
  if (!text.startsWith(VERSION)) throw new Error("the link is of a form that this page does not know");
  try {
    const binary = atob(text.slice(VERSION.length).replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    const inflated = await packed(bytes, new DecompressionStream("deflate-raw"));
    return linkedOf(new TextDecoder("utf-8", { fatal: true }).decode(inflated));
  } catch (error) {
    throw new Error(
      error instanceof Error && /too large/.test(error.message) ? error.message : "the link is damaged: it was cut off, perhaps",
    );
  }
}
