/** Three days of load in five shapes. Load is in shards: 1.5 keeps one and a half of them busy. */

export interface Trace {
	name: string;
	/** What the clients send in that second, before noise. */
	load(second: number): number;
}

const HOUR_SECONDS = 3600;
const DAY_SECONDS = 24 * HOUR_SECONDS;
export const TRACE_SECONDS = 3 * DAY_SECONDS;

const SPIKE = { from: 36 * HOUR_SECONDS, seconds: 20 * 60, factor: 50 };
const SAWTOOTH_SECONDS = 40 * 60;

export const TRACES: readonly Trace[] = [
	{ name: "steady", load: () => 1.4 },
	{ name: "diurnal", load: (second) => 2 - 1.9 * Math.cos((2 * Math.PI * second) / DAY_SECONDS) },
	{
		name: "50x spike",
		load: (second) => 0.1 * (second >= SPIKE.from && second < SPIKE.from + SPIKE.seconds ? SPIKE.factor : 1),
	},
	{ name: "leak", load: (second) => 0.1 + (6 * second) / TRACE_SECONDS },
	{ name: "sawtooth", load: (second) => 0.2 + (2.8 * (second % SAWTOOTH_SECONDS)) / SAWTOOTH_SECONDS },
];
