// Opens the store in the folder given as its argument, says so and keeps it: the other process of the owner tests.

import process from 'node:process';
import { openStore } from '../../src/store/store.ts';

const folder = process.argv[2] ?? '';
const store = await openStore({ folder, writer: 'thread', onFatal: () => process.exit(1) });
process.stdout.write(`${store.ownerEpoch}\n`);
process.stdin.resume();
