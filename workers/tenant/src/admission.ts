/**
 * How many statements of an isolate hold arena memory at once; the next wait in order, a bounded number for a bounded time (invariants E2, B1).
 *
 * Waiting polls a timer: a promise that another request resolves would tie two requests together.
 */
import { LittoralError } from "#shared/base/errors.ts";
import { ADMISSION_QUEUE_MAX, ADMISSION_RUNNING_MAX, ADMISSION_WAIT_MS_MAX } from "#shared/base/limits.ts";

const POLL_MS = 5;

let running = 0;
const waiting: symbol[] = [];

/** Statements that were admitted and are not at their end. */
export function runningCount(): number {
	return running;
}

/**
 * @returns gives the place back; called once
 * @throws overloaded
 */
export async function admit(signal: AbortSignal): Promise<() => void> {
	if (running >= ADMISSION_RUNNING_MAX || waiting.length > 0) await waitForTurn(signal);
	running++;
	let left = false;
	return () => {
		if (left) return;
		left = true;
		running--;
	};
}

async function waitForTurn(signal: AbortSignal): Promise<void> {
	if (waiting.length >= ADMISSION_QUEUE_MAX) throw busy();
	const ticket = Symbol("statement");
	waiting.push(ticket);
	try {
		for (let waitedMs = 0; running >= ADMISSION_RUNNING_MAX || waiting[0] !== ticket; waitedMs += POLL_MS) {
			if (waitedMs >= ADMISSION_WAIT_MS_MAX) throw busy();
			signal.throwIfAborted();
			await scheduler.wait(POLL_MS);
		}
		// Whoever waits no longer would never give the place back.
		signal.throwIfAborted();
	} finally {
		waiting.splice(waiting.indexOf(ticket), 1);
	}
}

function busy(): LittoralError {
	return new LittoralError("overloaded", "too many statements are running; try again", { retryAfterSeconds: 1 });
}
