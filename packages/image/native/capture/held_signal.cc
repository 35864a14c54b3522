// Keeps one signal from the application's own listeners, so that a capture does not trigger, for example, a shutdown.
// Node.js passes a signal to all of its listeners, and libuv to all of its handles, so this handler runs in place of
// both, as the process's own.

#include <errno.h>
#include <node.h>
#include <signal.h>
#include <unistd.h>
#include <uv.h>
#include <v8.h>

#include <atomic>

#include "binding.h"

namespace binding {

using v8::Context;
using v8::Function;
using v8::FunctionCallbackInfo;
using v8::Global;
using v8::HandleScope;
using v8::Isolate;
using v8::Local;
using v8::Object;
using v8::Value;

namespace {

// Static: a signal may arrive at any time, even while the handler runs.
int held_number = 0;
struct sigaction handler_behind;  // libuv's
std::atomic<bool> from_self{false};
uv_async_t arrival;
bool arrival_open = false;

// On the heap: a static with a destructor would need a C++ library.
struct Listener {
  Isolate* isolate;
  Global<Context> context;
  Global<Function> function;
};
Listener* listener = nullptr;

// A signal that the process sends to itself belongs to the application. An si_code above 0 comes from the kernel.
bool sent_by_itself(const siginfo_t* info) { return info->si_code <= 0 && info->si_pid == getpid(); }

void handle(int number, siginfo_t* info, void* context) {
  int error = errno;
  bool own = sent_by_itself(info);
  from_self = own;
  if (!own) uv_async_send(&arrival);
  else if (handler_behind.sa_flags & SA_SIGINFO) handler_behind.sa_sigaction(number, info, context);
  else if (handler_behind.sa_handler != SIG_DFL && handler_behind.sa_handler != SIG_IGN) handler_behind.sa_handler(number);
  errno = error;
}

void arrived(uv_async_t*) {
  Isolate* isolate = listener->isolate;
  HandleScope scope(isolate);
  Local<Context> context = listener->context.Get(isolate);
  Context::Scope context_scope(context);
  node::MakeCallback(isolate, context->Global(), listener->function.Get(isolate), 0, nullptr, {0, 0});
}

bool is_ours(const struct sigaction& action) {
  return action.sa_flags & SA_SIGINFO && action.sa_sigaction == handle;
}

}  // namespace

// holdSignal(number, onArrival): call it again whenever libuv may have installed its own handler (at the first listener
// for the signal). Returns false while nothing handles the signal.
static void HoldSignal(const FunctionCallbackInfo<Value>& info) {
  Isolate* isolate = info.GetIsolate();
  Local<Context> context = isolate->GetCurrentContext();
  int number = info[0]->Int32Value(context).FromJust();
  struct sigaction now;
  if (sigaction(number, nullptr, &now)) return throw_error(isolate, "sigaction", errno);
  if (is_ours(now)) return info.GetReturnValue().Set(true);
  if (!(now.sa_flags & SA_SIGINFO) && now.sa_handler == SIG_DFL) return info.GetReturnValue().Set(false);
  if (!listener) listener = new Listener;
  listener->isolate = isolate;
  listener->context.Reset(isolate, context);
  listener->function.Reset(isolate, info[1].As<Function>());
  if (!arrival_open) {
    int error = uv_async_init(node::GetCurrentEventLoop(isolate), &arrival, arrived);
    if (error) return throw_error(isolate, "uv_async_init", -error);
    uv_unref(reinterpret_cast<uv_handle_t*>(&arrival));
    arrival_open = true;
  }
  held_number = number;
  handler_behind = now;
  struct sigaction ours = {};
  ours.sa_sigaction = handle;
  ours.sa_flags = SA_SIGINFO | SA_RESTART | (now.sa_flags & SA_ONSTACK);
  sigfillset(&ours.sa_mask);
  if (sigaction(number, &ours, nullptr)) return throw_error(isolate, "sigaction", errno);
  info.GetReturnValue().Set(true);
}

// releaseSignal(): the original handler receives everything again.
static void release(void*) {
  struct sigaction now;
  if (held_number && sigaction(held_number, nullptr, &now) == 0 && is_ours(now)) sigaction(held_number, &handler_behind, nullptr);
  held_number = 0;
}

static void ReleaseSignal(const FunctionCallbackInfo<Value>&) { release(nullptr); }

// signalFromSelf(): whether the process itself sent the latest signal seen here.
static void SignalFromSelf(const FunctionCallbackInfo<Value>& info) { info.GetReturnValue().Set(from_self.load()); }

void add_held_signal(Local<Object> exports, node::Environment* environment) {
  NODE_SET_METHOD(exports, "holdSignal", HoldSignal);
  NODE_SET_METHOD(exports, "releaseSignal", ReleaseSignal);
  NODE_SET_METHOD(exports, "signalFromSelf", SignalFromSelf);
  // The loop is about to be closed, so no signal may wake it from now on.
  node::AtExit(environment, release, nullptr);
}

}  // namespace binding
