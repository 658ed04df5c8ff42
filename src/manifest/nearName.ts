// "Did you mean": the nearest known name to a mistyped one. Used by everything here that meets an unknown name.

/** Names further than this share of their length from each other are different words, not typing errors. */
const DISTANCE_SHARE_MAX = 1 / 3;
/** Longer input is not a typing error of a name, and the comparison is quadratic. */
const COMPARED_CHARS_MAX = 64;

/** The known name nearest to `name`, ignoring case, or null where none is near. */
export function nearestName(name: string, known: Iterable<string>): string | null {
  if (name.length > COMPARED_CHARS_MAX) return null;
  let nearest: string | null = null;
  let smallest = Math.max(1, Math.floor(name.length * DISTANCE_SHARE_MAX)) + 1;
  for (const candidate of known) {
    if (Math.abs(candidate.length - name.length) >= smallest) continue;
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance >= smallest) continue;
    nearest = candidate;
    smallest = distance;
  }
  return nearest;
}

/** The remedy sentence for an unknown name, or undefined where nothing is near. */
export function didYouMean(name: string, known: Iterable<string>): string | undefined {
  const nearest = nearestName(name, known);
  return nearest === null ? undefined : `did you mean "${nearest}"?`;
}

/** Levenshtein distance by rows. */
function editDistance(left: string, right: string): number {
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const substitution = (previous[column - 1] ?? 0) + (left[row - 1] === right[column - 1] ? 0 : 1);
      current.push(Math.min(substitution, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[right.length] ?? 0;
}
