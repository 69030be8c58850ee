/** Places for running statements: each is given back once, and none is taken by who has gone (B1, E2). */
import { expect, test } from "vitest";
import { ADMISSION_RUNNING_MAX, PARQUET_READ_WINDOW_BYTES, PARQUET_READ_WINDOW_BYTES_MAX } from "#shared/base/limits.ts";
import { admit } from "../src/admission.ts";
import { windowByteCount } from "../src/query/read-window.ts";

test("a statement whose time ends while it waits takes no place, also when one becomes free at that moment", async () => {
	const leave = await Promise.all(Array.from({ length: ADMISSION_RUNNING_MAX }, () => admit(new AbortController().signal)));
	const gone = new AbortController();
	const waiting = admit(gone.signal);
	gone.abort(new Error("its time is over"));
	leave.pop()?.();
	await expect(waiting).rejects.toThrow("its time is over");
	leave.push(await admit(new AbortController().signal));
	for (const give of leave) give();
	const again = await Promise.all(Array.from({ length: ADMISSION_RUNNING_MAX }, () => admit(new AbortController().signal)));
	for (const give of again) give();
});

test("one scan alone holds the most, and all that may run hold no more together than their least", () => {
	const together = ADMISSION_RUNNING_MAX * PARQUET_READ_WINDOW_BYTES;
	expect(windowByteCount(0, 1)).toBe(PARQUET_READ_WINDOW_BYTES_MAX);
	expect(windowByteCount(1, 1)).toBe(PARQUET_READ_WINDOW_BYTES_MAX);
	expect(windowByteCount(1, 100)).toBe(PARQUET_READ_WINDOW_BYTES);
	for (let running = 1; running <= ADMISSION_RUNNING_MAX; running++) {
		for (let scans = 1; running * scans <= ADMISSION_RUNNING_MAX; scans++) {
			expect(running * scans * windowByteCount(running, scans)).toBeLessThanOrEqual(together);
		}
	}
});
