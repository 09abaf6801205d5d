// Text with code in it: what stands between backticks is code.

export type Prose = readonly (string | { code: string })[];

export function prose(text: string): Prose {
  return text
    .split("`")
    .map((part, index) => (index % 2 === 0 ? part : { code: part }))
    .filter((part) => part !== "");
}

/** Puts the text into an element, code as `code`. */
export function write(element: HTMLElement, parts: Prose): void {
  element.replaceChildren(
    ...parts.map((part) => {
      if (typeof part === "string") return part;
      const code = document.createElement("code");
      code.textContent = part.code;
      return code;
    }),
  );
}
