// The addon's binding: capture() and captureSync() for src/native-part.ts, and the functions of the other binding
// files. Each process runs one capture at a time.

#include <errno.h>
#include <node.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>
#include <v8.h>

#include <atomic>

#include "binding.h"
#include "child.h"
#include "fork_marks.h"
#include "parking.h"
#include "resume.h"

namespace {

using v8::Context;
using v8::Function;
using v8::FunctionCallbackInfo;
using v8::Global;
using v8::HandleScope;
using v8::Integer;
using v8::Isolate;
using v8::Local;
using v8::Null;
using v8::Number;
using v8::Object;
using v8::String;
using v8::Value;

constexpr uint32_t MAX_KEPT = 65'536;

struct Capture {
  Isolate* isolate;
  node::Environment* environment;
  Global<Context> context;
  Global<Function> on_forked, on_exit;
  int output = -1;
  char* metadata = nullptr;
  size_t metadata_size = 0;
  bool omit_program = false;
  file_range* kept = nullptr;
  size_t kept_count = 0;
  char* symbols = nullptr;
  size_t symbols_size = 0;
  image_heap heap = {};
  int64_t timeout_ns = 0;

  int workers = 0;
  fork_marks marks = {};
  bool marks_read = false;
  parking::Lot* lot = nullptr;
  uv_thread_t reader;
  bool reader_runs = false;
  int64_t started_ns = 0;

