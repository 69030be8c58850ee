/** Which inputs are merged together: as many as their readers' memory lets, in groups of about one size, so that none is left alone. */

export interface InputMemory {
	arenaBytes: number;
	heapBytes: number;
}

export interface GroupBudget extends InputMemory {
	fanInMax: number;
}

/**
 * @param inputs what each takes, in order
 * @returns lengths of neighbouring groups. A group of two is within no budget: what cannot be halved any more is tried
 */
export function mergeGroups(inputs: readonly InputMemory[], budget: GroupBudget): number[] {
	const greedy = greedyGroups(inputs, budget);
	const even = greedy.map((_, index) => share(inputs.length, greedy.length, index + 1) - share(inputs.length, greedy.length, index));
	let start = 0;
	const fits = even.every((length) => isWithin(inputs.slice(start, (start += length)), budget));
	return fits ? even : greedy;
}

function share(count: number, parts: number, index: number): number {
	return Math.floor((count * index) / parts);
}

function greedyGroups(inputs: readonly InputMemory[], budget: GroupBudget): number[] {
	const lengths: number[] = [];
	let start = 0;
	for (let end = 1; end <= inputs.length; end++) {
		if (end < inputs.length && isWithin(inputs.slice(start, end + 1), budget)) continue;
		lengths.push(end - start);
		start = end;
	}
	return lengths;
}

function isWithin(group: readonly InputMemory[], { arenaBytes, heapBytes, fanInMax }: GroupBudget): boolean {
	if (group.length <= 2) return true;
	const sum = (part: (input: InputMemory) => number) => group.reduce((total, input) => total + part(input), 0);
	return group.length <= fanInMax && sum((input) => input.arenaBytes) <= arenaBytes && sum((input) => input.heapBytes) <= heapBytes;
}
