/** What Cloudflare charges on the Workers Paid plan, in US dollars, above what the plan includes. Looked up in November 2026. */
const PER_MILLION = 1e-6;

export const DOLLARS = {
	workerRequest: 0.3 * PER_MILLION,
	workerCpuMillisecond: 0.02 * PER_MILLION,
	/** An RPC call, an alarm. */
	objectRequest: 0.15 * PER_MILLION,
	/** While it runs: an object that is idle and may hibernate costs nothing. */
	objectGigabyteSecond: 12.5 * PER_MILLION,
	/** Durable Objects and D1 alike. */
	rowRead: 0.001 * PER_MILLION,
	rowWritten: 1 * PER_MILLION,
	/** PUT, LIST, and each step of an upload. */
	objectStoreClassA: 4.5 * PER_MILLION,
	/** GET, HEAD. */
	objectStoreClassB: 0.36 * PER_MILLION,
	/** A message is written, read and deleted: three. */
	queueOperation: 0.4 * PER_MILLION,
	objectStoredGigabyteMonth: 0.2,
	objectStoreStoredGigabyteMonth: 0.015,
	/** The plan itself. */
	planMonth: 5,
} as const;
