/** Every scalar function id to its kernel; a test proves the map total over the registry. */
import { assert } from "#shared/base/assert.ts";
import { ARITHMETIC_KERNELS } from "./arithmetic.ts";
import { ARRAY_KERNELS } from "./arrays/arrays.ts";
import { ELEMENT_KERNELS } from "./arrays/elements.ts";
import { COMPARISON_KERNELS } from "./comparison.ts";
import { DATETIME_ARITHMETIC_KERNELS } from "./datetime/arithmetic.ts";
import { CLOCK_KERNELS } from "./datetime/clock.ts";
import { DATETIME_FIELD_KERNELS } from "./datetime/fields.ts";
import { JUSTIFY_KERNELS } from "./datetime/justify.ts";
import { MAKE_KERNELS } from "./datetime/make.ts";
import { EXTREME_KERNELS } from "./extremes.ts";
import { FORMAT_KERNELS } from "./format/kernels.ts";
import { JSON_ACCESS_KERNELS } from "./json/access.ts";
import { JSON_DOCUMENT_KERNELS } from "./json/documents.ts";
import { JSON_PATH_KERNELS } from "./json/path/kernels.ts";
import type { Bind } from "./kernel.ts";
import { MATH_KERNELS } from "./math/math.ts";
import { TRIGONOMETRY_KERNELS } from "./math/trigonometry.ts";
import { WHOLE_NUMBER_KERNELS } from "./math/whole-numbers.ts";
import { BYTE_KERNELS } from "./strings/bytes.ts";
import { CASE_KERNELS } from "./strings/case-kernels.ts";
import { CONCATENATION_KERNELS } from "./strings/concatenation.ts";
import { ENCODING_KERNELS } from "./strings/encodings.ts";
import { LIKE_KERNELS } from "./strings/like.ts";
import { QUOTING_KERNELS } from "./strings/quoting.ts";
import { REGEXP_KERNELS } from "./strings/regexp.ts";
import { REGEXP_PART_KERNELS } from "./strings/regexp-parts.ts";
import { REGEXP_POSITION_KERNELS } from "./strings/regexp-positions.ts";
import { SIMILAR_KERNELS } from "./strings/similar.ts";
import { SLICE_KERNELS } from "./strings/slices.ts";
import { TEXT_KERNELS } from "./strings/text.ts";
import { UNICODE_KERNELS } from "./strings/unicode.ts";
import { SYSTEM_KERNELS } from "./system/system.ts";
import { UUID_KERNELS } from "./system/uuids.ts";

const KERNELS = new Map<string, Bind>(
	[
		COMPARISON_KERNELS,
		ARITHMETIC_KERNELS,
		MATH_KERNELS,
		TRIGONOMETRY_KERNELS,
		WHOLE_NUMBER_KERNELS,
		EXTREME_KERNELS,
		SLICE_KERNELS,
		CASE_KERNELS,
		TEXT_KERNELS,
		CONCATENATION_KERNELS,
		BYTE_KERNELS,
		ENCODING_KERNELS,
		QUOTING_KERNELS,
		UNICODE_KERNELS,
		LIKE_KERNELS,
		SIMILAR_KERNELS,
		REGEXP_POSITION_KERNELS,
		REGEXP_KERNELS,
		DATETIME_ARITHMETIC_KERNELS,
		DATETIME_FIELD_KERNELS,
		CLOCK_KERNELS,
		JUSTIFY_KERNELS,
		MAKE_KERNELS,
		FORMAT_KERNELS,
		SYSTEM_KERNELS,
		UUID_KERNELS,
		REGEXP_PART_KERNELS,
		ELEMENT_KERNELS,
		ARRAY_KERNELS,
		JSON_ACCESS_KERNELS,
		JSON_DOCUMENT_KERNELS,
		JSON_PATH_KERNELS,
	].flatMap((kernels) => Object.entries(kernels)),
);

/** What binds a scalar overload of the registry to its kernel. */
export function scalarKernel(id: string): Bind {
	const bind = KERNELS.get(id);
	assert(bind !== undefined, `the function ${id} has a kernel`);
	return bind;
}

/** Ids of all kernels, to be compared with the registry. */
export const scalarKernelIds = (): string[] => [...KERNELS.keys()];