  uv_async_t gathered;
  uv_timer_t deadline;
  uv_signal_t child_ended;
  int open_handles = 0;
  pid_t child = -1;
};

// The capture in progress, or null. A second capture, even from another thread, fails with "busy".
std::atomic<Capture*> current{nullptr};

struct Outcome {
  const char* failure = nullptr;  // a ForkFailure code of src/native-part.ts
  int error = 0;                  // the errno that caused it
  int64_t parked_ns = 0, paused_ns = 0, forked_ns = 0;
};

Local<String> text(Isolate* isolate, const char* value) {
  return String::NewFromUtf8(isolate, value).ToLocalChecked();
}

template <typename T>
void set(Isolate* isolate, Local<Object> object, const char* name, Local<T> value) {
  // Not Set(): the application may have defined a setter of that name on Object.prototype.
  object->CreateDataProperty(isolate->GetCurrentContext(), text(isolate, name), value).Check();
}

void read_marks(void* data) {
  Capture* capture = static_cast<Capture*>(data);
  capture->marks_read = fork_marks_read(&capture->marks);
  parking::arrive(capture->lot);
}

// The thread that reads the fork marks must arrive too: once it waits with the workers, it holds no lock.
bool start_gathering(Capture* capture, void (*gathered)(void*)) {
  v8::Platform* platform = node::GetMultiIsolatePlatform(capture->environment);
  // NumberOfWorkerThreads() includes the thread that only schedules delayed tasks and runs none
  // (WorkerThreadsTaskRunner::NumberOfWorkerThreads in Node's src/node_platform.cc).
  int workers = static_cast<node::MultiIsolatePlatform*>(platform)->NumberOfWorkerThreads() - 1;
  capture->workers = workers < 0 ? 0 : workers;
  capture->started_ns = parking::now_ns();
  capture->lot = parking::open(capture->workers + 1, capture->timeout_ns, gathered, capture);
  capture->reader_runs = uv_thread_create(&capture->reader, read_marks, capture) == 0;
  if (!capture->reader_runs) return false;
  parking::post_tasks(capture->lot, platform, capture->workers);
  return true;
}

void leave_lot(Capture* capture) {
  parking::release(capture->lot);
  if (capture->reader_runs) uv_thread_join(&capture->reader);
  parking::let_go(capture->lot);
  capture->lot = nullptr;
}

// Cheap: V8 has counted all of it, except what it asks of each page.
void read_heap(Capture* capture) {
  Isolate* isolate = capture->isolate;
  image_heap* heap = &capture->heap;
  heap->isolate = reinterpret_cast<uintptr_t>(isolate);
  heap->roots = heap->isolate + v8::internal::Internals::kIsolateRootsOffset;
  size_t count = isolate->NumberOfHeapSpaces();
  for (size_t i = 0; i < count && heap->space_count < MAX_IMAGE_SPACES; i++) {
    v8::HeapSpaceStatistics space;
    if (!isolate->GetHeapSpaceStatistics(&space, i)) continue;
    image_space* to = &heap->spaces[heap->space_count++];
    strncpy(to->name, space.space_name(), sizeof to->name - 1);
    to->size = space.space_size();
    to->used = space.space_used_size();
    to->available = space.space_available_size();
    to->physical = space.physical_space_size();
  }
}

Outcome fork_child(Capture* capture) {
  Outcome outcome;
  int64_t begin = parking::now_ns();
  outcome.parked_ns = begin - capture->started_ns;
  if (!parking::hold(capture->lot)) {
    outcome.failure = capture->reader_runs ? "park-timeout" : "fork-failed";
    outcome.error = capture->reader_runs ? 0 : EAGAIN;
    return outcome;
  }
  read_heap(capture);
  int error = fork_marks_lift(&capture->marks);
  if (error) {
    outcome.failure = "mappings-unreadable";
    outcome.error = -error;
  } else {
    const child_orders orders = {
        .output = capture->output,
        .target = getpid(),
        .protection_keys = capture->marks.protection_keys,
        .metadata = capture->metadata,
        .metadata_size = capture->metadata_size,
        .omit_program = capture->omit_program,
        .kept = capture->kept,
        .kept_count = capture->kept_count,
        .heap = &capture->heap,
        .mappings = capture->marks.mapped,
        .mapping_count = capture->marks_read ? capture->marks.mapped_count : 0,
        .symbols = capture->symbols,
        .symbols_size = capture->symbols_size,
        .resume = resume_and_write_snapshot,
        .context = capture->isolate,
    };
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int64_t forking = parking::now_ns();
    pid_t pid = fork();
    if (pid == 0) child_run(&orders);
    outcome.forked_ns = parking::now_ns() - forking;
    if (pid < 0) {
      outcome.failure = "fork-failed";
      outcome.error = errno;
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    capture->child = pid;
  }
  fork_marks_restore(&capture->marks);
  parking::release(capture->lot);
  outcome.paused_ns = parking::now_ns() - begin;
  return outcome;
}

Local<Value> failure_object(Isolate* isolate, const Outcome& outcome) {
  if (!outcome.failure) return Null(isolate);
  Local<Object> failure = Object::New(isolate);
  set(isolate, failure, "code", text(isolate, outcome.failure));
  set(isolate, failure, "message", text(isolate, outcome.error ? strerror(outcome.error) : ""));
  if (outcome.error) set(isolate, failure, "error", text(isolate, uv_err_name(-outcome.error)));
  return failure;
}

Local<Value> fork_object(Capture* capture, const Outcome& outcome) {
  Isolate* isolate = capture->isolate;
  if (outcome.failure) return Null(isolate);
  Local<Object> fork = Object::New(isolate);
  set(isolate, fork, "pid", Integer::New(isolate, capture->child));
  set(isolate, fork, "parkMs", Number::New(isolate, static_cast<double>(outcome.parked_ns) / 1e6));
  set(isolate, fork, "pauseMs", Number::New(isolate, static_cast<double>(outcome.paused_ns) / 1e6));
  set(isolate, fork, "forkMs", Number::New(isolate, static_cast<double>(outcome.forked_ns) / 1e6));
  set(isolate, fork, "workers", Integer::New(isolate, capture->workers));
  set(isolate, fork, "mappings", Number::New(isolate, static_cast<double>(capture->marks.mappings)));
  return fork;
}

void destroy(Capture* capture) {
  fork_marks_free(&capture->marks);
  free(capture->metadata);
  free(capture->kept);
  free(capture->symbols);
  delete capture;
}

// Allows the next capture. The memory of this one is freed with its last handle.
void end(Capture* capture) {
  Capture* expected = capture;
  current.compare_exchange_strong(expected, nullptr);
}

void on_handle_closed(uv_handle_t* handle) {
  Capture* capture = static_cast<Capture*>(handle->data);
  if (--capture->open_handles == 0) destroy(capture);
}

void close_handle(uv_handle_t* handle) {
  if (!uv_is_closing(handle)) uv_close(handle, on_handle_closed);
}

// ---- end of the child ---------------------------------------------------------------------------------

// Not libuv's process handle, which only reaps children that libuv started.
bool reap(Capture* capture, int* exit_code, int* signal_number) {
  int status;
  pid_t pid = waitpid(capture->child, &status, WNOHANG);
  if (pid == 0 || (pid < 0 && errno == EINTR)) return false;
  *exit_code = pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  *signal_number = pid > 0 && WIFSIGNALED(status) ? WTERMSIG(status) : -1;
  return true;
}

void on_sigchld(uv_signal_t* handle, int) {
  Capture* capture = static_cast<Capture*>(handle->data);
  int exit_code, signal_number;
  if (!reap(capture, &exit_code, &signal_number)) return;
  Isolate* isolate = capture->isolate;
  HandleScope scope(isolate);
  Local<Context> context = capture->context.Get(isolate);
  Context::Scope context_scope(context);
  Local<Value> arguments[] = {Null(isolate), Null(isolate)};
  if (exit_code >= 0) arguments[0] = Integer::New(isolate, exit_code);
  if (signal_number >= 0) arguments[1] = Integer::New(isolate, signal_number);
  Local<Function> on_exit = capture->on_exit.Get(isolate);
  close_handle(reinterpret_cast<uv_handle_t*>(handle));
  end(capture);
  node::MakeCallback(isolate, context->Global(), on_exit, 2, arguments, {0, 0});
}

// ---- capture() ----------------------------------------------------------------------------------------

void finish_gathering(Capture* capture) {
  Isolate* isolate = capture->isolate;
  Outcome outcome = fork_child(capture);
  leave_lot(capture);
  close_handle(reinterpret_cast<uv_handle_t*>(&capture->gathered));
  close_handle(reinterpret_cast<uv_handle_t*>(&capture->deadline));
  if (outcome.failure) {
    close_handle(reinterpret_cast<uv_handle_t*>(&capture->child_ended));
    end(capture);
  }

  HandleScope scope(isolate);
  Local<Context> context = capture->context.Get(isolate);
  Context::Scope context_scope(context);
  Local<Value> arguments[] = {failure_object(isolate, outcome), fork_object(capture, outcome)};
  Local<Function> on_forked = capture->on_forked.Get(isolate);
  node::MakeCallback(isolate, context->Global(), on_forked, 2, arguments, {0, 0});
}

void on_gathered(uv_async_t* handle) {
  Capture* capture = static_cast<Capture*>(handle->data);
  if (capture->lot) finish_gathering(capture);
}

void on_deadline(uv_timer_t* handle) {
  Capture* capture = static_cast<Capture*>(handle->data);
  if (capture->lot) finish_gathering(capture);
}

void tell_main_thread(void* data) { uv_async_send(&static_cast<Capture*>(data)->gathered); }

void say_nothing(void*) {}

// Numbers in pairs: where a part of the program's file begins, and where it ends. Without room for all of them the image
// must be whole.
void read_kept(Capture* capture, Local<Context> context, Local<Value> value) {
  if (!value->IsArray()) return;
  Local<v8::Array> numbers = value.As<v8::Array>();
  uint32_t count = numbers->Length() / 2;
  if (count <= MAX_KEPT) capture->kept = static_cast<file_range*>(malloc((count + 1) * sizeof(file_range)));
  if (!capture->kept) {
    capture->omit_program = false;
    return;
  }
  auto number = [&](uint32_t index) {
    return static_cast<uint64_t>(numbers->Get(context, index).ToLocalChecked()->IntegerValue(context).FromMaybe(0));
  };
  for (uint32_t i = 0; i < count; i++) capture->kept[i] = {number(2 * i), number(2 * i + 1)};
  capture->kept_count = count;
}

Capture* read_request(const FunctionCallbackInfo<Value>& info) {
  Isolate* isolate = info.GetIsolate();
  Local<Context> context = isolate->GetCurrentContext();
  Local<Object> request = info[0].As<Object>();
  auto get = [&](const char* name) { return request->Get(context, text(isolate, name)).ToLocalChecked(); };
  Capture* capture = new Capture;
  capture->isolate = isolate;
  capture->environment = node::GetCurrentEnvironment(context);
  capture->context.Reset(isolate, context);
  capture->output = get("output")->Int32Value(context).FromJust();
  capture->omit_program = get("omitProgram")->IsTrue();
  read_kept(capture, context, get("kept"));
  String::Utf8Value symbols(isolate, get("symbols"));
  size_t symbols_size = *symbols ? static_cast<size_t>(symbols.length()) : 0;
  capture->symbols = static_cast<char*>(malloc(symbols_size + 1));
  if (capture->symbols) {
    memcpy(capture->symbols, *symbols ? *symbols : "", symbols_size);
    capture->symbols_size = symbols_size;
  }
  capture->timeout_ns = static_cast<int64_t>(get("parkTimeoutMs")->NumberValue(context).FromJust() * 1e6);
  Local<v8::ArrayBufferView> metadata = get("metadata").As<v8::ArrayBufferView>();
  capture->metadata = static_cast<char*>(malloc(metadata->ByteLength() + 1));
  // An image that says nothing of its target is refused by whoever reads it.
  if (capture->metadata) capture->metadata_size = metadata->CopyContents(capture->metadata, metadata->ByteLength());
  return capture;
}

bool begin(Capture* capture) {
  Capture* none = nullptr;
  return current.compare_exchange_strong(none, capture);
}

void open_handle(Capture* capture, uv_handle_t* handle) {
  handle->data = capture;
  uv_unref(handle);  // a capture must not keep the server from exiting
  capture->open_handles++;
}

void Capture_(const FunctionCallbackInfo<Value>& info) {
  Isolate* isolate = info.GetIsolate();
  Capture* capture = read_request(info);
  capture->on_forked.Reset(isolate, info[1].As<Function>());
  capture->on_exit.Reset(isolate, info[2].As<Function>());
  if (!begin(capture)) {
    destroy(capture);
    Local<Value> arguments[] = {failure_object(isolate, {"busy", 0}), Null(isolate)};
    info[1].As<Function>()->Call(isolate->GetCurrentContext(), Null(isolate), 2, arguments).IsEmpty();
    return;
  }
  uv_loop_t* loop = node::GetCurrentEventLoop(isolate);
  uv_async_init(loop, &capture->gathered, on_gathered);
  open_handle(capture, reinterpret_cast<uv_handle_t*>(&capture->gathered));
  uv_timer_init(loop, &capture->deadline);
  open_handle(capture, reinterpret_cast<uv_handle_t*>(&capture->deadline));
  uv_signal_init(loop, &capture->child_ended);
  open_handle(capture, reinterpret_cast<uv_handle_t*>(&capture->child_ended));
  uv_timer_start(&capture->deadline, on_deadline, static_cast<uint64_t>(capture->timeout_ns / 1000000), 0);
  uv_signal_start(&capture->child_ended, on_sigchld, SIGCHLD);
  if (!start_gathering(capture, tell_main_thread)) uv_async_send(&capture->gathered);
}

void CaptureSync(const FunctionCallbackInfo<Value>& info) {
  Isolate* isolate = info.GetIsolate();
  Capture* capture = read_request(info);
  capture->on_exit.Reset(isolate, info[1].As<Function>());
  Local<Object> result = Object::New(isolate);
  Outcome outcome;
  if (!begin(capture)) {
    set(isolate, result, "failure", failure_object(isolate, {"busy", 0}));
    set(isolate, result, "fork", Local<Value>(Null(isolate)));
    info.GetReturnValue().Set(result);
    destroy(capture);
    return;
  }
  uv_signal_init(node::GetCurrentEventLoop(isolate), &capture->child_ended);
  open_handle(capture, reinterpret_cast<uv_handle_t*>(&capture->child_ended));
  uv_signal_start(&capture->child_ended, on_sigchld, SIGCHLD);
  start_gathering(capture, say_nothing);
  parking::wait_until_gathered(capture->lot, capture->timeout_ns);
  outcome = fork_child(capture);
  leave_lot(capture);
  set(isolate, result, "failure", failure_object(isolate, outcome));
  set(isolate, result, "fork", fork_object(capture, outcome));
  if (outcome.failure) {
    close_handle(reinterpret_cast<uv_handle_t*>(&capture->child_ended));
    end(capture);
  }
  info.GetReturnValue().Set(result);
}

// process.exit() waits for the platform's workers, so none may still be parked then.
void release_at_exit(void*) {
  Capture* capture = current.load();
  if (capture && capture->lot) parking::release(capture->lot);
}

}  // namespace

NODE_MODULE_INIT() {
  binding::add_descriptors(exports);
  binding::add_processes(exports);
  binding::add_held_signal(exports, node::GetCurrentEnvironment(context));
  NODE_SET_METHOD(exports, "capture", Capture_);
  NODE_SET_METHOD(exports, "captureSync", CaptureSync);
  node::AtExit(node::GetCurrentEnvironment(context), release_at_exit, nullptr);
}
