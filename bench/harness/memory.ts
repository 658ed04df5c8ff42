// What a process holds, as the system counts it.

import { readFileSync, writeFileSync } from 'node:fs';

/** `VmHWM` is the most since the process began, or since `resetPeak` (proc_pid_status(5)). */
export function memoryMb(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1024;
}

/** The peak counts from now on (proc_pid_clear_refs(5)). */
export function resetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}
