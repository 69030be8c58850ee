/**
 * Small appends that meet a commit under way wait for it together, and go into the next one: a Durable Object stores a few hundred transactions a second,
 * each after some milliseconds, and every transaction writes whole pages of the same few tables. An append that meets none does not wait.
 *
 * All that wait are let go at once and run one after the other without another event in between, so that the storage commits them as one; each is still a
 * transaction of its own, which fails alone (invariants W1, W2). Nobody is answered before its commit is durable: the output gate sees to that.
 */
import { COMMIT_GROUP_COUNT_MAX } from "#shared/base/limits.ts";

export class CommitGroup {
	/** Ends once everything written so far is durable. */
	readonly #durable: () => Promise<void>;
	#isCommitting = false;
	#waiting: (() => void)[] = [];

	constructor(durable: () => Promise<void>) {
		this.#durable = durable;
	}

	/** Ends at once where no commit is under way, or too many wait for it. @returns whether it waited, and so shares a commit */
	async turn(): Promise<boolean> {
		if (!this.#isCommitting || this.#waiting.length >= COMMIT_GROUP_COUNT_MAX) return false;
		await new Promise<void>((go) => this.#waiting.push(go));
		return true;
	}

	/** Something was written: who comes now waits until it is durable. @returns whether a commit began with it */
	written(): boolean {
		if (this.#isCommitting) return false;
		this.#isCommitting = true;
		void this.#letGo();
		return true;
	}

	async #letGo(): Promise<void> {
		// A commit that fails breaks the object, and with it everyone who waits: nothing is to be done about it here.
		await this.#durable().catch(() => {});
		this.#isCommitting = false;
		const waiting = this.#waiting;
		this.#waiting = [];
		for (const go of waiting) go();
	}
}
