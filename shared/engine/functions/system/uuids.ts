/** UUIDs: random ones, those of a time, and what they say. @see RFC 9562 */
import type { SqlValue } from "#shared/contracts/value.ts";
import type { Bind } from "../kernel.ts";
import { perValue } from "../per-value.ts";

const MILLISECOND = 1000n;
/** From 1582-10-15, which version 1 counts from, to 1970-01-01. */
const GREGORIAN_EPOCH_MICROSECONDS = 12_219_292_800_000_000n;

/** The host's clock and 74 random bits. */
function timedUuid(): string {
	const time = Date.now().toString(16).padStart(12, "0");
	return `${time.slice(0, 8)}-${time.slice(8)}-7${crypto.randomUUID().slice(15)}`;
}

/** Of the variant that RFC 9562 describes. */
const isStandard = (uuid: string): boolean => /^[89ab]/.test(uuid[19] as string);

function versionOf([uuid]: SqlValue[]): SqlValue {
	return isStandard(uuid as string) ? Number.parseInt((uuid as string)[14] as string, 16) : null;
}

function timestampOf([value]: SqlValue[]): SqlValue {
	const uuid = value as string;
	const hex = uuid.replaceAll("-", "");
	switch (versionOf([uuid])) {
		case 1:
			return BigInt(`0x${hex.slice(13, 16)}${hex.slice(8, 12)}${hex.slice(0, 8)}`) / 10n - GREGORIAN_EPOCH_MICROSECONDS;
		case 7:
			return BigInt(`0x${hex.slice(0, 12)}`) * MILLISECOND;
		default:
			return null;
	}
}

export const UUID_KERNELS: Record<string, Bind> = {
	"gen_random_uuid()": perValue(() => crypto.randomUUID()),
	"uuidv4()": perValue(() => crypto.randomUUID()),
	"uuidv7()": perValue(timedUuid),
	"uuid_extract_version(uuid)": perValue(versionOf),
	"uuid_extract_timestamp(uuid)": perValue(timestampOf),
};
