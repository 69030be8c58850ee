/** A service of which every call has its time: one that never answers ends what waits for it as unavailable, and holds up nobody else (invariant B1). */
import { answeredWithin } from "./answered-within.ts";

export interface CallTimes {
	/** What does not answer, as the error's text names it. */
	what: (method: string) => string;
	/** Milliseconds, asked once the call has begun; null where the caller says how long it may take. */
	limitMs: (method: string) => number | null;
}

/** The same methods; one without an answer in its time rejects with `unavailable`. */
export function timedCalls<Service extends object>(service: Service, { what, limitMs }: CallTimes): Service {
	return new Proxy(service, {
		get(target, method) {
			const call = Reflect.get(target, method) as unknown;
			if (typeof call !== "function" || typeof method === "symbol") return call;
			return (...input: unknown[]): unknown => {
				const answer = Reflect.apply(call, target, input) as PromiseLike<unknown>;
				const milliseconds = limitMs(method);
				return milliseconds === null ? answer : answeredWithin(milliseconds, what(method), answer);
			};
		},
	});
}
