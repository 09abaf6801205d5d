// Names on their way to the host and back.

/**
 * Whether a text is the same after it went to the host and came back. Bytes that are no UTF-8 may have made lone halves of
 * surrogate pairs: the host would answer for another name, and be asked again and again.
 */
export function isWellFormed(text: string): bool {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if ((unit & 0xf800) != 0xd800) continue;
    if (unit >= 0xdc00 || i + 1 == text.length || (text.charCodeAt(i + 1) & 0xfc00) != 0xdc00) return false;
    i++;
  }
  return true;
}
