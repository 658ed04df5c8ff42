// Values of simulated records, made on the fly from (seed, index, salt) by integer mixing: the same numbers give the
// same record for ever, and no record is held in memory. Called by the object declarations. Pure.

/** The xxHash32 avalanche over three words: an unsigned 32-bit integer without visible patterns between neighbours. */
export function mix(seed: number, index: number, salt: number): number {
  let h =
    Math.imul(seed ^ 0x27d4eb2f, 0x9e3779b1) + Math.imul(index ^ 0x165667b1, 0xc2b2ae3d) + Math.imul(salt, 0x85ebca77);
  h = Math.imul(h ^ (h >>> 15), 0x85ebca77);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae3d);
  return (h ^ (h >>> 16)) >>> 0;
}

/** A 32-bit seed of a text (FNV-1a), to give every account and object a world of its own. */
export function seedOf(text: string, seed: number): number {
  let h = 0x811c9dc5 ^ seed;
  for (let at = 0; at < text.length; at += 1) h = Math.imul(h ^ text.charCodeAt(at), 0x01000193);
  return h >>> 0;
}

/** What a value may depend on. */
export interface Row {
  readonly seed: number;
  readonly index: number;
}

/** Distinguishes the values of one record; two values with one salt move together on purpose. */
export const SALT = {
  first: 1,
  last: 2,
  company: 3,
  companyForm: 4,
  city: 5,
  job: 6,
  stage: 7,
  phone: 8,
  amount: 9,
  industry: 10,
  time: 11,
  owner: 12,
  subject: 13,
} as const;

const FIRST_NAMES = (
  'Ada Amara Anton Beatriz Björn Chiara Daniel Elif Emeka Fatima Grace Hana Ibrahim Ingrid Jonas Kenji ' +
  'Leila Lucía Mateo Mei Nadia Noah Olga Priya Rosa Samuel Sofia Tomás Viktor Wanjiru Yusuf Zoë'
).split(' ');
const LAST_NAMES = (
  'Achieng Andersen Bauer Costa Dubois Eriksson Fischer García Haddad Ivanova Jansen Kaya Kowalski ' +
  "Lopez Martin Mensah Moreau Müller Nakamura Nguyen O'Brien Okafor Patel Quinn Rossi Santos Sato " +
  'Schmidt Silva Tanaka Vargas Walsh'
).split(' ');
const COMPANY_NAMES = (
  'Alder Beacon Bluewater Cobalt Copperfield Driftwood Evergreen Fennel Granite Halcyon Harbor Juniper ' +
  'Keystone Lantern Meridian Northwind Orchard Pinecrest Quarry Redwood Sable Summit Tidewater Willow'
).split(' ');
const FIRST_NAMES_ASCII = FIRST_NAMES.map(asciiOf);
const LAST_NAMES_ASCII = LAST_NAMES.map(asciiOf);
const COMPANY_FORMS = ['Analytics', 'Foods', 'Group', 'Health', 'Labs', 'Logistics', 'Media', 'Systems'];
const JOBS = ['Account Executive', 'Analyst', 'CEO', 'CTO', 'Designer', 'Engineer', 'Operations Lead', 'Recruiter'];
const PLACES = [
  ['Amsterdam', 'Netherlands'],
  ['Berlin', 'Germany'],
  ['Lagos', 'Nigeria'],
  ['Lisbon', 'Portugal'],
  ['Nairobi', 'Kenya'],
  ['New York', 'United States'],
  ['Osaka', 'Japan'],
  ['Portland', 'United States'],
  ['São Paulo', 'Brazil'],
  ['Toronto', 'Canada'],
] as const;
const SUBJECTS = ['Cannot sign in', 'Export is empty', 'Invoice question', 'Slow dashboard', 'Webhook stopped'];

/** One of `choices`, the same for the same row and salt. */
export function pick<T>(choices: readonly T[], row: Row, salt: number): T {
  return choices[mix(row.seed, row.index, salt) % choices.length] as T;
}

export const firstName = (row: Row): string => pick(FIRST_NAMES, row, SALT.first);
export const lastName = (row: Row): string => pick(LAST_NAMES, row, SALT.last);
export const companyName = (row: Row): string =>
  `${pick(COMPANY_NAMES, row, SALT.company)} ${pick(COMPANY_FORMS, row, SALT.companyForm)}`;
export const jobTitle = (row: Row): string => pick(JOBS, row, SALT.job);
export const city = (row: Row): string => pick(PLACES, row, SALT.city)[0];
export const country = (row: Row): string => pick(PLACES, row, SALT.city)[1];
export const subject = (row: Row): string => pick(SUBJECTS, row, SALT.subject);

/** A domain under the reserved `.example` (RFC 2606), unique per index. */
export function domain(row: Row): string {
  return `${pick(COMPANY_NAMES, row, SALT.company).toLowerCase()}-${row.index}.example`;
}

/** An address unique per index, in ASCII. */
export function email(row: Row): string {
  const first = pick(FIRST_NAMES_ASCII, row, SALT.first);
  const last = pick(LAST_NAMES_ASCII, row, SALT.last);
  return `${first}.${last}.${row.index}@${pick(COMPANY_NAMES, row, SALT.company).toLowerCase()}.example`;
}

function asciiOf(name: string): string {
  return name
    .normalize('NFD')
    .replaceAll(/[^A-Za-z]/g, '')
    .toLowerCase();
}

/** A number from the range 555-0100 to 555-0199, which is kept free for fiction. */
export function phone(row: Row): string {
  const bits = mix(row.seed, row.index, SALT.phone);
  return `+1 ${200 + (bits % 700)} 555-01${String((bits >>> 16) % 100).padStart(2, '0')}`;
}

/** A whole number from `least` to `most`. */
export function numberBetween(least: number, most: number, row: Row, salt: number): number {
  return least + (mix(row.seed, row.index, salt) % (most - least + 1));
}
