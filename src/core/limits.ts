// Every bound of the product in one place, each with its reason. A bound is a promise: what exceeds it gets a
// clear answer and nothing grows without one.

import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from './time.ts';

/** Ids are UUIDs or provider-made names; nothing we make is longer than 200 characters. */
export const ID_CHARS_MAX = 256;

/** Lines per write to standard output: each write wakes a thread, which at 8 KB cost more than making the lines. */
export const LOG_BUFFER_BYTES = 65_536;
/** Lines that wait while nobody reads standard output; beyond it lines are dropped, never calls. */
export const LOG_WAITING_BYTES_MAX = 1_048_576;
/** Lines are at most this old when they are written, so that `tail -f` stays useful. */
export const LOG_FLUSH_INTERVAL_MS = SECOND_MS;

/** Of an error's message this much is stored and logged. */
export const ERROR_MESSAGE_CHARS_MAX = 500;

// Metrics

/**
 * Providers that are counted by name; further ones are counted together. Names come from the catalog only, which has at
 * most CATALOG_ENTRIES_MAX of upstream and those that are built in, of which most have no calls and hence no series.
 */
export const METRIC_PROVIDERS_MAX = 2500;
/**
 * Edges of latency, in seconds: 5 ms is a provider next door, 60 s the silence after which it is given up; in between
 * steps of about two, and one at what a caller waits. 12 edges are 15 series for each provider that is called.
 */
export const LATENCY_EDGES_S: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60];
/** Edges of what a call waits before it may go, at most CALLER_WAIT_MS_MAX. */
export const LEASE_WAIT_EDGES_S: readonly number[] = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15];
/** Edges of a commit: a page cache takes 1 ms or less, a good disk 5, a disk in trouble seconds. */
export const COMMIT_EDGES_S: readonly number[] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5];
/** Edges of steps per transaction, of which there are at most COMMIT_STEPS_MAX. */
export const COMMIT_GROUP_EDGES: readonly number[] = [1, 2, 5, 10, 25, 50];
/** Rows counted per scrape where only "none, some, or far too many" matters: due alarms, paused actors. */
export const METRIC_ROWS_COUNTED_MAX = 10_000;
/** Spans that wait to be sent: at a thousand calls a second those of two seconds. Further ones are lost. */
export const SPANS_WAITING_MAX = 4096;
/** Spans per post, about 300 KB. */
export const SPANS_PER_POST_MAX = 512;
/** A collector is near, or it is down. */
export const SPANS_POST_TIMEOUT_MS = 10 * SECOND_MS;
/** A token for scrapers that is shorter could be guessed. */
export const METRICS_TOKEN_CHARS_MIN = 16;

// Store

/** Group commit: more steps per transaction gain nothing measurable and make one failure discard more hosts. */
export const COMMIT_STEPS_MAX = 50;
/** Steps waiting for the writer; beyond it the edge answers `overloaded` instead of growing the heap. */
export const COMMIT_QUEUE_STEPS_MAX = 10_000;
/** SQLite waits this long for the file lock; by the owner lock no other process should hold it. */
export const STORE_BUSY_TIMEOUT_MS = 5 * SECOND_MS;
/** Pages (4 KB) of WAL after which the writer checkpoints: a few megabytes keep reads fast and restarts short. */
export const WAL_AUTOCHECKPOINT_PAGES = 1000;
/** While a backup reads, the log cannot be emptied and grows; afterwards its file is cut back to this size. */
export const WAL_BYTES_KEPT = 16 * 1_048_576;

// Actors

/** A machine is a decision, not a container: lists live in tables (DESIGN decision 1). */
export const SNAPSHOT_BYTES_MAX = 16_384;
/** Live hosts kept in memory; a hydration costs 10 µs, so that more would gain little. */
export const LIVE_HOSTS_MAX = 10_000;
/** Memory that live hosts may take together, as estimated from their states. */
export const LIVE_HOSTS_BYTES_MAX = 64 * 1_048_576;
/** A live host without its state; measured by bench/actors.ts. */
export const HOST_OVERHEAD_BYTES = 1024;
/** Events stepped per turn of the event loop, about 5 ms; the rest lets timers and sockets go first. */
export const TURN_STEPS_MAX = 256;
/** Steps of one owner at the store. A customer who floods us fills a third of a group commit, never the queue. */
export const OWNER_STEPS_OPEN_MAX = 16;
/** Events of one owner that wait to be stepped; beyond it its callers get `overloaded`, and nobody else does. */
export const MAILBOX_EVENTS_MAX = 1000;
/** Events that wait over all owners, about 50 MB. */
export const EVENTS_WAITING_MAX = 100_000;
/** Each actor keeps its last 16 to 31 events: a day of a read every hour, about 2 KB. */
export const HISTORY_EVENTS = 16;
/** A longer event is not kept; the history begins anew after it. */
export const HISTORY_EVENT_BYTES_MAX = 2048;
/** Alarms sent per scan … */
export const ALARM_BATCH = 100;
/** … and the shortest time between two scans that found a full batch: 2,000 alarms a second after a long stop. */
export const ALARM_SCAN_INTERVAL_MS = 50;
/** Alarms being handled at once. */
export const ALARMS_IN_FLIGHT_MAX = 200;
/** A machine with an `always` loop becomes an actor error instead of a hang (XState's default is Infinity). */
export const MACHINE_ITERATIONS_MAX = 100;
/** Effects of one type performed at once; more wait their turn. */
export const EFFECTS_IN_FLIGHT_MAX = 256;
/** Of these at once for one owner: a customer with hundreds of objects leaves places for the others. */
export const OWNER_EFFECTS_IN_FLIGHT_MAX = 16;
/** And of those that call one provider app: a provider that lets each hang for a minute leaves the others theirs. */
export const SHARER_EFFECTS_IN_FLIGHT_MAX = EFFECTS_IN_FLIGHT_MAX / 4;
/** Last resort for an effect whose handler neither settles nor fails; handlers have shorter limits of their own. */
export const EFFECT_DEADLINE_MS = 2 * MINUTE_MS;
/** Pauses between tries of an effect that has no failure to report, only a bug of ours or a full disk to outlast. */
export const EFFECT_RETRY_BASE_MS = SECOND_MS;
export const EFFECT_RETRY_MS_MAX = 5 * MINUTE_MS;
/** Tries of such an effect, about two hours; then its actor is paused and an operator decides. */
export const EFFECT_ATTEMPTS_MAX = 30;
/** Effects of one type that wait in memory; further ones wait in their table. */
export const EFFECTS_WAITING_MAX = 10_000;
/** Rows of the effects table looked at per turn. */
export const REDISPATCH_BATCH = 500;
/** First pause before the answer to an effect that the disk refused is handed over again; doubles. */
export const SETTLE_RETRY_BASE_MS = 200;
/** Longest such pause: soon after there is room again, and well inside STOP_DRAIN_MS. */
export const SETTLE_RETRY_MS_MAX = 5 * SECOND_MS;
/**
 * A stop waits this long for effects in flight, which are re-dispatched at the next start anyway, and at the same time
 * for grants that are given back.
 */
export const STOP_DRAIN_MS = 5 * SECOND_MS;
/**
 * And this long, from its beginning, for the answers to renewals and writes that were sent: a refresh token that is
 * used once is lost with its answer, which rarely takes two seconds. With HTTP_DRAIN_MS inside the 30 s of Kubernetes.
 */
export const STOP_ANSWER_MS = 20 * SECOND_MS;

// Waiting

/** Longest a caller waits in memory for a credential or a budget (DESIGN decision 5). */
export const CALLER_WAIT_MS_MAX = 15 * SECOND_MS;
/** Callers waiting in memory per installation; beyond it `overloaded`. */
export const CALLERS_WAITING_MAX = 1000;

