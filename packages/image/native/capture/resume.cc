#include "resume.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <v8-profiler.h>
#include <v8-version.h>
#include <v8.h>

#include <vector>

#include "exit_codes.h"
#include "image_format.h"

namespace {

constexpr int kReports = 2;

void write_all(int descriptor, const char* data, size_t size, int failure) {
  while (size) {
    ssize_t written = write(descriptor, data, size);
    if (written < 0) {
      if (errno == EINTR) continue;
      _exit(failure);
    }
    data += written;
    size -= static_cast<size_t>(written);
  }
}

char* append_text(char* at, const char* text) {
  size_t length = strlen(text);
  memcpy(at, text, length);
  return at + length;
}

char* append_number(char* at, uint64_t value) {
  char digits[20];
  int count = 0;
  do digits[count++] = static_cast<char>('0' + value % 10);
  while (value /= 10);
  while (count) *at++ = digits[--count];
  return at;
}

// Writes a report line as the darkroom does: "afterimage taking 1000 20000\n" (darkroom/report.h).
void report(const char* phase, uint64_t done, uint64_t total) {
  char line[96];
  char* at = append_text(line, "afterimage ");
  at = append_text(at, phase);
  *at++ = ' ';
  at = append_number(at, done);
  *at++ = ' ';
  at = append_number(at, total);
  *at++ = '\n';
  write_all(kReports, line, static_cast<size_t>(at - line), DEVELOPER_OUTPUT_FAILED);
}

class TakingProgress final : public v8::ActivityControl {
 public:
  ControlOption ReportProgressValue(uint32_t done, uint32_t total) override {
    // V8 calls this for every 10,000 objects; a line for each percent is enough.
    if (done >= next_ || done >= total) {
      report("taking", done, total);
      next_ = done + total / 100;
    }
    return kContinue;
  }

 private:
  uint32_t next_ = 0;
};

class SnapshotOutput final : public v8::OutputStream {
 public:
  explicit SnapshotOutput(int descriptor) : descriptor_(descriptor) {
    void* memory = mmap(nullptr, kCapacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) _exit(DEVELOPER_NO_MEMORY);
    buffer_ = static_cast<char*>(memory);
  }
  int GetChunkSize() override { return 1 << 16; }
  WriteResult WriteAsciiChunk(char* data, int size) override {
    if (used_ + static_cast<size_t>(size) > kCapacity) flush();
    memcpy(buffer_ + used_, data, static_cast<size_t>(size));
    used_ += static_cast<size_t>(size);
    return kContinue;
  }
  void EndOfStream() override {
    flush();
    ended_ = true;
  }
  bool ended() const { return ended_; }

 private:
  static constexpr size_t kCapacity = 1 << 20;
  void flush() {
    write_all(descriptor_, buffer_, used_, DEVELOPER_OUTPUT_FAILED);
    used_ = 0;
  }
  const int descriptor_;
  char* buffer_;
  size_t used_ = 0;
  bool ended_ = false;
};

#if V8_MAJOR_VERSION < 12
// Accepts the first function of each script.
class FunctionOfEachScript final : public v8::QueryObjectPredicate {
 public:
  ~FunctionOfEachScript() override { free(seen_); }
  bool Filter(v8::Local<v8::Object> object) override {
    if (!object->IsFunction()) return false;
    int script = object.As<v8::Function>()->ScriptId();
    if (script <= v8::UnboundScript::kNoScriptId) return false;
    size_t id = static_cast<size_t>(script);
    if (id >= capacity_) grow(id * 2);
    if (seen_[id]) return false;
    seen_[id] = 1;
    return true;
  }

 private:
  void grow(size_t capacity) {
    seen_ = static_cast<uint8_t*>(realloc(seen_, capacity));
    if (!seen_) _exit(DEVELOPER_NO_MEMORY);
    memset(seen_ + capacity_, 0, capacity - capacity_);
    capacity_ = capacity;
  }
  uint8_t* seen_ = nullptr;
  size_t capacity_ = 0;
};

// V8 before 12 looks up the line of each function and of each instance's constructor (V8HeapExplorer::ExtractLocation)
// by reading the script from its start, unless the script has its line ends. GetScriptLineNumber stores them
// (Script::InitLineEnds); QueryObjects finds a function to call it on, and clears the feedback of all functions.
void store_line_ends(v8::Isolate* isolate) {
  // The line ends are heap objects: even a heap at its limit must accept them.
  isolate->AddNearHeapLimitCallback([](void*, size_t limit, size_t) { return limit + (size_t{256} << 20); }, nullptr);
  FunctionOfEachScript first;
  std::vector<v8::Global<v8::Object>> functions;
  isolate->GetHeapProfiler()->QueryObjects(isolate->GetCurrentContext(), &first, &functions);
  for (const auto& function : functions) function.Get(isolate).As<v8::Function>()->GetScriptLineNumber();
}
#endif

}  // namespace

void resume_and_write_snapshot(long flags, void* context) {
  v8::Isolate* isolate = static_cast<v8::Isolate*>(context);
  v8::HandleScope scope(isolate);
#if V8_MAJOR_VERSION < 12
  if (!(flags & RESUME_KEEP_HEAP)) store_line_ends(isolate);
#endif
  TakingProgress progress;
  const v8::HeapSnapshot* snapshot = isolate->GetHeapProfiler()->TakeHeapSnapshot(
      &progress, nullptr, true, (flags & RESUME_EXPOSE_NUMERIC_VALUES) != 0);
  if (!snapshot) _exit(DEVELOPER_SNAPSHOT_FAILED);
  report("writing", 0, 0);
  SnapshotOutput output(static_cast<int>(flags >> RESUME_SNAPSHOT_SHIFT));
  snapshot->Serialize(&output);
  _exit(output.ended() ? DEVELOPER_DONE : DEVELOPER_SNAPSHOT_FAILED);
}
