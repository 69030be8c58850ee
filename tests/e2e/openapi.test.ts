/** The document that clients are generated from is valid OpenAPI 3.1, by a validator that is not ours. */
import { Validator } from "@seriousme/openapi-schema-validator";
import { beforeAll, expect, test } from "vitest";
import { sharedHarness, type SharedHarness } from "../harness.ts";

let harness: SharedHarness;
beforeAll(async () => {
	harness = await sharedHarness();
});

test("/openapi.json", async () => {
	const document = (await (await fetch(`${harness.littoral.url}/openapi.json`)).json()) as Record<string, unknown>;
	const validator = new Validator();
	expect(await validator.validate(document)).toEqual({ valid: true });
	expect(validator.version).toBe("3.1");
});