/** Slices of a window: a window gives away at most one of them, two in a hundred. */
export const METER_SLICES = 50;
/** After a refusal that nothing foretold, a window is spent with care for so many of its lengths, and no less than … */
export const CAREFUL_WINDOWS = 10;
/** … this long: whoever shares a limit is back after lunch. */
export const CAREFUL_MS_MIN = HOUR_MS;
/** A careful window goes in so many portions, one in a fiftieth of it: numbers come in between. */
export const CAREFUL_PORTIONS = 12;
/** Care begins before a refusal where others are seen near the end of a window that is no longer than this: of a day's
 * window one refusal is one a day, and care until its end costs more. */
export const FORESEEN_WINDOW_MS_MAX = MINUTE_MS;
/** Of what was accepted before a refusal, what is believed to fit. */
export const CEILING_SHARE = 0.97;
/** Slices in which our calls are counted where others share a window that slides: told numbers are not rounded. */
export const NEIGHBOUR_SLICES = 250;
/** Others are left what they take on average, and so many standard deviations of chance more: 4 are 1 in 30,000 … */
export const NEIGHBOURS_CHANCE = 4;
/** … but no more than this share of a limit: who takes everything leaves as much to us. */
export const NEIGHBOURS_SHARE_MAX = 0.5;
/** Where nothing else goes, one call in so many parts of a window asks what is left. */
export const SCOUTS = 20;
/** From when the provider wrote a number until a call that was sent because of it arrives: a slow round trip. */
export const UNSEEN_MS = 200;
/** What a refusal takes of a limit whose numbers are told, for those who come unseen … */
export const UNSEEN_SHARE = 0.01;
/** … and no more in all than this. */
export const UNSEEN_SHARE_MAX = 0.05;
/** So long nothing more is tried … */
export const CEILING_HOLD_WINDOWS = 6;
/** … and then so much more in a window, twice as much every second one. */
export const CEILING_GROWTH = 0.01;
/** Where only Retry-After tells of a window, so much of what is known goes at once while the rest is measured … */
export const TRIAL_SHARE_AT_ONCE = 0.4;
/** … and so much of what others had, who may have become fewer, is asked for beside: more would crowd them out … */
export const TRIAL_SHARE_OF_OTHERS = 0.75;
/** … and no less than so much more than is known; twice as much each time that there was more. */
export const TRIAL_GROWTH = 0.1;
/** Of other windows of that kind, all goes in so many slices: others who become more are met by the next measuring. */
export const TURN_PORTIONS = 5;
/** The most that a window was seen to hold is forgotten over so many refusals: limits change. */
export const MOST_FORGOTTEN = 32;
/** A refusal that tells of another turn of the window than was known counts 2, one that fits takes 1 away; with … */
export const TURN_MISFITS_MAX = 4;
/** Where no limit is declared calls are counted all the same, so that a refusal tells of one: in such windows … */
export const UNDECLARED_WINDOW_MS = 10 * SECOND_MS;
/** … of which no process can spend so many. Retry-After tells which of these it is; nobody is held back for longer. */
export const GUESSED_WINDOWS_MS = [SECOND_MS, UNDECLARED_WINDOW_MS, MINUTE_MS];
/** Calls in a window that nothing is known of. */
export const UNDECLARED_LIMIT = 1_000_000;
/** Windows that last at least this long are kept on disk; shorter ones are over before a process is up again. */
export const DURABLE_WINDOW_MS_MIN = 15 * SECOND_MS;
/** Of a window so much is reserved on disk at a time: what a crash may cost, against a commit per chunk … */
export const BUDGET_CHUNK_SHARE = 0.05;
/** … and never more calls than this. */
export const BUDGET_CHUNK_MAX = 500;
/** Of each limit, what schedules leave to people and to what people wait for. */
export const BUDGET_RESERVED_SHARE = 0.2;
/** Of a window too long to queue for, what is left to customers who have had little of it: a first call finds some … */
export const NEWCOMERS_SHARE = 0.05;
/** … but no more than the parts of so many, where hundreds share it. */
export const NEWCOMERS_MAX = 10;
/** Of such a window that others use too, so much is left to their next calls, which ours would meet at its end. */
export const UNSEEN_LAST_SHARE = 0.006;
/** More than an equal part of it is had at the pace at which it lasts, and not as soon as so many slices leave it. */
export const OPENED_SLICES = 3;
/** What others may need at once in a slice: of many who each come seldom, so many deviations of their sum … */
export const BURST_DEVIATIONS = 2;
/** … and no more than this share of the window: they may never ask. */
export const BURSTS_SHARE_MAX = 0.1;
/** One who was refused is let before those who had more until it comes again, at most so long. */
export const WANTED_MS_MAX = 5 * MINUTE_MS;
/** So many windows one who asked counts as one who asks, and one who was refused as one who may be again. */
export const SHARING_WINDOWS = 1.5;
/** What one is likely to need is told by its calls in the last slices, of which each has this weight … */
export const PACE_WEIGHT = 0.2;
/** … and may be so many times of what they tell. */
export const PACE_GROWTH = 2;
/** Customers whose calls of one window are counted apart, at 50 slices about 20 MB; the others are counted as one. */
export const OWNERS_COUNTED_MAX = 10_000;
/** Of those who wait for such a window, the ones who are asked in turn whether they may have more of it. */
export const OWNERS_ASKED_MAX = 64;
/** Of what is left of a limit so much goes to one edge thread at a time: the others find something left. */
export const HELD_SHARE = 0.25;
/** Background calls that are spread go at most this share of a window at once: an hour's of a day's. */
export const PACE_BURST_SHARE = 1 / 24;
/** Refusals for too many calls at once that come within this halve the places once: they tell of one moment. */
export const REFUSAL_BURST_MS = 2 * SECOND_MS;
/** Calls that an edge thread is handed ahead at first; twice as many each time that half of them is used … */
export const HELD_CALLS_MIN = 8;
/** … up to this in hand: asked for once or twice a report at the speed of a thread. */
export const HELD_CALLS_MAX = 256;
/** What was not used for so long goes back: a caller who pauses, or slows down, needs less, and others may need it. */
export const HELD_IDLE_MS = 250;
/** Edge threads tell what they did at most this late; it counts from then on, so windows last this much longer. */
export const REPORT_INTERVAL_MS = 20;
/** Calls that went well are told less often: a circuit looks at ten seconds. Those that did not take them along. */
export const OUTCOMES_INTERVAL_MS = 500;
/** Connections whose tokens an edge thread keeps; what it does not have it asks for. */
export const GRANTS_CACHED_MAX = 20_000;
/** Questions of one edge thread that wait for an answer, about as many as calls may wait in memory. */
export const QUESTIONS_OPEN_MAX = 10_000;
/** A learned limit is forgotten after so long without a call: plans change, and the next answer teaches it again. */
export const LEARNED_LIMIT_KEPT_MS = 30 * DAY_MS;
/** Told to who has waited in vain for a place: calls end all the time, and nobody knows when the next one does. */
export const PLACE_RETRY_MS = 5 * SECOND_MS;
/** What a refusal may hold a limit for, if its window is not longer: a provider that is asked again says so again. */
export const BLOCK_MS_MAX = HOUR_MS;
/** Budgets kept in memory; what is not on disk of one that made no call for long is over anyway. */
export const BUDGETS_CACHED_MAX = 100_000;
/** Accounts whose places nobody sits on that stay in memory, about 20 MB: making them anew costs each call more. */
export const SEATS_IDLE_MAX = 10_000;
/** Calls that who had less than others may catch up: with more, who asked for nothing for long would be first. */
export const FAIR_CREDIT_CALLS = 3;
/** Calls that wait for one budget; of one owner at most CALLERS_WAITING_MAX. */
export const CALLS_WAITING_PER_BUDGET_MAX = 10_000;

// What answers say of limits

