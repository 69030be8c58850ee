import { SIGNATURES } from "#shared/contracts/functions/registry.ts";
import { expect, test } from "vitest";
import { scalarKernelIds } from "./scalar-kernels.ts";

test("every scalar signature has a kernel, and every kernel a signature", () => {
	const signatures = SIGNATURES.filter((signature) => signature.kind === "scalar").map((signature) => signature.id);
	expect(scalarKernelIds().toSorted()).toEqual(signatures.toSorted());
});
