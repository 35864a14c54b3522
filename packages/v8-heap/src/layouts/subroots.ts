/** The nodes that V8's generator puts its roots under: ROOT_ID_LIST in V8's src/objects/visitors.h. */

/** Since V8 12, but for what versions add. */
export const SUBROOTS: readonly string[] = [
  ...['(Bootstrapper)', '(Builtins)', '(Client heap)', '(Code flusher)', '(Compilation cache)', '(Debugger)'],
  ...['(Extensions)', '(Eternal handles)', '(External strings)', '(Global handles)', '(Handle scope)'],
  ...['(Micro tasks)', '(Read-only roots)', '(Relocatable)', '(Retain maps)', '(Shareable object cache)'],
  ...['(SharedStruct type registry)', '(Smi roots)', '(Stack roots)', '(Startup object cache)'],
  ...['(Internalized strings)', '(Strong root list)', '(Strong roots)', '(Thread manager)'],
  ...['(Traced handles)', '(Weak roots)', '(Write barrier)'],
];

/** Its first `(Strong roots)` are the list of roots. */
export const OLD_SUBROOTS: readonly string[] = [
  ...['(Internalized strings)', '(External strings)', '(Read-only roots)', '(Strong roots)', '(Smi roots)'],
  ...['(Bootstrapper)', '(Stack roots)', '(Relocatable)', '(Debugger)', '(Compilation cache)'],
  ...['(Handle scope)', '(Builtins)', '(Global handles)', '(Traced handles)', '(Eternal handles)'],
  ...['(Thread manager)', '(Strong roots)', '(Extensions)', '(Code flusher)', '(Startup object cache)'],
  ...['(Read-only object cache)', '(Shareable object cache)', '(Weak collections)', '(Wrapper tracing)'],
  ...['(Write barrier)', '(Retain maps)', '(Client heap)', '(Unknown)'],
];