/** A reset or a wait further away is a mistake of the provider: the longest windows are months. */
export const LIMIT_AHEAD_MS_MAX = 31 * DAY_MS;
/** A header that is longer is not read; lists of a dozen policies stay below. */
export const LIMIT_HEADER_CHARS_MAX = 1024;
/** Limits told by one answer; the most talkative provider tells of five. */
export const LIMIT_READINGS_MAX = 16;
/** A name of a policy or endpoint; budgets are kept by it. */
export const LIMIT_NAME_CHARS_MAX = 64;
/** A longer body is data and no refusal: parsing pages of records for an error code would double their cost. */
export const LIMIT_BODY_CHARS_MAX = 16_384;
/** A passed-on answer this short is looked at for the words of a refusal; those of vendors are under 1 KB. */
export const PEEKED_BYTES_MAX = 4096;
/** Where the end of an answer is looked at and it is packed, all of it is kept: several times a page of 250 records. */
export const PEEKED_PACKED_BYTES_MAX = 65_536;
/** JSON packs to a tenth or so; what unpacks to more is no page of records. */
export const PEEKED_UNPACKED_BYTES_MAX = 1_048_576;
/** Ends of answers that a thread has unpacked at the same time: libuv's pool has as many threads for all of them. */
export const UNPACKING_MAX = 4;
/** A body that takes longer says how things were; a slow reader must not hold others back by that. */
export const BODY_TOLD_MS_MAX = 5 * SECOND_MS;

// Edge

/** A caller's id of a call: longer than a UUID, a trace or what common gateways write. */
export const REQUEST_ID_CHARS_MAX = 128;
/** A control-plane body; the largest real one is a manifest. */
export const API_BODY_BYTES_MAX = 1_048_576;
/** A manifest; the largest published sample has 13 KB. */
export const MANIFEST_BYTES_MAX = 524_288;
/** Levels of nesting in a manifest; the published shape has 9. */
export const MANIFEST_DEPTH_MAX = 100;
/** An integration as it is stored: a manifest whose aliases repeat much of it. */
export const MANIFEST_CONTENT_BYTES_MAX = 1_048_576;
/** Configs that a plan looks into, a tenth of a second's work; beyond, it only counts installations. */
export const PLAN_CONFIGS_MAX = 2000;
/** Deploys of one integration at one moment: each goes by what the one before it left. */
export const DEPLOY_ATTEMPTS_MAX = 5;
/** Of a change of a connection, each after another change of the same moment came first. */
export const CONNECTION_EDITS_MAX = 5;
/** Aliases a manifest may expand, against the "billion laughs" expansion. */
export const MANIFEST_ALIASES_MAX = 100;
/**
 * What `<<` may merge in all: values that are built for it, and members that are copied. The YAML library makes them
 * anew for each merge, in 0.4 µs each, and a file of the largest size could ask for fourteen million. The largest
 * published sample has 13 KB in all.
 */
export const MANIFEST_MERGED_MAX = 200_000;
/** Integrations per manifest; the largest published sample has 8. */
export const MANIFEST_INTEGRATIONS_MAX = 200;
/** Files in an uploaded archive; the command line sends one. */
export const ZIP_ENTRIES_MAX = 100;
/** An uploaded archive: a manifest of the largest size that does not compress, and some. */
export const UPLOAD_BYTES_MAX = 1_048_576;
/** From asking for an address to deploying what was put there. */
export const UPLOAD_TTL_MS = HOUR_MS;
/** Uploads of a project that are kept at a time. */
export const UPLOADS_PER_PROJECT_MAX = 100;

/** Groups and consumers that were named; far above who connects, and few enough to be counted for each new one. */
export const PARTY_NAMES_PER_PROJECT_MAX = 100_000;
/** Installations that are deleted at a time with their integration, each in a commit of its own. */
export const INSTALLATIONS_REMOVED_BATCH = 20;
/** Grants that are given back at a time: a quarter of the connections of an origin; renewals go beside them. */
export const REVOCATIONS_IN_FLIGHT_MAX = 16;
/** Those that wait in memory, 3 KB each; further ones are left to end by themselves. */
export const REVOCATIONS_WAITING_MAX = 10_000;
/** Objects of an account that are described or sampled at a time, for one person who waits. */
export const OBJECTS_ASKED_BATCH = 8;
/** All of them: usual gateways in front of us end a request after 60 s; 500 objects, answered in 0.7 s each, fit in. */
export const OBJECTS_ASKED_MS_MAX = 50 * SECOND_MS;
/** Fields created or changed by one request: one batch of HubSpot's, ten calls of Salesforce's. */
export const FIELDS_UPSERTED_MAX = 100;
/** Values that a field offers; Salesforce takes 1,000 in a restricted list. */
export const FIELD_VALUES_MAX = 1000;
/** A value, a label or a default of a field; both providers take 255. */
export const FIELD_TEXT_CHARS_MAX = 255;
/** What a field is for; Salesforce takes 1,000. */
export const FIELD_DESCRIPTION_CHARS_MAX = 1000;
/** All calls of one such request: a person waits, and a batch of HubSpot's that exists takes 100 calls. */
export const FIELDS_UPSERT_MS_MAX = 2 * MINUTE_MS;
/** Objects per action of one integration; the largest published sample has 60. */
export const MANIFEST_OBJECTS_MAX = 500;
/** Fields per object; Salesforce allows 800 custom fields per object. */
export const MANIFEST_FIELDS_MAX = 2000;
/** A secret that a customer types: an RSA key or a key file in base64 has 4 KB. */
export const SECRET_CHARS_MAX = 16_384;
/** Scopes of one credential. */
export const SCOPES_MAX = 500;
/** A parameter that a provider sent a browser back with. */
export const CALLBACK_PARAM_CHARS_MAX = 8192;
/** Longest API key that is looked at; ours have 47 characters. */
export const API_KEY_CHARS_MAX = 256;
/** Refs and names that builders choose for their customers. */
export const REF_CHARS_MAX = 512;
/** Valid API keys kept hot; a miss costs one indexed read and one SHA-256. */
export const API_KEYS_CACHED_MAX = 10_000;
/** See `isMoveDue`. Odd and prime, so that each of the look-ups of a call has its turn. */
export const USES_PER_MOVE = 7;
/** Each keeps its windows in memory, some 4 KB: a connection may call hundreds of endpoints with a limit each. */
export const LEASES_OF_KINDS_CACHED_MAX = 16_384;
/** Installations kept resolved for the proxy. */
export const PROXY_TARGETS_CACHED_MAX = 50_000;
/** Those asked for last are found without a look-up; two whose ids end alike push each other out. */
export const PROXY_TARGETS_RECENT_MAX = 4096;
/** A body whose announced length is at most this is read before its call is sent, so that it can be sent again. */
export const REPLAYABLE_BODY_BYTES_MAX = 65_536;
/** Places in a table of header names; one caller and one provider use some twenty, and two on one place are slow. */
export const HEADER_NAMES_CACHED_MAX = 2048;
/** The longest of them; the longest common names have 40 characters. */
export const HEADER_NAME_CACHED_CHARS_MAX = 64;
/** Times that a proxied call is sent again because the provider asked for patience; a third refusal is an answer. */
export const RESENDS_MAX = 2;
/** Pause before a connection that was refused is tried again: a listener that restarts needs some time. */
export const RECONNECT_PAUSE_MS = 200;
/** Calls of all customers that wait in memory to be sent again; further refusals are passed on at once. */
export const RESENDS_WAITING_MAX = 5000;
/** Accounts whose providers' 429 are remembered for callers that are throttled. */
export const THROTTLED_ACCOUNTS_MAX = 100_000;
/** A 429 that does not say until when: the windows of those who do not are a second to ten seconds long. */
export const THROTTLE_ASSUMED_MS = 10 * SECOND_MS;
/** A 429 is believed for a day: daily quotas are back by then, and a mistake of the provider ends. */
export const THROTTLE_MS_MAX = DAY_MS;
/**
 * Connections that the system holds until they are accepted, as far as its own bound allows (4,096 on Linux). What
 * comes beyond is told nothing and tries again after 1, 3, 7, 15 seconds: callers that all return after a restart.
 */
