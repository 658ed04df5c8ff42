// Where the Tenons of this process listen, for whoever judges what they answer. Known by origin, because the simulated
// providers answer on the same address and some of their paths look like ours.

const origins = new Set<string>();

/** From now on the answers of this origin are judged, where a judge is at work (`everyAnswer.ts`). */
export function announceServer(origin: string): void {
  origins.add(origin);
}

export function isServer(origin: string): boolean {
  return origins.has(origin);
}
