/** Every call of a port has its time: a shard, a service or a store that never answers ends what waits for it as unavailable, and holds up nobody else. */
import { PORT_ANSWER_MS_MAX } from "#shared/base/limits.ts";
import { timedCalls } from "#shared/base/timed-calls.ts";

let limitMs = (_step: string): number => PORT_ANSWER_MS_MAX;

/** For tests, which do not wait so long for a step that they hold; asked once a call has begun. */
export function installAnswerLimit(limit: (step: string) => number): void {
	limitMs = limit;
}

/** @param name of the port, as tests and errors name it */
export function withDeadline<Port extends object>(name: string, port: Port): Port {
	const step = (method: string) => `${name}.${method}`;
	return timedCalls(port, { what: step, limitMs: (method) => limitMs(step(method)) });
}