export const HTTP_BACKLOG = 4096;
/** Edge threads; more than a machine has cores gain nothing. */
export const WORKERS_MAX = 64;
/** Calls of one edge thread that are under way to the owner thread, which answers all that is not proxied. */
export const PIPED_CALLS_MAX = 256;
/** Those of `/health` and `/ready` beside them: whoever fills the others should not have the process restarted. */
export const PIPED_PROBES_MAX = 32;
/** When what finds no place should come again: calls of the owner thread take milliseconds. */
export const PIPED_RETRY_MS = SECOND_MS;
/** How often the owner thread shows that it runs. */
export const BEAT_INTERVAL_MS = SECOND_MS;
/** An owner thread that has not moved for so long hangs: a checkpoint or a large manifest takes a second or two. */
export const OWNER_SILENCE_MS_MAX = 5 * SECOND_MS;
/**
 * An edge thread tells what it counted once a second. One that has not for so long hangs: whatever it does at a time is
 * a matter of milliseconds. While it loads it has THREAD_STEADY_MS.
 */
export const THREAD_SILENCE_MS_MAX = 10 * SECOND_MS;
/** How often that is looked at. */
export const THREAD_WATCH_INTERVAL_MS = SECOND_MS;
/** Pauses before an edge thread that ended is started again; they double … */
export const THREAD_RESTART_BASE_MS = 100;
export const THREAD_RESTART_MS_MAX = 30 * SECOND_MS;
/** … until it has run for so long. */
export const THREAD_STEADY_MS = MINUTE_MS;
/** So many ends in a row are no accident: the process is not ready. */
export const THREAD_CRASHES_MAX = 3;
/** How long a stop lets open requests finish; with STOP_DRAIN_MS inside the 10 s that Docker waits. */
export const HTTP_DRAIN_MS = 3 * SECOND_MS;
/** Idle connections outlive the 60 s of common load balancers, which otherwise meet a closing one now and then. */
export const HTTP_KEEP_ALIVE_MS = 75 * SECOND_MS;
/** A body that is not proxied, a megabyte at most: 35 KB a second. Whoever sends slower holds what others wait for. */
export const REQUEST_BODY_MS_MAX = 30 * SECOND_MS;
/**
 * What is read and thrown away of a body after its answer, so that the answer is not lost to a reset: 64 MB on a line
 * of 18 Mbit/s. No longer than anybody may hold a connection with a body that comes slowly (REQUEST_BODY_MS_MAX) …
 */
export const UNREAD_MS_MAX = 30 * SECOND_MS;
export const UNREAD_BYTES_MAX = 64 * 1_048_576;
/** … and no longer than this once nothing more comes: a client that has read its answer closes. nginx's default. */
export const UNREAD_SILENCE_MS_MAX = 5 * SECOND_MS;
/** A whole upload through the proxy: 10 GB on a slow line. */
export const HTTP_REQUEST_MS_MAX = 6 * HOUR_MS;
/** What a builder makes by hand or by deployment, per project: each list of it is one answer. */
export const API_KEYS_PER_PROJECT_MAX = 1000;
export const JWT_KEYS_PER_PROJECT_MAX = 100;
export const TOPICS_PER_PROJECT_MAX = 1000;
export const ROUTES_PER_PROJECT_MAX = 10_000;
/** Its messages are rows of the commit that an event is part of, which others wait behind. */
export const DESTINATIONS_PER_EVENT_MAX = 100;
export const DESTINATIONS_PER_PROJECT_MAX = 10_000;
export const PROVIDER_APPS_PER_PROJECT_MAX = 10_000;
/** Projects of one server; `GET /projects` answers them all. */
export const PROJECTS_MAX = 10_000;
/** Public keys of customer tokens: shorter ones can be factored … */
export const JWT_KEY_BITS_MIN = 2048;
/** … and longer ones cost 16 times the time of the shortest, for each call. */
export const JWT_KEY_BITS_MAX = 8192;
/** A public key of the longest kind has 1,500 characters. */
export const JWT_KEY_CHARS_MAX = 4096;
/** A customer's token; real ones have 600 characters. */
export const CUSTOMER_TOKEN_CHARS_MAX = 8192;
/** How long such a token may be good for, as published. */
export const CUSTOMER_TOKEN_LIFETIME_MS_MAX = 600 * SECOND_MS;
/** How far the builder's clock may be from ours. */
export const CUSTOMER_TOKEN_LEEWAY_MS = 30 * SECOND_MS;
/** Imported public keys kept; importing one costs about 50 µs. */
export const JWT_KEYS_CACHED_MAX = 1000;
/** Operations per page of a list, as published. */
export const LIST_PAGE_MAX = 1000;
/** Rows read at a time of a list that is published as one array: with their configs 13 MB at most, and 1 ms usually. */
export const LIST_ROWS_READ = 50;
/** Such a list is written in parts of this size; one that is shorter is sent with its length. */
export const LIST_PART_BYTES = 65_536;

/** Installations that adopt a new manifest revision at a time; each that must be told is a step of its actor. */
export const ROLLOUT_WINDOW = 50;
/** Between two windows: 500 a second, a million in 33 minutes, an eighth of what the store commits. */
export const ROLLOUT_PAUSE_MS = 100;
/** After a round in which some could not adopt it, e.g. because their actor is paused. */
export const ROLLOUT_RETRY_MS = 5 * MINUTE_MS;
/** After a round that left nothing to do: what a config saved at the moment of a deploy may have missed. */
export const ROLLOUT_CHECK_MS = HOUR_MS;

// Egress

/** TCP and TLS set-up to a provider. */
export const CONNECT_TIMEOUT_MS = 10 * SECOND_MS;
/** Of a proxied call in which nothing is sent either way: no answer comes, or no more of it, or of the request. */
export const SILENCE_MS = 60 * SECOND_MS;
/** What an operator may have a silent provider waited for instead: long polls and long queries take minutes. */
export const PROVIDER_SILENCE_MS_MAX = HOUR_MS;
/** How often calls are looked through for those that are silent: so much later at most is one ended. */
export const SILENCE_CHECK_MS = 5 * SECOND_MS;
/** Whole time of a buffered call (token endpoint, page, delivery). */
export const BUFFERED_CALL_TIMEOUT_MS = 60 * SECOND_MS;
/**
 * Of an address that a connector makes, as it is sent: Salesforce takes 16,384 together with the headers, others say
 * nothing. What does not fit goes into a body.
 */
export const ADDRESS_CHARS_MAX = 8_000;
/** A provider page of 2,000 wide Salesforce records is about 10 MB. */
export const PAGE_BYTES_MAX = 32 * 1_048_576;
/** Of an answer `100 Continue` that a provider gives without being asked; a longer one is not passed over. */
export const INTERIM_BYTES_MAX = 4096;
/** A token response is a few KB; more is not one. */
export const TOKEN_RESPONSE_BYTES_MAX = 262_144;
/** Sockets per origin and thread: below the 100-connection limits that vendors document. */
export const CONNECTIONS_PER_ORIGIN_MAX = 96;
/** Calls of one origin under way or waiting for a connection; more would wait longer than a caller does. */
export const CALLS_PER_ORIGIN_MAX = 1536;
/**
 * A customer may have one more connection to an origin while it has less than so many times what is free of them, and
 * one more call that waits by the same rule. Who is alone gets two thirds; those who come next always find some.
 */
export const OWNED_PER_FREE = 2;
/** Owners that an origin knows; before more come, those without calls are forgotten, which are a fifth at least. */
export const OWNERS_PER_ORIGIN_MAX = 2048;
/** Origins whose pools are kept: providers that give each customer a subdomain make thousands. */
export const ORIGINS_MAX = 4096;
/** A refused answer (401) is read to its end, which saves its connection, if it is no longer than this. */
export const DISCARDED_BYTES_MAX = 65_536;
/** Body bytes a `Response` holds for a client that does not read: about what a socket buffers. */
export const WEB_SINK_BUFFER_BYTES = 65_536;

