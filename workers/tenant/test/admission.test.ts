/** Places for running statements: each is given back once, and none is taken by who has gone (B1, E2). */
import { expect, test } from "vitest";
import { ADMISSION_RUNNING_MAX } from "#shared/base/limits.ts";
import { admit } from "../src/admission.ts";

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
