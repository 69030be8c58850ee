/** lower and upper: ASCII in the kernel, a batch with anything else one value at a time. */
import type { FlatVector } from "../../vector/vector.ts";
import type { Bind, KernelCall, Operand } from "../kernel.ts";
import { allocateBytes, allocateLengths } from "../lanes.ts";
import { perValue } from "../per-value.ts";
import { lowerCase, upperCase } from "./case-mapping.ts";

/** @returns null when some character is not ASCII */
function mapAscii(call: KernelCall, source: FlatVector, upper: 0 | 1): FlatVector | null {
	const { kernels } = call.engine;
	const { count, selection } = call.rows;
	const lengths = allocateLengths(call);
	kernels.add_lengths(count, selection, source.offsets, source.validity, 0, lengths);
	const result = allocateBytes(call, source.type, lengths);
	const ascii = kernels.ascii_case(upper, count, selection, source.values, source.offsets, result.values, result.offsets);
	return ascii === 1 ? result : null;
}

function bindCase(upper: 0 | 1): Bind {
	const each = perValue(([text]) => (upper === 1 ? upperCase : lowerCase)(text as string));
	return (binding) => {
		const slow = each(binding);
		return (call, operands) => {
			const mapped = mapAscii(call, (operands[0] as Operand).vector, upper);
			return mapped === null ? slow(call, operands) : { ...mapped, type: binding.type };
		};
	};
}

export const CASE_KERNELS: Record<string, Bind> = {
	"lower(text)": bindCase(0),
	"upper(text)": bindCase(1),
};