// Connecting and tokens

/** An authorization request that nobody finished; longer than any consent screen is looked at. */
export const OAUTH_STATE_TTL_MS = 15 * MINUTE_MS;
/** Open authorization requests per project; a script cannot fill the disk with them. */
export const OAUTH_STATES_PER_PROJECT_MAX = 10_000;
/** The same per group, so that one customer cannot use up what all have. A person opens one or two. */
export const OAUTH_STATES_PER_GROUP_MAX = 100;
/** Refresh this long before expiry at the latest … */
export const REFRESH_MARGIN_MS_MAX = 5 * MINUTE_MS;
/** … and never earlier than this share of the lifetime before its end: short tokens must not refresh on each call. */
export const REFRESH_MARGIN_SHARE = 0.2;
/** A token counts as unusable this long before its expiry: clock skew, and the flight of the call that carries it. */
export const TOKEN_LEEWAY_MS = SECOND_MS;
/** Signed assertions are issued this long ago: clocks of providers are that far behind at most, or theirs to mend. */
export const ASSERTION_SKEW_MS = 30 * SECOND_MS;
/** An idle grant is used this often where its provider says nothing of idleness … */
export const KEEP_ALIVE_MS = 7 * DAY_MS;
/** … else after this share of the time that it may be idle: two tries may fail … */
export const KEEP_ALIVE_IDLE_SHARE = 1 / 3;
/** … earlier by up to this share, so that what was connected together is not renewed together … */
export const KEEP_ALIVE_JITTER_SHARE = 0.2;
/** … and never more often than this. */
export const KEEP_ALIVE_MS_MIN = HOUR_MS;
/** Lifetime assumed where a provider states none. */
export const TOKEN_LIFETIME_ASSUMED_MS = HOUR_MS;
/** Transient refresh failures in a row before the wait stops growing. */
export const REFRESH_BACKOFF_MS_MAX = 5 * MINUTE_MS;
export const REFRESH_BACKOFF_BASE_MS = SECOND_MS;
/** Opened credentials kept in memory per token shard; each is counted as its share of the bytes at least … */
export const OPEN_TOKENS_PER_SHARD_MAX = 256;
/** … and their bytes: tokens of Microsoft and Google have 2 KB, some have 10. 128 MB over all shards. */
export const OPEN_TOKENS_BYTES_PER_SHARD_MAX = 524_288;
/** An opened token without its text. */
export const OPEN_TOKEN_OVERHEAD_BYTES = 400;
/** Of the grants that one account may have with a client this share is used before it is told. */
export const GRANTS_WARN_SHARE = 0.8;
/** A credential that calls are refused with is checked this often at most. */
export const CREDENTIAL_DOUBT_PAUSE_MS = 5 * MINUTE_MS;
/** A token endpoint may ask for this much patience; more is a mistake of its own. */
export const REFRESH_RETRY_AFTER_MS_MAX = HOUR_MS;
/** A due token is asked for again after this long, in case the first ask was lost to a full disk. */
export const REFRESH_REQUEST_INTERVAL_MS = SECOND_MS;
/** A token refused at this age was refused for a missing permission, not because it ended. */
export const YOUNG_TOKEN_MS = SECOND_MS;
/** How long such refusals do not ask for another token: token endpoints have limits of their own. */
export const FUTILE_REFRESH_PAUSE_MS = 5 * MINUTE_MS;
/** Fixed number of virtual shards; owners grow, shards do not move (DESIGN 3). */
export const TOKEN_SHARDS = 256;

// Reads

/** A message of records as published by the wire: at most 300 KB. */
export const MESSAGE_BYTES_MAX = 300_000;
/** Failures of one page in a row, of those that the provider is the cause of, before the read's schedule is paused. */
export const READ_ATTEMPTS_MAX = 20;
export const READ_BACKOFF_BASE_MS = 2 * SECOND_MS;
export const READ_BACKOFF_MS_MAX = 15 * MINUTE_MS;
/**
 * So often in a row a provider that cannot be reached costs a read no failure: about a day, with pauses of half of
 * READ_BACKOFF_MS_MAX on average. A network that is down over night is ours; an address that is gone stays gone.
 */
export const UNREACHED_DEFERRALS_MAX = (2 * DAY_MS) / READ_BACKOFF_MS_MAX;
/**
 * Reads of one object that were asked for over the API and wait. They are kept in the snapshot of their actor; whoever
 * asks more often than the provider can be read has to wait for an answer first.
 */
export const READ_TRIGGERS_MAX = 16;
/**
 * Bytes that wait for one destination, with what is stored apart, above which its reads wait and no notification is
 * stored for it: nothing is pulled faster than it is taken.
 */
export const OUTBOX_BYTES_PER_LANE_MAX = 64 * 1_048_576;
/** A provider may ask a read for this much patience; a daily quota is back by then. */
export const READ_RETRY_AFTER_MS_MAX = 24 * HOUR_MS;
/** How often a read without a usable credential looks whether there is one again. */
export const REAUTH_WAIT_MS = MINUTE_MS;
/** How long a read waits before it looks at a full outbox again. */
export const OUTBOX_WAIT_MS = 2 * SECOND_MS;
/** The longest such wait: a destination that is down for hours must not cost a commit per read every few seconds. */
export const OUTBOX_WAIT_MS_MAX = MINUTE_MS;
/** The overlap of two incremental reads: provider clocks and index lag; duplicates are cheap, gaps are not. */
export const INCREMENTAL_OVERLAP_MS = 30 * SECOND_MS;

// Watching fields

/** Failures of one object in a row before a look passes over it: four minutes on average, and there is a next look. */
export const SCHEMA_LOOK_ATTEMPTS_MAX = 8;
/** Schedules of many installations name the same minute. Each has its own within this time after it. */
export const SCHEMA_LOOK_SPREAD_MS = HOUR_MS;
/** What is remembered of one object's fields: Salesforce allows 900, each about 300 bytes without its values. */
export const FIELD_SNAPSHOT_BYTES_MAX = 1_048_576;

// Writes

