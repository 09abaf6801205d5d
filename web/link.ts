// Scripts in the fragment of a link: `#1` and, as base64url, their deflated text. The fragment never leaves the browser.

/** Version of the form; a page that does not know it says so. */
const VERSION = "1";
/** A link may not make the page hold more, in bytes: what inflates to it is refused. */
const MAX_SCRIPT = 1 << 20;

async function throughStream(bytes: Uint8Array<ArrayBuffer>, stream: CompressionStream | DecompressionStream): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = new Blob([bytes]).stream().pipeThrough(stream).getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    length += part.value.length;
    if (length > MAX_SCRIPT) throw new Error("the script of the link is too large");
    parts.push(part.value);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export async function fragmentOf(script: string): Promise<string> {
  const bytes = await throughStream(new TextEncoder().encode(script), new CompressionStream("deflate-raw"));
  const base64 = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return `#${VERSION}${base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;
}

/** @returns undefined for an empty fragment. @throws Error for one that is damaged or of another version. */
export async function scriptOf(fragment: string): Promise<string | undefined> {
  const text = fragment.replace(/^#/, "");
  if (text === "") return undefined;
  if (!text.startsWith(VERSION)) throw new Error("the link is of a form that this page does not know");
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    const binary = atob(text.slice(VERSION.length).replaceAll("-", "+").replaceAll("_", "/"));
    bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true }).decode(await throughStream(bytes, new DecompressionStream("deflate-raw")));
  } catch (error) {
    throw new Error(
      error instanceof Error && /too large/.test(error.message) ? error.message : "the link is damaged: it was cut off, perhaps",
    );
  }
}
