/** Every call of a port has its time: a shard, a service or a store that never answers ends what waits for it as unavailable, and holds up nobody else. */
import { answeredWithin } from "#shared/base/answered-within.ts";
import { PORT_ANSWER_MS_MAX } from "#shared/base/limits.ts";

let limitMs = (_step: string): number => PORT_ANSWER_MS_MAX;

/** For tests, which do not wait so long for a step that they hold; asked once a call has begun. */
export function installAnswerLimit(limit: (step: string) => number): void {
	limitMs = limit;
}

/** @param name of the port, as tests and errors name it */
export function withDeadline<Port extends object>(name: string, port: Port): Port {
	return new Proxy(port, {
		get(target, method) {
			const call = Reflect.get(target, method) as unknown;
			if (typeof call !== "function") return call;
			return async (...input: unknown[]): Promise<unknown> => {
				const answer = Reflect.apply(call, target, input) as PromiseLike<unknown>;
				const step = `${name}.${String(method)}`;
				return await answeredWithin(limitMs(step), step, answer);
			};
		},
	});
}