/** Records of one request, as published; Salesforce would take 200, HubSpot takes no more. */
export const WRITE_RECORDS_MAX = 100;
/** Headers of a write that are forwarded, and the characters of each: options of one call, not a place for data. */
export const WRITE_HEADERS_MAX = 20;
export const WRITE_HEADER_CHARS_MAX = 1000;
/** Of the provider's answer to a write that failed this much is shown to the builder. */
export const WRITE_RAW_CHARS_MAX = 10_000;
/** Of the errors of a write so many are kept with its operation: one for each record. */
export const WRITE_ERRORS_MAX = WRITE_RECORDS_MAX;
/** And of its warnings: a record may be sent with thousands of associations. */
export const WRITE_WARNINGS_MAX = WRITE_RECORDS_MAX;
/** How long an asynchronous write is tried unless its caller says, and at most, as published. */
export const WRITE_DEADLINE_HOURS = 1;
export const WRITE_DEADLINE_HOURS_MAX = 48;
/** The longest that a batch waits for more records, as published: a day. */
export const WRITE_DELAY_MINUTES_MAX = 1440;
export const WRITE_BACKOFF_BASE_MS = 2 * SECOND_MS;
/** Twelve times in the shortest deadline. */
export const WRITE_BACKOFF_MS_MAX = 5 * MINUTE_MS;
/** So long before its deadline a write that was to wait beyond it goes once more: it may be late, or look first. */
export const WRITE_LAST_TRY_LEAD_MS = MINUTE_MS;
/** How often a write that met a locked row goes again before it has failed: a transaction takes a second or two. */
export const LOCKED_TRIES_MAX = 4;
export const LOCKED_BACKOFF_BASE_MS = 500;
export const LOCKED_BACKOFF_MS_MAX = 4 * SECOND_MS;
/** A lease, a call, a new token, once more both, and the calls that associations need. */
export const WRITE_EFFECT_DEADLINE_MS = 10 * MINUTE_MS;
/** Of an object or two at a time, each with a handful of calls; a registration takes six before the first. */
export const SUBSCRIBE_EFFECT_DEADLINE_MS = 10 * MINUTE_MS;
/** Tries of one config before the builder is told; with the pauses between them that is about an hour. */
export const SUBSCRIBE_ATTEMPTS_MAX = 12;
export const SUBSCRIBE_BACKOFF_BASE_MS = 30 * SECOND_MS;
export const SUBSCRIBE_BACKOFF_MS_MAX = 15 * MINUTE_MS;
/** After that, how often it is looked whether somebody has mended it: an operator, or the customer's administrator. */
export const SUBSCRIBE_SLOW_RETRY_MS = 6 * HOUR_MS;
/** Tries of taking everything back: about an hour, two at most, in which the installation's connection lives on. */
export const SUBSCRIPTION_REMOVAL_ATTEMPTS_MAX = 12;
/** Asynchronous requests of one installation that wait: a provider that is down for two days must not fill the disk. */
export const WRITES_WAITING_MAX = 10_000;
/** The same in bytes, as sealed: a hundred records have some 25 KB together, a request may have a megabyte. */
export const WRITES_WAITING_BYTES_MAX = 256 * 1_048_576;
/** Of the records that are collected to a batch: what one request may bring. */
export const WRITE_BATCH_BYTES_MAX = API_BODY_BYTES_MAX;
/** How often a record is offered to the batch that is open; each time a whole batch of others was faster. */
export const WRITE_BATCH_TRIES_MAX = 100;

// Webhooks of providers

/** A request: HubSpot's 100 events have 60 KB, an EventBridge event at most 256, a Pub/Sub push of Gmail below 1. */
export const WEBHOOK_BODY_BYTES_MAX = 1_048_576;
/** Events of a request: HubSpot's 100 are the most that is known. */
export const WEBHOOK_EVENTS_MAX = 1000;
/**
 * Events of a request as they are stored, each text once: what one says of many records is stored with each of them, so
 * that a body of 1 MB could become a thousand. HubSpot's 100 have some 120 KB.
 */
export const WEBHOOK_TEXTS_BYTES_MAX = 16 * 1_048_576;
/** Installations that one account at the provider has of an integration: one for each group that connected it. */
export const WEBHOOK_INSTALLATIONS_MAX = 1000;
/** Keys of events that are longer are stored as their hash: providers' own have below 100 characters. */
export const EVENT_KEY_CHARS_MAX = 200;
/** Events of an installation that wait for their turn; beyond it the provider is told to come again. */
export const INBOX_EVENTS_MAX = 10_000;
/** The same in bytes: events with whole records have some KB. */
export const INBOX_BYTES_MAX = 64 * 1_048_576;
/**
 * When what waits longest in a full inbox has waited so long, more is lost and not deferred: providers deliver again
 * for a day (HubSpot, EventBridge), so that what is deferred for longer is lost as well, and meanwhile an address that
 * many customers share fails for all of them.
 */
export const INBOX_STUCK_MS = DAY_MS;
/** A provider whose event found no room comes again then, or when its own schedule says so. */
export const INBOX_RETRY_MS = MINUTE_MS;
/** Keys of events that are done with: HubSpot and EventBridge deliver again for a day, others for up to three. */
export const INBOX_DAYS_KEPT = 3;
/**
 * How long an address of webhooks is taken after it was replaced: it has to be entered by hand, and what HubSpot and
 * EventBridge have sent before that they deliver again for a day.
 */
export const RECEIVER_GRACE_MS = DAY_MS;
/** What can be asked for: an administrator of the customer may have to enter it. */
export const RECEIVER_GRACE_MS_MAX = 7 * DAY_MS;
/** How exactly it is noted when something came last at an address that was replaced: a write for each is too many. */
export const RECEIVER_USE_NOTED_MS = MINUTE_MS;
/** Events that become messages in one commit: as many records as HubSpot reads in one call. */
export const INBOX_BATCH_EVENTS_MAX = 100;
/**
 * The same in bytes, except for one that has more alone; those count that nobody wants or that have to wait. To read
 * and parse so much takes some 40 ms, in which nothing else happens.
 */
export const INBOX_BATCH_BYTES_MAX = 4 * 1_048_576;
/**
 * Failures in a row after which an event goes out without its record: some twenty minutes. With each failure a batch is
 * half as large, so that it is the one event that fails, and not those with it.
 */
export const INBOX_ATTEMPTS_MAX = 12;
/** How often a blocked inbox looks whether there is a grant after all. */
export const INBOX_BLOCKED_MS_MAX = HOUR_MS;
/** What installations subscribe to, kept for the next event of theirs. */
export const SUBSCRIPTIONS_CACHED_MAX = 10_000;

// Delivery (the published schedule of the wire: 8 attempts over about 28 hours)

/** A destination must answer within this, as the wire publishes. */
export const DELIVERY_TIMEOUT_MS = 15 * SECOND_MS;
/** Pauses after each failed attempt. */
export const DELIVERY_RETRY_DELAYS_MS: readonly number[] = [
  5 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  10 * HOUR_MS,
];
/** Messages of one lane taken per round: a round's results commit together. */
export const DELIVERY_ROUND_MAX = 32;
/** Of a destination's answer only this much is read; the rest is dropped. */
export const DELIVERY_RESPONSE_BYTES_MAX = 4096;

/** Retries are spread by up to this share of their pause: what failed together should not return together. */
export const DELIVERY_RETRY_JITTER_SHARE = 0.1;
/** Pause of a lane after a round that failed as a whole, which only a bug of ours can do. */
export const LANE_RETRY_MS = 30 * SECOND_MS;
/** A destination that took nothing of what it was sent for so long is disabled, as published ("about 5 days") … */
export const DESTINATION_FAILING_MS_MAX = 5 * DAY_MS;
/** … if failures came no further apart than this, twice the longest pause between two attempts. */
export const DESTINATION_FAILING_GAP_MS = DAY_MS;
/** After a rotation messages are signed with the former secret as well, for so long … */
export const SIGNING_SECRET_OVERLAP_MS = DAY_MS;
/** … and with so many in all, however often it is rotated meanwhile. */
export const SIGNING_SECRETS_MAX = 3;
/** A link to what is too large for a message, as published. */
export const DOWNLOAD_TTL_MS = 15 * MINUTE_MS;
/** A larger config is behind a link: two of them and their installation fit MESSAGE_BYTES_MAX, and few have 10 KB. */
export const NOTIFICATION_CONFIG_BYTES_MAX = 100_000;

// Webhooks of providers

/** How far the signed time of a webhook may be from now: what Slack, Stripe and HubSpot all ask for. */
export const WEBHOOK_AGE_MS_MAX = 5 * MINUTE_MS;
/** Levels of JSON in a webhook: whoever walks through one must come back, and the deepest that we know has 12. */
export const WEBHOOK_DEPTH_MAX = 64;

// Supervision

/** Calls counted before a failure share means anything. */
export const CIRCUIT_CALLS_MIN = 20;
/** Share of failed calls inside the window that opens a circuit. */
export const CIRCUIT_FAILURE_SHARE = 0.5;
export const CIRCUIT_WINDOW_MS = 10 * SECOND_MS;
export const CIRCUIT_OPEN_MS = 30 * SECOND_MS;
/** Provider apps, or connections where a provider has no app, whose calls are counted at a time. */
export const CIRCUITS_COUNTED_MAX = 100_000;

