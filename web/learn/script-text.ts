// Scripts as template texts: backslashes are the script's own, and it begins on the line after the quote.

export function bt({ raw }: TemplateStringsArray): string {
  return raw.join("").replace(/^\n/, "");
}
