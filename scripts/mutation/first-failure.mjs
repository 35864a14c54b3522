// A reporter that ends the process at the first test that fails: what the others say does not matter to a mutation.
export default async function* firstFailure(events) {
  for await (const { type, data } of events) if (type === 'test:fail' && !data.todo) process.exit(1);
  yield '';
}