/** So many grants of one provider app refused in a row, none renewed in between, are an incident and not customers … */
export const GRANT_STORM_MIN = 5;
/** … if it took no longer than this; tokens live an hour, so each connection of a small app is heard of once. */
export const GRANT_STORM_WINDOW_MS = HOUR_MS;
/** Refused connections that the actor of a provider app remembers, to try one at a time. */
export const FLEET_CANDIDATES_MAX = 8;
/** Pauses between two tries of a held provider app; they double. */
export const FLEET_PROBE_BASE_MS = MINUTE_MS;
export const FLEET_PROBE_MS_MAX = 30 * MINUTE_MS;
/** After a day of refusals they are true: customers must know that they have to connect again. */
export const FLEET_SUSPECT_MS_MAX = DAY_MS;
/** A held credential that hears nothing tries for itself. */
export const GRANT_HELD_MS_MAX = 6 * HOUR_MS;
/** Released from suspicion so many times without a success, and refused again, a grant is gone. */
export const GRANT_SUSPICIONS_MAX = 3;
/** Held credentials told per commit. */
export const FLEET_PAGE = 500;
/** What was held tries again within this time: a provider that has come back should not go down again. */
export const FLEET_SPREAD_MS = 10 * MINUTE_MS;
/** Provider apps whose refusals are counted at a time. */
export const FLEETS_COUNTED_MAX = 10_000;

// Sandbox

/** Records one object may be declared with: index arithmetic stays exact and ten digits hold every id. */
export const SANDBOX_RECORDS_MAX = 100_000_000;
/** Changed and created rows kept per object; a demo changes hundreds, an incremental bench tens of thousands. */
export const SANDBOX_OVERLAY_ROWS_MAX = 100_000;
/** Rows that may match where a sort has no index, as the vendors refuse such queries on large objects too. */
export const SANDBOX_SORT_ROWS_MAX = 50_000;
/** Accounts (portals, orgs) kept, the least recently used forgotten; a bench connects tens of thousands. */
export const SANDBOX_ACCOUNTS_MAX = 100_000;
/** Grants, codes, refresh and access tokens kept of each, the least recently used forgotten (300 bytes each). */
export const SANDBOX_TOKENS_MAX = 200_000;
/** Authorization codes are good once and for a minute: RFC 6749 4.1.2 allows ten at most. */
export const SANDBOX_CODE_LIFETIME_MS = MINUTE_MS;
/** Salesforce keeps at most ten open query cursors per user and drops the oldest. */
export const SANDBOX_LOCATORS_PER_ORG_MAX = 10;
/** A body of the sandbox's API; the largest real one is a batch of 200 records. */
export const SANDBOX_BODY_BYTES_MAX = 4 * 1_048_576;
/** `/bytes/:n` streams at most this much. */
export const SANDBOX_STREAM_BYTES_MAX = 1024 * 1_048_576;
/** Fault rules waiting to be used. */
export const SANDBOX_FAULT_RULES_MAX = 1000;
/** Ids a webhook receiver remembers of each kind: above the largest bench, below the 16 million of a `Set`. */
export const SANDBOX_RECEIVER_IDS_MAX = 5_000_000;
/** Idempotency keys of the sandbox's Stripe that are answered as before. */
export const SANDBOX_IDEMPOTENCY_KEYS_MAX = 1000;
/** Fields that a sandbox account may add to one object; Salesforce allows 800. */
export const SANDBOX_CUSTOM_FIELDS_MAX = 800;
/** Channels, members, credentials and relays of an org of the sandbox, all together. */
export const SANDBOX_CHANNELS_MAX = 1000;
/** Bulk jobs the sandbox's Salesforce remembers. */
export const SANDBOX_BULK_JOBS_MAX = 100;
/** Uploads whose second or third step may still come; a test has a handful. */
export const SANDBOX_UPLOADS_MAX = 1000;
/** An idle connection to the sandbox is kept longer than any client keeps it, so that reuse never meets a close. */
export const SANDBOX_KEEP_ALIVE_MS = 2 * MINUTE_MS;
/** Events that the sandbox's HubSpot sends in one request, as the vendor does. */
export const SANDBOX_WEBHOOK_EVENTS_MAX = 100;
/** How often the sandbox sends a webhook that is not taken, and how much longer it waits each time. */
export const SANDBOX_WEBHOOK_TRIES_MAX = 4;
export const SANDBOX_WEBHOOK_RETRY_MS = 5 * SECOND_MS;
/** Webhooks that wait to be sent: those of a million changed records. */
export const SANDBOX_WEBHOOKS_WAITING_MAX = 10_000;
/** Bodies of the newest messages a webhook receiver keeps for looking at. */
export const SANDBOX_RECEIVER_MESSAGES_MAX = 100;

// Manifest and installation config

/** Problems listed per deploy: enough to fix a file in one go, few enough to read. */
export const MANIFEST_PROBLEMS_MAX = 100;
/** A prompt or display text; the longest published sample has 150 characters. */
export const MANIFEST_TEXT_CHARS_MAX = 1000;
/** A display name, as documented for the wire. */
export const MANIFEST_DISPLAY_NAME_CHARS_MAX = 100;
/** A field name or path into a record; Salesforce relationship names stay below 255. */
export const FIELD_NAME_CHARS_MAX = 512;
/** Levels of an XML document; the deepest that we read has 9. */
export const XML_DEPTH_MAX = 64;
/** Steps of `$['a']['b']`; each one is a level of nesting in what is delivered. */
export const FIELD_PATH_STEPS_MAX = 10;
/** A backfill period: a century keeps "now minus the period" a valid date and no provider is older. */
export const BACKFILL_DAYS_MAX = 36_500;
/** Reads of one object may not be closer than this, as documented for the wire. */
export const READ_INTERVAL_MIN_MINUTES = 10;
/** Schema checks may not be closer than this, as documented for the wire. */
export const SCHEMA_WATCH_INTERVAL_MIN_MINUTES = 60;
/** An installation config: 2,000 selected fields with 60-character names are 130 KB. */
export const CONFIG_BYTES_MAX = 262_144;
/** Nesting of an installation config; the published shape has 9 levels. */
export const CONFIG_DEPTH_MAX = 20;
/** Changes of one object's config, or paths of one update mask: as many as an object may have fields. */
export const CONFIG_CHANGES_MAX = MANIFEST_FIELDS_MAX;
/** Of an object of HubSpot: a search takes six conditions, of which a range of times and the position take one each. */
export const HUBSPOT_FIELD_FILTERS_MAX = 4;
/** Of one search. HubSpot takes six; SOQL has no such bound, and queries are bounded by the length of an address. */
export const SEARCH_FILTERS_MAX = 16;
/** Of a value that is searched for. HubSpot takes 3,000 characters of a whole search, SOQL 4,000 of a literal. */
export const SEARCH_VALUE_CHARS_MAX = 2000;
/** A path of an update mask, or of a change: names of an object and a field, some of it escaped. */
export const MASK_PATH_CHARS_MAX = 2 * FIELD_NAME_CHARS_MAX;
/** Beginnings of the paths of one mask that are looked up in its body: twice what a mask of every field needs. */
export const MASK_TRIES_MAX = 64 * CONFIG_CHANGES_MAX;

// Catalog and credentials

/** A host name has at most 253 characters (RFC 1035); a few providers take a whole address as the value. */
export const TEMPLATE_VALUE_CHARS_MAX = 512;
/** Derived vault keys kept hot, one per connection; deriving one again costs about 10 µs. */
export const VAULT_KEYS_CACHED_MAX = 10_000;
/** Providers' words about a refusal, as shown to operators. */
export const PROVIDER_DESCRIPTION_CHARS_MAX = 200;
/** Text of a token response that a declared regular expression looks at; the longest real one is an address. */
export const TOKEN_METADATA_CHARS_MAX = 2048;
/** Refreshes of tokens issued together spread over this share of their margin, so that they do not come together. */
export const REFRESH_JITTER_SHARE = 0.5;

