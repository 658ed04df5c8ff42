// "Did you mean": known names near to one that is not known. Used wherever people type names.

/** Longer names are not compared: nobody mistypes those by hand. */
const COMPARED_CHARS_MAX = 64;
/** A third of the letters may differ, at least one. */
const DISTANCE_SHARE_MAX = 1 / 3;

/** At most `countMax` of the known names that are near to `name` (case ignored), the nearest first. */
export function nearNames(name: string, known: Iterable<string>, countMax: number): readonly string[] {
  if (name.length > COMPARED_CHARS_MAX) return [];
  const distanceMax = Math.max(1, Math.floor(name.length * DISTANCE_SHARE_MAX));
  return [...known]
    .filter((candidate) => Math.abs(candidate.length - name.length) <= distanceMax)
    .map((candidate) => ({ candidate, distance: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ distance }) => distance <= distanceMax)
    .sort((left, right) => left.distance - right.distance)
    .slice(0, countMax)
    .map(({ candidate }) => candidate);
}

/** The remedy sentence for an unknown name, or undefined where nothing is near. */
export function didYouMean(name: string, known: Iterable<string>): string | undefined {
  const [nearest] = nearNames(name, known, 1);
  return nearest === undefined ? undefined : `did you mean "${nearest}"?`;
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
