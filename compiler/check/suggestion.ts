// "Did you mean": the closest of some names.

/** Longest name that is compared: a longer one is no typing error of a shorter one. */
const LONGEST: i32 = 64;

/** `Did you mean 'x'?` for the candidate closest to `name`, or an empty string where none is close. */
export function closest(name: string, candidates: Array<string>): string {
  let best = "";
  // A third of the letters may differ.
  let distance = name.length / 3 + 1;
  for (let i = 0; i < candidates.length; i++) {
    const candidate = candidates[i];
    if (candidate.length > LONGEST || name.length > LONGEST) continue;
    const found = editDistance(name, candidate);
    if (found < distance || (found == distance && best.length == 0)) {
      distance = found;
      best = candidate;
    }
  }
  return best.length > 0 ? `Did you mean '${best}'?` : "";
}

/** Levenshtein distance: insertions, deletions and replacements that turn one into the other. */
function editDistance(left: string, right: string): i32 {
  const row = new StaticArray<i32>(right.length + 1);
  for (let j = 0; j <= right.length; j++) row[j] = j;
  for (let i = 1; i <= left.length; i++) {
    let diagonal = row[0];
    row[0] = i;
    for (let j = 1; j <= right.length; j++) {
      const above = row[j];
      const cost = left.charCodeAt(i - 1) == right.charCodeAt(j - 1) ? 0 : 1;
      row[j] = min(min(above + 1, row[j - 1] + 1), diagonal + cost);
      diagonal = above;
    }
  }
  return row[right.length];
}
