/** The little of Node's `async_hooks` that the entry with faults uses; workerd has it under `nodejs_compat`. */
declare module "node:async_hooks" {
	class AsyncLocalStorage<Value> {
		getStore(): Value | undefined;
		run<Answer>(value: Value, work: () => Answer): Answer;
	}
}
