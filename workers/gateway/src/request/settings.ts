/** `settings` of `/v1/sql`: each lowers a limit, or says how values are shown. */
import { LittoralError } from "#shared/base/errors.ts";
import { QUERY_ARENA_BYTES_MAX, QUERY_BYTES_SCANNED_MAX, QUERY_ROW_LIMIT_MAX, QUERY_TIMEOUT_MS } from "#shared/base/limits.ts";
import type { QuerySettings } from "#shared/contracts/rpc.ts";

/** Settings that are numbers, with their limits. */
export const NUMBER_SETTINGS = {
	timeout_ms: { member: "timeoutMs", maximum: QUERY_TIMEOUT_MS },
	row_limit: { member: "rowLimit", maximum: QUERY_ROW_LIMIT_MAX },
	memory_bytes: { member: "memoryBytes", maximum: QUERY_ARENA_BYTES_MAX },
	bytes_scanned: { member: "bytesScanned", maximum: QUERY_BYTES_SCANNED_MAX },
} as const satisfies Record<string, { member: keyof QuerySettings; maximum: number }>;

const NAMES = [...Object.keys(NUMBER_SETTINGS), "time_zone", "bigint"];

function isTimeZone(name: string): boolean {
	// Offsets are refused: PostgreSQL reads their sign the other way round (POSIX) than ISO 8601 does.
	if (!/^[A-Za-z]/.test(name)) return false;
	try {
		new Intl.DateTimeFormat("en", { timeZone: name });
		return true;
	} catch {
		return false;
	}
}

/** @throws unknown_setting, invalid_setting */
export function querySettings(settings: Record<string, unknown>): QuerySettings {
	const checked: QuerySettings = {};
	for (const [name, value] of Object.entries(settings)) {
		if (Object.hasOwn(NUMBER_SETTINGS, name)) {
			const { member, maximum } = NUMBER_SETTINGS[name as keyof typeof NUMBER_SETTINGS];
			if (!Number.isInteger(value) || (value as number) < 1 || (value as number) > maximum) {
				throw new LittoralError("invalid_setting", `${name} is an integer from 1 to ${maximum}`);
			}
			checked[member] = value as number;
		} else if (name === "time_zone") {
			if (typeof value !== "string" || !isTimeZone(value)) {
				throw new LittoralError("invalid_setting", "time_zone is the name of a time zone, such as UTC or Europe/Paris");
			}
			checked.timeZone = value;
		} else if (name === "bigint") {
			if (value !== "string") throw new LittoralError("invalid_setting", 'bigint can only be "string"');
			checked.bigintAsString = true;
		} else {
			throw new LittoralError("unknown_setting", `there is no setting ${JSON.stringify(name)}; there are ${NAMES.join(", ")}`);
		}
	}
	return checked;
}