// Upstream catalog

/** A catalog file; the published one has 273 KB. */
export const CATALOG_BYTES_MAX = 8 * 1_048_576;
/** Providers taken from upstream, those included that it no longer has; the published catalog has 238. */
export const CATALOG_ENTRIES_MAX = 2000;
/** One entry as JSON; the largest published one has 3,900 characters. */
export const CATALOG_ENTRY_CHARS_MAX = 65_536;
/** Nesting of an entry; the published ones have 6 levels. */
export const CATALOG_DEPTH_MAX = 12;
/** One text of an entry; the longest published one is a prompt of 237 characters. */
export const CATALOG_TEXT_CHARS_MAX = 2048;
/** Names are parts of ids; the longest published one has 25 characters. */
export const CATALOG_NAME_CHARS_MAX = 64;
/** An expression that is run over token responses; the only published one has 44 characters. */
export const CATALOG_EXPRESSION_CHARS_MAX = 200;
/** How often upstream is asked … */
export const CATALOG_INTERVAL_MS = 30 * MINUTE_MS;
/** … give or take this share, so that many servers do not ask at the same moment. */
export const CATALOG_INTERVAL_JITTER_SHARE = 0.1;
/** The shortest pause after a failed refresh; it grows up to CATALOG_INTERVAL_MS. */
export const CATALOG_RETRY_BASE_MS = 30 * SECOND_MS;
/** A whole download: 8 MB on a line of 2 Mbit/s. */
export const CATALOG_TIMEOUT_MS = 30 * SECOND_MS;
/** Entries checked per turn of the event loop, about 10 ms. */
export const CATALOG_ENTRIES_PER_TURN = 20;
/** Longest validator that is kept; real ones have below 100 characters. */
export const CATALOG_ETAG_CHARS_MAX = 512;
/** Log lines about refused entries, and names in a line, per refresh; `tenon catalog status` has them all. */
export const CATALOG_LOGGED_MAX = 20;

// Demo

/** The demo takes a quarter of a minute; beyond this it says so instead of waiting on. */
export const DEMO_MS_MAX = 2 * MINUTE_MS;
/** Tenon gets this long to end by itself; its folder is thrown away afterwards. */
export const DEMO_STOP_MS_MAX = 5 * SECOND_MS;
/** How often the demo asks for what no event tells: whether reads have ended. */
export const DEMO_POLL_INTERVAL_MS = SECOND_MS / 4;
/** Progress looks steady from ten pictures a second on. */
export const DEMO_REDRAW_INTERVAL_MS = SECOND_MS / 10;
/** Of what Tenon wrote, kept for the case that it ends unasked. */
export const DEMO_LOG_LINES_KEPT = 20;

// Operators

/** What a command takes as one answer of its own server: lists come whole, 100,000 installations in about 120 MB. */
export const CLI_ANSWER_BYTES_MAX = 512 * 1_048_576;
/** Abbreviated ids: shorter ones are more often a slip than an id. */
export const CLI_ID_CHARS_MIN = 4;
/** Of a passphrase that customers' tokens are sealed with where anybody may copy them. */
export const PASSPHRASE_CHARS_MIN = 12;
/** scrypt's N: 128 MB and about 0.3 s for each guess (OWASP, password storage, 2024). */
export const PASSPHRASE_SCRYPT_COST = 131_072;
/** One line of an export: the longest has a result too large for a message. */
export const EXPORT_LINE_BYTES_MAX = 256 * 1_048_576;
/** Of an export that is printed, in one go: what a pipe holds on Linux. */
export const EXPORT_COPY_BYTES = 65_536;
/** The first version that runs the files as they are, on which this is tested. */
export const DOCTOR_NODE_VERSION_MIN = 24;
/** Two per proxied call, so that a thousand of them fit with room. */
export const DOCTOR_OPEN_FILES_MIN = 4096;
/** Below this a busy hour may fill the disk. */
export const DOCTOR_DISK_FREE_BYTES_MIN = 1_000_000_000;
/** Of all projects together, all at once. */
export const DOCTOR_DESTINATIONS_MAX = 50;
export const DOCTOR_CALL_TIMEOUT_MS = 10 * SECOND_MS;
/** Signed messages are refused beyond five minutes, assertions of some providers beyond one. */
export const DOCTOR_CLOCK_SKEW_FAIL_MS = MINUTE_MS;
/** `Date` has whole seconds, and the answer was on its way. */
export const DOCTOR_CLOCK_SKEW_WARN_MS = 10 * SECOND_MS;
/**
 * Grants that are brought in at the same time, and of those at one provider: about what a customer's page load makes.
 */
export const IMPORT_GRANTS_AT_ONCE = 8;
export const IMPORT_GRANTS_OF_PROVIDER_AT_ONCE = 4;
/**
 * A grant that could not be asked about is tried again this often, later each time; the next import goes on with it.
 */
export const IMPORT_ATTEMPTS_MAX = 3;
/** A grant with the longest tokens and keys that are known (a JWT with many scopes, a PEM key) has below 20 KB. */
export const IMPORT_GRANT_BYTES_MAX = 262_144;
/** Things that are listed where an abbreviation could mean any of them. */
export const CLI_MEANT_LISTED_MAX = 5;
/** A start waits this long for the lock of its data folder: a command that asks who has it holds it for a moment. */
export const OWNER_LOCK_WAIT_MS = 200;
/** Lists of the operator plane: quarantined events, waiting effects, reads of an installation; a screenful is 50. */
export const OPERATOR_LIST_MAX = 200;
/** Dead letters that one step makes wait again: a transaction of some milliseconds, which others wait for. */
export const RESENT_PER_STEP_MAX = 500;
/** Held customers of a provider app are counted up to this for an operator; 10,000 take about 100 ms. */
export const OPERATOR_HELD_COUNTED_MAX = 10_000;
/** Ids compared with a mistyped one; each comparison of two UUIDs costs about 10 µs on the thread that serves. */
export const OPERATOR_IDS_COMPARED_MAX = 500;

// Operations

/** Pages copied per step of a backup, about 20 ms: a server that is told to stop waits for one step, not for all. */
export const BACKUP_PAGES_PER_STEP = 1000;
/** Left free on the disk by a backup, for what is committed while it is made. */
export const BACKUP_BYTES_SPARED = 64 * 1_048_576;
/** How often what has had its time is removed. Longer than DOWNLOAD_TTL_MS: see the blobs of `Retention`. */
export const RETENTION_INTERVAL_MS = HOUR_MS;
/** The first time after a start, which has enough to do. */
export const RETENTION_DELAY_MS = MINUTE_MS;
/** Rows looked at per read and removed per commit: about a millisecond of the main thread, 15 of the writer's. */
export const RETENTION_ROWS_PER_STEP = 200;
/** Rows sealed anew per commit, 60 µs each: about 3 ms of the main thread between two turns of the event loop. */
export const RESEAL_ROWS_PER_STEP = 50;
/** A command waits this long for a rotation of the master keys, enough for ten million rows at 100 to 180 µs each. */
export const KEYS_ROTATE_TIMEOUT_MS = HOUR_MS;
/** Free pages given back per step, at most 10 ms of the writer thread. */
export const VACUUM_PAGES_PER_STEP = 500;
/** Finished operations: long enough to be asked about by a customer who saw the bill of the month. */
export const OPERATION_DAYS_KEPT = 30;
/** Messages that were given up, with their reason: two weeks to repair a receiver and send them again. */
export const DEAD_MESSAGE_DAYS_KEPT = 14;
/** Events that were set aside and dealt with since, for the story behind an incident. */
export const QUARANTINE_DAYS_KEPT = 7;
/** Manifest revisions per integration besides those in use, newest first: what one may want to compare with. */
export const REVISIONS_KEPT = 20;
/** What else is wrong with an installation, told after the gravest: a paragraph stays one. */
export const WHY_BESIDES_MAX = 2;
